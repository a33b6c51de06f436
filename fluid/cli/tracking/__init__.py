"""Where runs are tracked."""
