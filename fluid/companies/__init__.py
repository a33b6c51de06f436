"""Simulated companies: how one pool of molecules is shared out, how different the shares are, and checks against leaks."""
