"""What a partner of a consensus recovers of the others' bins and answers, from the folder that all get and what he said himself."""
