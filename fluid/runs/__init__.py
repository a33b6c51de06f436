"""Runs on disk: records, provenance, folders, collecting, garbage collection."""
