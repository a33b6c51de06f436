"""Data: endpoints, readers, intake of molecule files into standardised tables, the embedded hERG set."""
