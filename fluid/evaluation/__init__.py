"""How good is a model, how sure are we, and how much of the way from the teachers to the pooled model did it go."""
