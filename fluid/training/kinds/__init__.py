"""How each kind of model is made from measured or soft labels: one file per kind."""
