"""Numbers read off the summaries: lines of sight, profiles, systematics, tests of asymmetry."""

import re
from collections.abc import Collection, Mapping

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import text_tables
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
    if row is not None and name + SYSTEMATIC in table.colnames:
        entry["systematic"] = rounded(table[name + SYSTEMATIC][row])
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


# --- systematic errors -----------------------------------------------------------------------

# Behind a quantity's name: half the width of a systematic interval
SYSTEMATIC = "_systematic"
CHOSEN = cli.Section("figures", {"systematic": cli.names}, optional=("systematic",))


def add_flags(parser) -> None:
    """Add the flags of the variations that make systematic errors, and of their table."""
    text = "of summarise_sensitivity.py (ECSV), where variations are chosen"
    parser.add_argument("--sensitivity", nargs="?", metavar="PATH", help=text)
    CHOSEN.add_flags(parser)


def add_systematic(radial: Mapping, path: str | None, names: Collection[str]) -> list[str]:
    """Add to radial summaries, by sample, what variations shift each shell by, in quadrature.

    The columns are sigma_r_systematic (km/s) and beta_systematic, NaN where no variation has a
    value. Gives what readers call the variations.

    Raises UserError when the table at `path` is of another catalogue or lacks a variation.
    """
    if path is None:
        raise UserError("--sensitivity is missing, which has what --figures-systematic names")
    texts = ("variation", "sample", "quantity")
    shifts = text_tables.read_ecsv(path, ("quadrant", "r_lo", "shift"), texts)
    labels = {one["variation"]: one["label"] for one in shifts.meta.get("variations", ())}
    if missing := [name for name in names if name not in labels]:
        known = ", ".join(sorted(labels))
        raise UserError(f"{path}: has no variation {missing[0]}; it has {known}")
    squares: dict[tuple, float] = {}
    for name, sample, quantity, quadrant, r_lo, shift in shifts.iterrows(
        *texts, "quadrant", "r_lo", "shift"
    ):
        if name in names and np.isfinite(shift):
            place = str(sample), str(quantity), int(quadrant), round(float(r_lo), 6)
            squares[place] = squares.get(place, 0.0) + float(shift) ** 2
    for sample, table in radial.items():
        if shifts.meta.get("catalogue") != table.meta.get("catalogue"):
            raise UserError(f"{path}: is of another catalogue than the summaries; make it anew")
        for quantity in ("sigma_r", "beta"):
            places = zip(table["quadrant"], table["r_lo"], strict=True)
            found = [squares.get((sample, quantity, int(q), round(float(r), 6))) for q, r in places]
            table[quantity + SYSTEMATIC] = np.sqrt(np.array(found, float))
    return [labels[name] for name in names]
