"""The small finished federation of `tests/federation`, for runs on disk."""

from tests.federation.conftest import finished, fresh_store, rerun, spec

__all__ = ["finished", "fresh_store", "rerun", "spec"]
