"""What each other choice does to the profiles: shifts from the run's own, paired star by star.

A shift is told in half-widths of the run's 68 % interval, which are what a reader sees of its
error. Its own error is that of the paired difference (`shared_stars`): what other stars in a shell
would do by chance, which a change of distances or of a cut brings in and one of errors does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from icefire.compare import differences, shared_stars
from icefire.compare.runs import Run
from icefire.errors import UserError
from icefire.files.columns import SAMPLES

COLUMNS = ("quadrant", "r_lo", "r_mid", "r_hi")
NUMBERS = ("value", "shift", "shift_error", "half_width", "shift_in_half_widths")
COUNTS = ("n_stars_baseline", "n_stars", "n_stars_both")
TEXTS = ("sample", "quantity")
# Medians in half-widths: above the first a choice exceeds the error bars, below the second it does
# not matter.
EXCEEDS, SLIGHT = 1.0, 0.3
# Median of the size of normal noise, in its errors
_MEDIAN_OF_NOISE = 0.6745
_DECIMALS = 6
SYMBOLS = {"sigma_r": "σ_r", "beta": "β"}


def shifts(baseline: Run, varied: Run):
    """Compare the profiles of a variation with the run's own.

    Returns: A row for each sample, quantity, quadrant and shell in which either has a value: TEXTS,
        COLUMNS (kpc), COUNTS of stars in the run, the variation and both, and NUMBERS: the value in
        the variation, less that of the run, the error of this difference, the half-width of the
        run's 68 % interval (km/s for sigma_r), and the shift in such. NaN: no value.

    Raises UserError when a sample of the run has no star left in the variation.
    """
    from astropy.table import Table, vstack

    parts = []
    for sample in SAMPLES:
        stars = shared_stars.stars(baseline, varied, sample)
        if len(stars.a["ra"]) and not len(stars.b["ra"]):
            raise UserError(f"leaves no star in the {SAMPLES[sample].lower()} sample")
        found = differences.bins(baseline, varied, "radial", sample, stars)
        for quantity in shared_stars.QUANTITIES:
            part = Table({"sample": [sample] * len(found), "quantity": [quantity] * len(found)})
            for name in COLUMNS:
                part[name] = found[name]
            for name, old in zip(COUNTS, ("n_stars_a", "n_stars_b", "n_stars_both"), strict=True):
                part[name] = np.asarray(found[old])
            value, shift = found[f"{quantity}_b"], found[f"{quantity}_difference"]
            half = (found[f"{quantity}_a_hi68"] - found[f"{quantity}_a_lo68"]) / 2
            with np.errstate(invalid="ignore", divide="ignore"):
                in_halves = np.where(shift == 0, 0.0, shift / np.where(half > 0, half, np.nan))
            error = found[f"{quantity}_difference_error"]
            for name, numbers in zip(NUMBERS, (value, shift, error, half, in_halves), strict=True):
                part[name] = np.round(np.asarray(numbers), _DECIMALS)
            some = np.isfinite(found[f"{quantity}_a"]) | np.isfinite(found[f"{quantity}_b"])
            parts.append(part[np.asarray(some)])
    return vstack(parts)


@dataclass(frozen=True)
class Size:
    """How much a variation shifts one quantity of the halo over the whole sky, in half-widths.

    `median` of the shells' shifts; `noise`, what it would be by chance alone (None of no shell);
    `total`, the quadrature sum.
    """

    median: float
    noise: float
    total: float


def size(table, quantity: str, max_radius_kpc: float) -> Size:
    """Measure a variation's size from its rows, in the shells that end within a radius."""
    rows = halo(table, quantity)
    rows = rows[np.asarray(rows["r_hi"]) <= max_radius_kpc]
    found = np.abs(np.asarray(rows["shift_in_half_widths"], float))
    noise = np.asarray(rows["shift_error"], float) / np.asarray(rows["half_width"], float)
    has = np.isfinite(found)
    if not has.any():
        return Size(np.nan, np.nan, 0.0)
    return Size(
        float(np.median(found[has])),
        _MEDIAN_OF_NOISE * float(np.median(noise[has])),
        float(np.sqrt(np.sum(found[has] ** 2))),
    )


def halo(table, quantity: str):
    """Give the rows of the halo over the whole sky."""
    mine = (np.asarray(table["sample"]) == "halo") & (np.asarray(table["quadrant"]) == 0)
    return table[mine & (np.asarray(table["quantity"]) == quantity)]


def ranked(tables: Mapping, max_radius_kpc: float) -> dict[str, dict[str, Size]]:
    """Sort variations by the quadrature sum of all shifts of the halo; sizes by quantity."""
    sizes = {
        name: {quantity: size(table, quantity, max_radius_kpc) for quantity in SYMBOLS}
        for name, table in tables.items()
    }
    total = {name: np.hypot(*(one.total for one in both.values())) for name, both in sizes.items()}
    return {name: sizes[name] for name in sorted(sizes, key=lambda name: (-total[name], name))}


def words(sizes: Mapping[str, Mapping[str, Size]], labels: Mapping, max_radius_kpc: float) -> str:
    """Say which variations exceed the error bars, and which do not matter (reST)."""
    groups: dict[str, list[str]] = {"more": [], "some": [], "little": [], "unknown": []}
    for name, both in sizes.items():
        largest = np.max([one.median for one in both.values()])
        kind = "more" if largest > EXCEEDS else "some" if largest >= SLIGHT else "little"
        said = ", ".join(f"{SYMBOLS[q]} {one.median:.2g}" for q, one in both.items())
        # Of a median that chance alone might give
        if chance := [
            f"{SYMBOLS[q]} {one.noise:.2g}"
            for q, one in both.items()
            if SLIGHT <= one.median < 2 * one.noise
        ]:
            said += f"; chance alone: {', '.join(chance)}"
        groups[kind if np.isfinite(largest) else "unknown"].append(f"{labels[name]} ({said})")
    titles = {
        "more": "Choices that shift the halo's profiles by more than the error bars",
        "some": f"By {SLIGHT:g} to {EXCEEDS:g} of them",
        "little": "Choices that do not matter",
        "unknown": "Of no shell with a value",
    }
    lines = [
        f"{title}: {'; '.join(groups[kind]) or 'none'}."
        for kind, title in titles.items()
        if groups[kind] or kind != "unknown"
    ]
    lines.append(
        "In brackets stand medians of the shifts in half-widths of the 68 % intervals, over the"
        f" shells of the whole sky within {max_radius_kpc:g} kpc."
    )
    return "\n\n".join(lines) + "\n"
