"""Stages, their store and who carries them out; knows nothing of molecules."""
