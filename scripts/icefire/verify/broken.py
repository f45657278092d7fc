"""The error of something that does not hold in a run."""

from __future__ import annotations

import os

from icefire.errors import UserError


def broken(path: str | os.PathLike, where: str, says: object, counted: str) -> UserError:
    """Make the error: the file, the place in it, what is there, and why that cannot be.

    It reads `{path}: {where} is {says}, but {counted}`, followed by what to do.
    """
    return UserError(
        f"{path}: {where} is {says}, but {counted}; delete this file and run again, and if this"
        " line comes back, report it as a mistake of icefire"
    )
