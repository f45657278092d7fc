"""What changed from one run to another: parameters, counts, and the dispersions of every bin."""

from collections.abc import Mapping

import numpy as np

from icefire.compare import shared_stars
from icefire.compare.runs import Run
from icefire.compare.shared_stars import QUANTITIES
from icefire.files.metadata import SOURCE
from icefire.measure.geometry import COORDINATES

# Of each row of the ledgers
LEDGER = ("reason", "n_removed", "n_out")
_UNITS = {"sigma_r": "km/s", "beta": None}
_DECIMALS = 6


def catalogues(runs: Mapping[str, Run]) -> dict:
    """Give the catalogue of all runs, or of each, and whether any of it is synthetic."""
    names = {letter: run.source["catalogue"] for letter, run in runs.items()}
    listed = "; ".join(f"{letter.upper()}: {name}" for letter, name in names.items())
    name = names["a"] if len(set(names.values())) == 1 else listed
    return {"catalogue": name, "synthetic": any(run.source["synthetic"] for run in runs.values())}


def changed_parameters(runs: Mapping[str, Run]) -> list[dict]:
    """List the parameters that differ: `parameter`, `steps` that use it, its value in each run.

    None stands for a parameter that a run does not have. What the stars come from and the version
    of the code stand first, as parameters of no step.
    """
    found = [
        {"parameter": key, "steps": []} | {letter: run.source[key] for letter, run in runs.items()}
        for key in SOURCE
    ]
    for step in dict.fromkeys(step for run in runs.values() for step in run.parameters):
        used = {letter: run.parameters.get(step, {}) for letter, run in runs.items()}
        for name in dict.fromkeys(name for values in used.values() for name in values):
            entry = {"parameter": name, "steps": [step]}
            entry |= {letter: values.get(name) for letter, values in used.items()}
            # One key of the configuration may be a parameter of several steps.
            same = [one for one in found if one | {"steps": [step]} == entry and one["steps"]]
            if same:
                same[0]["steps"].append(step)
            else:
                found.append(entry)
    return [entry for entry in found if any(entry[letter] != entry["a"] for letter in runs)]


def ledgers(runs: Mapping[str, Run]) -> list[dict]:
    """Put ledgers side by side: `step`, and of each `reason`, `n_removed` and `n_out`.

    The first row of a step belongs to another ledger's first row of that step, and so on, because
    a reason may name a changed number. None stands for a row that a ledger does not have.
    """
    keyed: dict[str, dict] = {letter: {} for letter in runs}
    for letter, rows in keyed.items():
        for row in runs[letter].ledger:
            rows[row["step"], sum(step == row["step"] for step, _ in rows)] = row
    return [
        {"step": key[0]}
        | {
            f"{column}_{letter}": rows[key][column] if key in rows else None
            for column in LEDGER
            for letter, rows in keyed.items()
        }
        for key in dict.fromkeys(key for rows in keyed.values() for key in rows)
    ]


def bins(a: Run, b: Run, geometry: str, sample: str, compared: shared_stars.Stars):
    """Compare the bins of one summary of two runs. Differences are those of `b` less `a`.

    Returns: One row per bin of either run, those of `a` first: coordinates; `bin_in` (both, a or
        b); `n_stars_a`, `n_stars_b`, and `n_stars_both`, masked where there is no such bin; and of
        each of QUANTITIES the two values with their 68 % intervals, `_difference`,
        `_difference_error` and `_difference_in_errors`, NaN where there is no value.

    Raises UserError when a summary counts other stars than its sample has.
    """
    from astropy.table import MaskedColumn, Table

    summaries = [run.summaries[geometry, sample] for run in (a, b)]
    rows = _match(*summaries, COORDINATES[geometry])
    there = [found >= 0 for found in rows]
    matched = there[0] & there[1]

    table = Table()
    for name in COORDINATES[geometry]:
        ours, theirs = (one[name][found] for one, found in zip(summaries, rows, strict=True))
        table[name] = np.where(there[0], ours, theirs)
        table[name].unit = ours.unit
    table["bin_in"] = np.where(matched, "both", np.where(there[0], "a", "b"))
    for end, one, found in zip("ab", summaries, rows, strict=True):
        table[f"n_stars_{end}"] = MaskedColumn(one["n_stars"][found], mask=found < 0)
    pairs = rows[0][matched], rows[1][matched]
    n_both, errors = shared_stars.errors(a, b, geometry, sample, compared, pairs)
    table["n_stars_both"] = MaskedColumn(np.zeros(len(table), int), mask=~matched)
    table["n_stars_both"][matched] = n_both

    for quantity in QUANTITIES:
        for end, run, found in zip("ab", (a, b), rows, strict=True):
            for ending in ("", "_lo68", "_hi68"):
                values = run.values(geometry, sample, quantity + ending)[found]
                table[f"{quantity}_{end}{ending}"] = np.where(found < 0, np.nan, values)
        difference = np.asarray(table[f"{quantity}_b"] - table[f"{quantity}_a"])
        error = np.full(len(table), np.nan)
        error[matched] = errors[quantity]
        with np.errstate(invalid="ignore", divide="ignore"):
            in_errors = np.where(difference == 0, 0.0, difference / error)
        table[f"{quantity}_difference"] = np.round(difference, _DECIMALS)
        table[f"{quantity}_difference_error"] = np.round(error, _DECIMALS)
        for name in table.colnames:
            if name.startswith(quantity):
                table[name].unit = _UNITS[quantity]
        table[f"{quantity}_difference_in_errors"] = np.round(in_errors, _DECIMALS)
    return table


def _match(ours, theirs, names: tuple[str, ...]) -> list[np.ndarray]:
    """Give the rows in two summaries of each bin of either, -1 where one does not have it."""
    keyed = []
    for table in (ours, theirs):
        keys = np.column_stack([np.asarray(table[name], float) for name in names])
        keyed.append({key: i for i, key in enumerate(map(tuple, np.round(keys, _DECIMALS)))})
    every = dict.fromkeys([*keyed[0], *keyed[1]])
    return [np.array([one.get(key, -1) for key in every], dtype=int) for one in keyed]
