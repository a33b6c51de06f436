"""Suites of experiments that are carried out together."""
