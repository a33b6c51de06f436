"""Many runs from one command: what they are, where they are carried out."""
