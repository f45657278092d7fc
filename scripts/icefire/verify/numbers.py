"""Whether the quoted numbers are of this run: numbers.yaml, its two texts, and the comparison."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from icefire.files import text_tables
from icefire.numbers import texts
from icefire.verify.bins import plain
from icefire.verify.broken import broken
from icefire.verify.samples import Counts

# What numbers.yaml and the comparison say of their catalogue
SOURCE = ("catalogue", "synthetic", "icefire_version")
ANSWER = ("value", "lo68", "hi68")
# numbers.yaml keeps six digits.
_DIGITS = 6e-6


def check_source(path: str | os.PathLike, says: Mapping | None, source: Mapping) -> None:
    """Make sure that a file is of the catalogue and the version of the run's tables."""
    has = {key: source[key] for key in SOURCE}
    says = {key: says.get(key) for key in SOURCE} if isinstance(says, Mapping) else says
    if says != has:
        raise broken(path, "catalogue", says, f"the tables have {has}")


def check_numbers(paths: Sequence[str], numbers: Mapping, counts: Counts, sky) -> int:
    """Make sure that numbers.yaml belongs to the ledger and the lines of sight, and its texts to it.

    `paths` are those of numbers.yaml, .tex and .rst. Give how many numbers there are.
    """
    wanted = {"counts.rows": counts.rows, "counts.good": counts.good}
    wanted |= {f"counts.{sample}": size for sample, size in counts.samples.items()}
    for quantity in ("sigma_r", "beta"):
        values = plain(sky[quantity])
        values = values[np.isfinite(values)]
        for end, pick in (("min", min), ("max", max)):
            wanted[f"line_of_sight.{quantity}_{end}"] = pick(values, default=None)
    known = dict(entries(numbers))
    for key, value in wanted.items():
        says = known.get(key, {}).get("value")
        if says is None or value is None:
            same = says is value
        else:
            same = abs(says - value) <= (0 if isinstance(value, int) else _DIGITS * abs(value))
        if not same:
            raise broken(paths[0], f"{key}, value", says, f"the tables give {value}")
    for path, text in zip(paths[1:], (texts.macros, texts.substitutions), strict=True):
        lines = (made.splitlines() for made in (text_tables.read_sealed_text(path), text(numbers)))
        for number, (says, line) in enumerate(itertools.zip_longest(*lines), 1):
            if says != line:
                raise broken(path, f"line {number}", repr(says), f"numbers.yaml makes it {line!r}")
    return len(known)


def entries(group: Mapping, key: str = "") -> Iterator[tuple[str, Mapping]]:
    """Give every number of numbers.yaml with its dotted key."""
    for name, entry in group.items():
        if isinstance(entry, Mapping) and "value" in entry:
            yield f"{key}{name}", entry
        elif isinstance(entry, Mapping):
            yield from entries(entry, f"{key}{name}.")


def check_comparison(path: str | os.PathLike, table, numbers: Mapping, ending: str = "") -> int:
    """Make sure that every claim is answered by a number of this run; give how many have a value.

    `ending` is `_second` for the columns of a second method.
    """
    text_tables.check_columns(path, table, tuple(name + ending for name in ANSWER))
    known = {tuple(entry.get(end) for end in ANSWER) for _, entry in entries(numbers)}
    answers = zip(*(plain(table[name + ending]).tolist() for name in ANSWER), strict=True)
    for row, answer in enumerate(answers):
        answer = tuple(None if np.isnan(value) else value for value in answer)
        if answer not in known:
            where = f"row {row} ({table['claim'][row]}), value{ending}"
            raise broken(path, where, answer, "numbers.yaml has no such number and interval")
    return int(np.isfinite(plain(table["value" + ending])).sum())
