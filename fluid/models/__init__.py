"""Models: graph encoders, heads, ensembles, forests and prediction files behind one `Predictor` protocol."""
