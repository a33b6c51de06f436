"""What others can learn of a company's molecules from what it sends: attacks on releases, and the audit that runs them."""
