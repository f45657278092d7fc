"""Numbers read off the summaries: lines of sight, profiles, and tests of asymmetry."""

import re

import numpy as np

from icefire.files.columns import SOUND
from icefire.numbers.estimates import number, rounded


def lines_of_sight(sky) -> dict:
    """Find the extremes of the lines of sight (figures 6 to 8), and what else is known of them."""
    found = {"n_measured": number(np.count_nonzero(np.isfinite(sky["sigma_r"])))}
    for name, unit in (("sigma_r", "km/s"), ("beta", "")):
        values = np.asarray(sky[name], float)
        for extreme, pick in (("min", np.nanargmin), ("max", np.nanargmax)):
            at = int(pick(values)) if np.isfinite(values).any() else None
            found[f"{name}_{extreme}"] = _entry(sky, name, at, unit)
            if name == "sigma_r":
                which = {"min": "coldest", "max": "hottest"}[extreme]
                found[which] = {
                    column: number(None if at is None else sky[column][at], its_unit)
                    for column, its_unit in _OF_A_LINE_OF_SIGHT.items()
                }
    return found


_OF_A_LINE_OF_SIGHT = {"n_stars": "", "accreted_fraction": "", "l": "deg", "b": "deg"}


def _entry(table, name: str, row: int | None, unit: str) -> dict:
    """Make the entry of a bin; where a sound method stands beside, what that has is in it, too."""
    entry = number(None, unit)
    if row is not None:
        entry = number(table[name][row], unit, *(table[f"{name}{end}"][row] for end in _ENDS))
    for key, ending in _SOUND.items():
        if name + ending in table.colnames:
            entry[key] = None if row is None else rounded(table[name + ending][row])
    return entry


_ENDS = ("_lo68", "_hi68")
# Behind a quantity's name: measured by uncertainty.sound, beside the paper's recipe
_SOUND = {f"sound{end}": f"{SOUND}{end}" for end in ("", *_ENDS)}


def profiles(summaries: dict) -> dict:
    """List the profiles of figures 9 and 10, shell by shell, and compare those of figure 9.

    `summaries` are the radial ones of the samples. Of each the whole sky is listed, of the halo
    the four quadrants as well.
    """
    sky = {name: table[table["quadrant"] == 0] for name, table in summaries.items()}
    sigma_a, sigma_b = (np.asarray(sky[name]["sigma_r"], float) for name in ("accreted", "insitu"))
    both = np.isfinite(sigma_a) & np.isfinite(sigma_b)
    n_both = int(np.count_nonzero(both))
    colder = int(np.count_nonzero(sigma_b[both] < sigma_a[both]))
    found = {
        "shells_with_both": number(n_both),
        "insitu_colder_fraction": number(colder / n_both if n_both else None),
    }
    halo = summaries["halo"]
    parts = sky | {
        f"halo_{name}_quadrant": halo[halo["quadrant"] == i]
        for i, name in enumerate(("first", "second", "third", "fourth"), 1)
    }
    for i in range(len(sky["halo"])):
        ends = {name: number(sky["halo"][name][i], "kpc") for name in ("r_lo", "r_hi")}
        found[f"shell_{i + 1}"] = ends | {name: _shell(part, i) for name, part in parts.items()}
    return found


def _shell(table, row: int) -> dict:
    return {
        "n_stars": number(table["n_stars"][row]),
        "sigma_r": _entry(table, "sigma_r", row, "km/s"),
        "beta": _entry(table, "beta", row, ""),
    }


def significance(asymmetry) -> dict:
    """List the p of every permutation test, and the largest without any one line of sight.

    `asymmetry` is the table of test_asymmetry.py.
    """
    found: dict = {}
    for row in asymmetry:
        fixed = "" if row["fixed"] == "none" else f"_at_fixed_{row['fixed']}"
        name = re.sub(r"\W+", "_", f"{row['sample']}{fixed}")
        found.setdefault(str(row["test"]), {})[name] = {
            "n_stars": number(row["n"]),
            "p": number(row["p"]),
            "p_without_a_line_of_sight": number(row["p_worst"]),
        }
    return found
