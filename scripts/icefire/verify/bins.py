"""Whether the summaries are those of the samples: stars per bin, gaps, quantiles in order."""

from collections.abc import Callable, Mapping

import numpy as np
import scipy

from icefire.errors import UserError
from icefire.files.columns import SOUND
from icefire.files.star_tables import StarReader
from icefire.measure.dispersion import QUANTILES, QUANTITIES
from icefire.measure.geometry import Geometry, PlaneGrid, RadialShells

# Edges have nine decimals: a star this near to a circle's rim may count on either side (kpc).
SLACK_KPC = 1e-9
ASCENDING = sorted(QUANTILES, key=QUANTILES.get)


def quantities(meta: Mapping) -> tuple[str, ...]:
    """Name what a summary has quantiles of; of two methods where one stands beside the other."""
    both = "uncertainty_sound" in meta.get("parameters", {}).get("run_realisations", {})
    return tuple(quantity + infix for infix in ("", SOUND)[: 1 + both] for quantity in QUANTITIES)


def broken(path: object, where: str, says: object, counted: object) -> UserError:
    """Make the error of what does not hold: file, place, what is there, and what is counted."""
    return UserError(
        f"{path}: {where} is {says}, but {counted}; delete this file and run again, and if this"
        " line comes back, tell the issue tracker of the copy of icefire that you have"
    )


def plain(column) -> np.ndarray:
    """Give a column of a small table as floats, NaN where it has no value."""
    return np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)


def stars_per_bin(sample: StarReader, geometry: Geometry) -> np.ndarray:
    """Count a sample's stars in all B bins, 2 x B: the least and the most that may be said."""
    return sum(count(geometry, stars) for stars in sample.blocks(geometry.columns))


def count(geometry: Geometry, stars: dict[str, np.ndarray]) -> np.ndarray:
    """Count the stars in each bin, least and most, by other means than the engine's memberships.

    Pixels, and geometries of other kinds, are counted by their own membership.
    """
    bins = {name: values for name, (values, _) in geometry.coordinates().items()}
    if isinstance(geometry, PlaneGrid):
        stars_at, points = (np.column_stack([t[n] for n in geometry.name]) for t in (stars, bins))
        tree = scipy.spatial.cKDTree(stars_at)
        radii = (geometry.radius_kpc - SLACK_KPC, geometry.radius_kpc + SLACK_KPC)
        return np.array([tree.query_ball_point(points, r, return_length=True) for r in radii])
    if isinstance(geometry, RadialShells):
        edges = np.append(bins["r_lo"][: geometry.bins], bins["r_hi"][-1])
        # At l = 180 a star is counted with those beyond, at b = 0 with those below.
        west, north = stars["l"] >= 180, stars["b"] > 0
        parts = (slice(None), west & north, ~west & north, ~west & ~north, west & ~north)
        counted = np.concatenate([np.histogram(stars["r"][part], edges)[0] for part in parts])
    else:
        counted = np.asarray(geometry.membership(stars).sum(axis=1), np.int64).ravel()
    return np.array([counted, counted])


def check_summary(path: str, table, geometry: Geometry, counts: np.ndarray, min_stars: int) -> int:
    """Make sure of bins, `counts` of stars, gaps and quantiles; give how many bins are measured."""
    bins = geometry.coordinates()
    if len(table) != geometry.n_bins:
        what = f"its metadata describe {geometry.n_bins}"
        raise broken(path, "its length", f"{len(table)} bins", what)

    def hold(right: np.ndarray, name: str, what: Callable[[int], str]) -> None:
        for row in np.flatnonzero(~right)[:1]:
            place = ", ".join(f"{key} {table[key][row]:.6g}" for key in bins)
            raise broken(path, f"row {row} ({place}), {name}", table[name][row], what(row))

    for name, (at, _) in bins.items():
        here = np.abs(plain(table[name]) - at) <= SLACK_KPC
        hold(here, name, lambda row, at=at: f"its metadata describe {at[row]:.9g}")
    n_stars, (least, most) = plain(table["n_stars"]), counts
    counted = (least <= n_stars) & (n_stars <= most)
    hold(counted, "n_stars", lambda row: f"{least[row]} stars of the sample are there")
    enough = n_stars >= min_stars
    what = (
        f"of {len(ASCENDING)} values {{}} are there; it has {{}} stars, and {min_stars} are enough"
    )
    for quantity in quantities(table.meta):
        # Where even this is zero, no realisation has a beta.
        cold = plain(table[quantity.replace("beta", "sigma_r") + "_hi95"]) == 0
        values = np.array([plain(table[quantity + ending]) for ending in ASCENDING])
        known = np.isfinite(values).sum(axis=0)
        right = (known == np.where(enough, len(values), 0)) | (quantity.startswith("beta") & cold)
        hold(right, quantity, lambda row, known=known: what.format(known[row], n_stars[row]))
        ordered = ~(np.diff(values, axis=0) < 0).any(axis=0)
        hold(ordered, quantity, lambda row: "its quantiles are not in order")
    return int(np.count_nonzero(enough))
