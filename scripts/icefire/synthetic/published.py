"""Is the synthetic survey table like the survey, and do the cuts find what is in it?

Quantities of the table are measured under the names that resources/h3_targets.yaml uses. The
truth enters only where a component or the quality of a cut is asked for.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from icefire.errors import UserError

# Rows of the survey's table (Han et al. 2024, section 2).
SURVEY_ROWS = 302_485

# Half the width of the magnitude bins in which Gaia's errors are read off.
_HALF_BIN_MAG = 0.05

# [alpha/Fe] in a slice of [Fe/H], as quantities are called
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_SLICE = re.compile(f"afe_of_feh_{_NUMBER}_to_{_NUMBER}")

# What has to be read of each table.
STAR_COLUMNS = (
    "star_id", "distance", "distance_error", "rv_error", "feh", "feh_error", "afe", "afe_error",
    "ly", "lz", "energy", "is_giant", "is_sagittarius", "is_satellite", "is_aleph", "is_unbound",
)  # fmt: skip
CATALOGUE_COLUMNS = (
    "tileID", "DEC", "B", "GAIAEDR3_PARALLAX", "PS_r", "GAIAEDR3_G", "GAIAEDR3_PMRA_ERROR",
    "GAIAEDR3_PMDEC_ERROR", "SNR", "FLAG",
)  # fmt: skip
TRUTH_COLUMNS = ("H3_ID", "component", "energy")

# The cuts: flag of stars.fits, and which stars it is meant to find.
CUTS = {
    "Sagittarius": "is_sagittarius",
    "satellites": "is_satellite",
    "Aleph": "is_aleph",
    "unbound": "is_unbound",
}
_MEMBERS: dict[str, Callable[[dict], np.ndarray]] = {
    "Sagittarius": lambda truth: truth["component"] == "sagittarius",
    "satellites": lambda truth: truth["component"] == "satellites",
    "Aleph": lambda truth: truth["component"] == "aleph",
    "unbound": lambda truth: truth["energy"] >= 0,
}
# Components whose median chemistry is the centre of a sequence.
_CENTRES = {
    "gse": ("gse",),
    "high_alpha_insitu": ("thick_disc", "insitu_halo"),
    "sagittarius": ("sagittarius",),
}


class Rows:
    """What is kept of every row of the table, gathered block by block: of most columns a number."""

    def __init__(self):
        self.count = self.flagged = 0
        self._tiles: Counter = Counter()
        self.least = {"DEC": np.inf, "B": np.inf}
        self.max_parallax = np.nan
        self._parts: dict[str, list[np.ndarray]] = {}

    def add(self, block: dict[str, np.ndarray]) -> None:
        """Take in CATALOGUE_COLUMNS of the next rows."""
        self.count += len(block["FLAG"])
        self.flagged += int(np.count_nonzero(block["FLAG"] == 1))
        tiles, counts = np.unique(block["tileID"], return_counts=True)
        self._tiles.update(dict(zip(tiles.tolist(), counts.tolist(), strict=True)))
        for name, values in (("DEC", block["DEC"]), ("B", np.abs(block["B"]))):
            self.least[name] = min(self.least[name], np.min(values, initial=np.inf))
        self.max_parallax = np.fmax.reduce(block["GAIAEDR3_PARALLAX"], initial=self.max_parallax)
        kept = {name: block[name] for name in ("PS_r", "SNR", "GAIAEDR3_G", "GAIAEDR3_PMRA_ERROR")}
        kept["ratio"] = block["GAIAEDR3_PMDEC_ERROR"] / block["GAIAEDR3_PMRA_ERROR"]
        for name, values in kept.items():
            self._parts.setdefault(name, []).append(values)

    @property
    def tiles(self) -> np.ndarray:
        """Numbers of rows of every field, in the order of the fields."""
        return np.array([self._tiles[tile] for tile in sorted(self._tiles)])

    def __getitem__(self, name: str) -> np.ndarray:
        """Give all values of a column that percentiles are taken of."""
        return np.concatenate(self._parts[name])


class Check:
    """Measures quantities of one synthetic table.

    Parameters:
        giants: Good giants: STAR_COLUMNS of stars.fits, N values each.
        truth: `component` (text) and `energy` (km2/s2) of the same N stars.
        rows: Of the whole table.
        counts: Numbers that are known already, by name.
    """

    def __init__(self, giants: dict, truth: dict, rows: Rows, counts: dict[str, int]):
        self._giants, self._truth, self._rows, self._counts = giants, truth, rows, counts
        # Rows relative to the survey's: what the targets that are counts have to be scaled by.
        self.size_ratio = rows.count / SURVEY_ROWS
        self._measures: dict[str, Callable] = {
            "fields": lambda _: (len(rows.tiles), 0.0),
            "stars_per_field": lambda _: _mean(rows.tiles),
            "min_abs_b": lambda _: (rows.least["B"], 0.0),
            "min_dec": lambda _: (rows.least["DEC"], 0.0),
            "max_parallax": lambda _: (rows.max_parallax, 0.0),
            "r_magnitude": lambda at: _percentile(rows["PS_r"], at),
            "giants_beyond": lambda at: _fraction(giants["distance"] > _place(at, np.inf)),
            "feh": lambda at: _percentile(giants["feh"], at),
            "afe": lambda at: _percentile(giants["afe"], at),
            "lz": lambda at: _percentile(self._outside_sagittarius("lz") / 1e3, at),
            "energy": lambda at: _percentile(self._outside_sagittarius("energy") / 1e5, at),
            "sagittarius_fraction": lambda _: _fraction(giants["is_sagittarius"]),
            "sagittarius_lz": lambda _: self._of_sagittarius("lz"),
            "sagittarius_ly": lambda _: self._of_sagittarius("ly"),
            "unbound_fraction": lambda _: _fraction(giants["is_unbound"]),
            "distance_error": lambda at: _percentile(
                giants["distance_error"] / giants["distance"], at
            ),
            "rv_error_median": lambda _: _percentile(giants["rv_error"], 50),
            "rv_error_p90": lambda _: _percentile(giants["rv_error"], 90),
            "feh_error": lambda at: _percentile(giants["feh_error"], at),
            "afe_error": lambda at: _percentile(giants["afe_error"], at),
            "pmra_error": self._motion_error,
            "pmdec_error_over_pmra_error": lambda _: _percentile(rows["ratio"], 50),
            "flag_1_fraction": lambda _: _share(rows.flagged, rows.count),
            "snr": lambda at: _percentile(rows["SNR"], at),
        }

    def measure(self, quantity: str, at: float | None) -> tuple[float, float]:
        """Measure one quantity: give its value and its standard error.

        `at` is a percentile, a distance or a magnitude, as the quantity needs. Raises UserError
        for a quantity that this module does not know, and for an `at` that it cannot have.
        """
        if quantity in self._counts:
            return float(self._counts[quantity]), 0.0
        if quantity in self._measures:
            return self._measures[quantity](at)
        for element in ("feh", "afe"):
            components = _CENTRES.get(quantity.removesuffix(f"_centre_{element}"))
            if components:
                mine = np.isin(self._truth["component"], components)
                return _percentile(self._giants[element][mine], 50)
        if ends := _SLICE.fullmatch(quantity):
            feh = self._giants["feh"]
            inside = (feh >= float(ends[1])) & (feh < float(ends[2]))
            return _percentile(self._giants["afe"][inside], at)
        raise UserError("no measure is called so")

    def purity(self) -> list[dict]:
        """Hold every cut against the truth: members, flagged stars, purity, completeness.

        Each cut is judged among the good giants that the cuts before it have left, as the ledger
        counts them.
        """
        left = np.ones(len(self._giants["distance"]), bool)
        found = []
        for cut, flag in CUTS.items():
            members, flagged = _MEMBERS[cut](self._truth) & left, self._giants[flag] & left
            both = np.count_nonzero(members & flagged)
            n_members, n_flagged = np.count_nonzero(members), np.count_nonzero(flagged)
            found.append(
                {
                    "cut": cut,
                    "n_members": n_members,
                    "n_flagged": n_flagged,
                    "n_both": both,
                    "purity": both / n_flagged if n_flagged else np.nan,
                    "completeness": both / n_members if n_members else np.nan,
                }
            )
            left &= ~flagged
        return found

    def _outside_sagittarius(self, name: str) -> np.ndarray:
        return self._giants[name][~self._giants["is_sagittarius"]]

    def _of_sagittarius(self, name: str) -> tuple[float, float]:
        return _percentile(self._giants[name][self._giants["is_sagittarius"]] / 1e3, 50)

    def _motion_error(self, at: float | None) -> tuple[float, float]:
        near = np.abs(self._rows["GAIAEDR3_G"] - _place(at, np.inf)) < _HALF_BIN_MAG
        return _percentile(self._rows["GAIAEDR3_PMRA_ERROR"][near], 50)


def _mean(values: np.ndarray) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values) / np.sqrt(len(values)))


def _fraction(chosen: np.ndarray) -> tuple[float, float]:
    return _share(np.count_nonzero(chosen), len(chosen))


def _share(part: int, whole: int) -> tuple[float, float]:
    share = part / max(whole, 1)
    return share, float(np.sqrt(share * (1 - share) / max(whole, 1)))


def _place(at: float | None, highest: float) -> float:
    """Make sure that there is a place to measure at, from 0 to the highest there is."""
    if at is None or not 0 <= at <= highest:
        raise UserError(f"needs at, from 0 to {highest:g}, and not {at}")
    return at


def _percentile(values: np.ndarray, at: float | None) -> tuple[float, float]:
    """Give a percentile and its standard error, from the order statistics around it."""
    at = _place(at, 100)
    values = values[np.isfinite(values)]
    if not len(values):
        return np.nan, np.nan
    width = 100 * np.sqrt(at / 100 * (1 - at / 100) / len(values))
    low, value, high = np.percentile(values, np.clip([at - width, at, at + width], 0, 100))
    return float(value), float(0.5 * (high - low))


def compare(check: Check, targets: list[dict], source: str) -> list[dict]:
    """Measure every target and say whether it is met.

    `targets` are the entries of resources/h3_targets.yaml, read from the file `source`. Gives one
    row per target: quantity, at, at_unit, unit, target, made, error, from, to (between which the
    target counts as met), agrees (bool), because, where.

    Raises UserError naming the file and the quantity of an entry that is malformed.
    """
    rows = []
    for entry in targets:
        try:
            rows += _rows(check, entry)
        except (UserError, AttributeError, LookupError, TypeError, ValueError) as error:
            what = error if isinstance(error, UserError) else f"malformed ({error!r}); {_NEEDED}"
            name = entry.get("quantity") if isinstance(entry, dict) else None
            raise UserError(
                f"{source}: {name or repr(entry)}: {what}; correct the target"
            ) from error
    return rows


_NEEDED = (
    "needs quantity, where, as many values of target as of at, and within one of relative, dex,"
    " spread (with targets at 16 and 84) and range"
)


def _rows(check: Check, entry: dict) -> Iterator[dict]:
    """Measure the targets of one entry; raises what a malformed one makes Python raise."""
    scale = check.size_ratio if entry.get("scales") else 1.0
    for at, target in zip(entry.get("at") or [None], entry["target"], strict=True):
        target = float(target * scale)
        made, error = check.measure(entry["quantity"], at)
        low, high = _limits(entry, target)
        because = entry.get("because", {})
        yield {
            "quantity": entry["quantity"],
            "at": np.nan if at is None else float(at),
            "at_unit": entry.get("at_unit", ""),
            "unit": entry.get("unit", ""),
            "target": target,
            "made": made,
            "error": error,
            "from": low,
            "to": high,
            "agrees": bool(low - 2 * error <= made <= high + 2 * error),
            "because": because if isinstance(because, str) else because.get(at, ""),
            "where": entry["where"],
        }


def _limits(entry: dict, target: float) -> tuple[float, float]:
    """Give the values between which a target counts as met; of several rules the widest."""
    within = entry["within"]
    if "range" in within:
        low, high = within["range"]
        return float(low), float(high)
    size = max(_TOLERANCES[rule](value, target, entry) for rule, value in within.items())
    return target - size, target + size


def _half_spread(entry: dict) -> float:
    """Give half the range between the 16th and the 84th percentile of the targets."""
    percentiles = dict(zip(entry["at"], entry["target"], strict=True))
    return 0.5 * (percentiles[84] - percentiles[16])


_TOLERANCES: dict[str, Callable[[float, float, dict], float]] = {
    "relative": lambda size, target, entry: size * abs(target),
    "dex": lambda size, target, entry: size,
    "spread": lambda size, target, entry: size * _half_spread(entry),
    "range": lambda size, target, entry: 0.0,
}
