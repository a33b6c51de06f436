"""Federation: the story as pure stages over artifacts; the simulation in one process, and the consortium by files."""
