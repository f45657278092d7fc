"""The ledger: every removed star under one reason, from the raw table to the three samples."""

from dataclasses import asdict, dataclass

import numpy as np

from icefire.errors import UserError
from icefire.files import text_tables


@dataclass
class Entry:
    """One line of the ledger: what a step removed, and why."""

    step: str
    reason: str
    n_removed: int = 0


class Ledger:
    """A chain of removals; the stars left by one entry are those that the next one gets.

    Parameters:
        n_start: Number of rows before the first entry.
    """

    def __init__(self, n_start: int = 0):
        self.n_start = n_start
        self.entries: list[Entry] = []

    def add(self, step: str, reason: str, n_removed: int = 0) -> Entry:
        """Append an entry and return it, so that a streaming step can go on counting in it."""
        entry = Entry(step, reason, n_removed)
        self.entries.append(entry)
        return entry

    @property
    def n_left(self) -> int:
        """Number of stars that no entry has removed."""
        return self.n_start - sum(entry.n_removed for entry in self.entries)

    def check_some_left(self, path) -> None:
        """Raise UserError, with the reason that took most, where no star is left of a table."""
        if self.n_start == 0:
            raise UserError(f"{path}: holds no row; fetch or make the file again")
        if self.n_left == 0:
            most = max(self.entries, key=lambda entry: entry.n_removed)
            raise UserError(
                f"{path}: no star is left of {self.n_start:,}: {most.n_removed:,} go because"
                f" {most.reason!r} ({most.step}); correct the table, its map or the configuration"
            )

    def rows(self) -> list[dict]:
        """Give the entries with `n_in` and `n_out`, as the ledger's table has them."""
        rows, left = [], self.n_start
        for entry in self.entries:
            n_out = left - entry.n_removed
            rows.append(asdict(entry) | {"n_in": left, "n_out": n_out})
            left = n_out
        return rows

    def to_meta(self) -> dict:
        """Give a form that a table's metadata can carry to the next step."""
        return {"n_start": self.n_start, "entries": [asdict(entry) for entry in self.entries]}

    @classmethod
    def from_meta(cls, meta: dict, path) -> "Ledger":
        """Take up the ledger that the table at `path` carries.

        Raises UserError when it carries none: the table was not made by the workflow.
        """
        if "ledger" not in meta:
            raise UserError(f"{path}: carries no ledger; make it with clean_catalog.py")
        ledger = cls(meta["ledger"]["n_start"])
        ledger.entries = [Entry(**entry) for entry in meta["ledger"]["entries"]]
        return ledger

    def write(self, path, meta: dict) -> None:
        """Write the ledger as a table (ECSV) with `meta`."""
        from astropy.table import Table

        rows = self.rows()
        names = ("step", "reason", "n_in", "n_removed", "n_out")
        table = Table({name: [row[name] for row in rows] for name in names})
        text_tables.write_ecsv(path, table, meta)

    def print(self) -> None:
        """Write the ledger to the log."""
        for row in self.rows():
            print(f"{row['n_removed']:>9,} removed, {row['n_out']:>9,} left: {row['reason']}")


def remove(left: np.ndarray, bad: np.ndarray, entry: Entry) -> np.ndarray:
    """Take the `bad` stars among those still `left` away and count them in `entry`.

    Both are boolean arrays of one block; the new `left` is returned.
    """
    entry.n_removed += int(np.count_nonzero(left & bad))
    return left & ~bad
