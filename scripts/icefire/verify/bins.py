"""Whether the summaries are those of the samples: stars per bin, gaps, quantiles in order."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence

import numpy as np

from icefire.files.star_tables import StarReader
from icefire.measure.geometry import Geometry, HealpixSky, PlaneGrid, RadialShells
from icefire.verify.broken import broken

# A star this near to an edge may count on either side: edges have nine decimals (kpc).
SLACK_KPC = 1e-9
QUANTITIES = ("sigma_r", "sigma_phi", "sigma_theta", "beta")
ASCENDING = ("_lo95", "_lo68", "", "_hi68", "_hi95")
MEASURED = tuple(quantity + ending for quantity in QUANTITIES for ending in ASCENDING)
Counts = tuple[np.ndarray, np.ndarray]


def plain(column) -> np.ndarray:
    """Give a column of a small table as floats, NaN where it has no value."""
    return np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)


# --- stars per bin ---------------------------------------------------------------------------


def stars_per_bin(sample: StarReader, geometries: Sequence[Geometry]) -> dict[str, Counts]:
    """Count a sample's stars in all bins; the least and the most that a summary may say."""
    columns = {name for geometry in geometries for name in geometry.columns}
    counts = {geometry.name: (0, 0) for geometry in geometries}
    for stars in sample.blocks(tuple(sorted(columns))):
        for geometry in geometries:
            known, here = counts[geometry.name], count(geometry, stars)
            counts[geometry.name] = known[0] + here[0], known[1] + here[1]
    return counts


def count(geometry: Geometry, stars: dict[str, np.ndarray]) -> Counts:
    """Count the stars in each bin without the engine's memberships, least and most.

    They differ where a star is within SLACK_KPC of an edge. Geometries of other kinds than these
    are counted by their own membership.
    """
    bins = {name: values for name, (values, _) in geometry.coordinates().items()}
    if isinstance(geometry, PlaneGrid):
        a, b = (stars[name] for name in geometry.name)
        points = np.unique(bins[geometry.name[0]])
        radii = (geometry.radius_kpc - SLACK_KPC, geometry.radius_kpc + SLACK_KPC)
        least, most = (in_circles(a, b, points, radius) for radius in radii)
        return least, most
    if isinstance(geometry, RadialShells):
        lo, hi = (bins[name][: geometry.bins] for name in ("r_lo", "r_hi"))
        least, most = (in_shells(stars, lo + s, hi - s) for s in (SLACK_KPC, -SLACK_KPC))
        return least, most
    if isinstance(geometry, HealpixSky):
        import healpy

        pixel = healpy.ang2pix(geometry.nside, stars["l"], stars["b"], lonlat=True)
        counted = np.bincount(pixel, minlength=geometry.n_bins)
    else:
        counted = np.asarray(geometry.membership(stars).sum(axis=1)).astype(np.int64).ravel()
    return counted, counted


def in_circles(a: np.ndarray, b: np.ndarray, points: np.ndarray, radius_kpc: float) -> np.ndarray:
    """Count the stars at (a, b) within the circle around each point of a square grid, rim included.

    `points` are the P coordinates of either axis, ascending; P x P counts come out, flat, the
    second coordinate running fastest. On a line of the grid the circles that a star is in are those
    whose centres lie within half its chord.
    """
    steps = np.zeros((len(points), len(points) + 1), np.int64)
    for line, at in zip(steps, points, strict=True):
        square = radius_kpc**2 - (a - at) ** 2
        near = square >= 0
        chord = np.sqrt(square[near])
        first = np.searchsorted(points, b[near] - chord, "left")
        behind = np.searchsorted(points, b[near] + chord, "right")
        line += np.bincount(first, minlength=len(line)) - np.bincount(behind, minlength=len(line))
    return np.cumsum(steps, axis=1)[:, :-1].ravel()


def in_shells(stars: dict[str, np.ndarray], lo: np.ndarray, hi: np.ndarray) -> np.ndarray:
    """Count the stars in S shells from `lo` to `hi`, of the whole sky, then of quadrants 1 to 4.

    A shell holds its lower edge and not its upper one, which only the last one does. A star at
    l = 180 is counted with l > 180, one at b = 0 with b < 0, so that each is in one quadrant.
    """
    west, north = stars["l"] >= 180, stars["b"] > 0
    parts = (slice(None), west & north, ~west & north, ~west & ~north, west & ~north)
    counts = []
    for part in parts:
        r = np.sort(stars["r"][part])
        ends = np.searchsorted(r, hi, "left")
        ends[-1:] = np.searchsorted(r, hi[-1:], "right")
        counts.append(np.maximum(ends - np.searchsorted(r, lo, "left"), 0))
    return np.concatenate(counts)


# --- summaries -------------------------------------------------------------------------------


def check_summary(
    path: str | os.PathLike, table, geometry: Geometry, counts: Counts, min_stars: int
) -> int:
    """Make sure of a summary's bins, counts, gaps and quantiles; give the bins that are measured.

    `counts` are the least and the most stars per bin.
    """
    if len(table) != geometry.n_bins:
        what = f"its metadata describe {geometry.n_bins}"
        raise broken(path, "its length", f"{len(table)} bins", what)
    bins = geometry.coordinates()

    def hold(wrong: np.ndarray, name: str, what: Callable[[int], str]) -> None:
        for row in np.flatnonzero(wrong)[:1]:
            place = ", ".join(f"{key} {table[key][row]:.6g}" for key in bins)
            raise broken(path, f"row {row} ({place}), {name}", table[name][row], what(row))

    for name, (wanted, _) in bins.items():
        differs = ~(np.abs(plain(table[name]) - wanted) <= SLACK_KPC)
        hold(differs, name, lambda row, at=wanted: f"its metadata describe {at[row]:.9g}")
    n_stars, (least, most) = plain(table["n_stars"]), counts

    def counted(row: int) -> str:
        either = "" if least[row] == most[row] else f" to {most[row]}"
        return f"the sample has {least[row]}{either} stars there"

    hold(~((least <= n_stars) & (n_stars <= most)), "n_stars", counted)
    enough = n_stars >= min_stars
    cold = plain(table["sigma_r_hi95"]) == 0  # no realisation has a beta
    for name in MEASURED:
        known = np.isfinite(plain(table[name]))
        wrong = (known != enough) & ~(name.startswith("beta") & cold & ~known)
        rule = "the bin has {:.0f} stars, and the minimum is {}"
        hold(wrong, name, lambda row: rule.format(n_stars[row], min_stars))
    for quantity in QUANTITIES:
        for low, high in itertools.pairwise(quantity + ending for ending in ASCENDING):
            above = plain(table[high])
            wrong = plain(table[low]) > above
            hold(wrong, low, lambda row, high=high, above=above: f"{high} is {above[row]:.9g}")
    return int(np.count_nonzero(enough))


def check_fraction(path: str | os.PathLike, sky, accreted: Counts, insitu: Counts) -> int:
    """Make sure of the accreted fraction of every line of sight; give how many have one."""
    both = accreted[0] + insitu[0]
    with np.errstate(invalid="ignore"):
        share = accreted[0] / both
    says = plain(sky["accreted_fraction"])
    for row in np.flatnonzero(~np.isclose(says, share, rtol=0, atol=1e-6, equal_nan=True))[:1]:
        what = f"{accreted[0][row]} of {both[row]} stars there are accreted"
        raise broken(path, f"row {row} (pixel {row}), accreted_fraction", says[row], what)
    return int(np.count_nonzero(both))
