"""How each kind of predictor is written, read and asked: one file per kind."""
