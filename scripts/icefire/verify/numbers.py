"""Whether the quoted numbers are of this run: numbers.yaml, its two texts, and the comparison."""

from collections.abc import Mapping

import numpy as np

from icefire.files import text_tables
from icefire.numbers import quoting, texts
from icefire.verify.bins import broken, plain

ANSWER = ("value", "lo68", "hi68")


def check_source(path: str, says, source: Mapping) -> None:
    """Make sure that a file is of the catalogue and the version of the run's tables."""
    for key in ("catalogue", "synthetic", "icefire_version"):
        if not isinstance(says, Mapping) or says.get(key) != source[key]:
            raise broken(path, "its catalogue", says, f"the tables have {key} {source[key]}")


def check_numbers(paths: list[str], sky, counts: Mapping[str, int], source: Mapping) -> set[tuple]:
    """Make sure that the numbers are of this run; give every value with its interval.

    `paths`: numbers.yaml and its texts .tex and .rst; `sky`: the halo's lines of sight; `counts`:
    of stars, by their names in numbers.yaml.
    """
    numbers = text_tables.read_yaml(paths[0])
    check_source(paths[0], numbers.get("catalogue"), source)
    wanted = {f"counts.{name}": n_stars for name, n_stars in counts.items()}
    for name in ("sigma_r", "beta"):
        values = [value for value in plain(sky[name]).tolist() if np.isfinite(value)]
        for end in (min, max):
            # With the six digits that numbers.yaml keeps
            value = float(f"{end(values):.6g}") if values else None
            wanted[f"line_of_sight.{name}_{end.__name__}"] = value
    known = {".".join(keys): entry for keys, entry in quoting.entries(numbers)}
    for key, value in wanted.items():
        if (says := known.get(key, {}).get("value")) != value:
            raise broken(paths[0], f"{key}, value", says, f"the tables give {value}")
    for path, made in zip(paths[1:], (texts.macros, texts.substitutions), strict=True):
        if text_tables.read_sealed_text(path) != made(numbers):
            raise broken(path, "its text", "of other numbers", f"{paths[0]} makes another")
    return {tuple(entry.get(end) for end in ANSWER) for entry in known.values()}


def check_comparison(path: str, table, known: set[tuple], source: Mapping) -> None:
    """Make sure that every claim is answered by a number of this run."""
    check_source(path, table.meta, source)
    columns = (plain(table[name]).tolist() for name in ANSWER)
    for claim, *answer in zip(table["claim"], *columns, strict=True):
        if tuple(None if np.isnan(value) else value for value in answer) not in known:
            raise broken(path, f"value of {str(claim)!r}", answer, "numbers.yaml has no such")
