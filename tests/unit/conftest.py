"""Hypothesis: the same examples every time, and its files outside the repository."""

import os
import tempfile

# Read when Hypothesis first needs its folder, so before any import of it.
os.environ.setdefault(
    "HYPOTHESIS_STORAGE_DIRECTORY", f"{tempfile.gettempdir()}/hypothesis-{os.getuid()}"
)

from hypothesis import settings

settings.register_profile("icefire", derandomize=True, database=None, deadline=None)
settings.load_profile("icefire")
