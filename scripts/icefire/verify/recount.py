"""Counts, dispersions and trends made again, plainly and by other means than the measurement.

verify_run.py holds them against a run's tables. Nothing of the engine is imported here, so that a
mistake in it is not made twice. Stars are read in blocks, whatever their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

COMPONENTS = ("v_r", "v_phi", "v_theta")

# --- stars per bin ---------------------------------------------------------------------------


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


def in_pixels(l_deg: np.ndarray, b_deg: np.ndarray, nside: int) -> np.ndarray:
    """Count the stars in each HEALPix pixel, Galactic, in RING order."""
    import healpy

    pixel = healpy.ang2pix(nside, l_deg, b_deg, nest=False, lonlat=True)
    return np.bincount(pixel, minlength=12 * nside**2)


def in_shells(
    r: np.ndarray, l_deg: np.ndarray, b_deg: np.ndarray, lo: np.ndarray, hi: np.ndarray
) -> np.ndarray:
    """Count the stars in S shells from `lo` to `hi`, of the whole sky, then of quadrants 1 to 4.

    A shell holds its lower edge and not its upper one, which only the last one does. A star at
    l = 180 is counted with l > 180, one at b = 0 with b < 0, so that each is in one quadrant.
    """
    beyond, north = l_deg >= 180, b_deg > 0
    whole = np.full(len(r), True)
    parts = (whole, beyond & north, ~beyond & north, ~beyond & ~north, beyond & ~north)
    return np.concatenate([_between(r[part], lo, hi) for part in parts])


def _between(r: np.ndarray, lo: np.ndarray, hi: np.ndarray) -> np.ndarray:
    ordered = np.sort(r)
    ends = np.searchsorted(ordered, hi, "left")
    ends[-1:] = np.searchsorted(ordered, hi[-1:], "right")
    return np.maximum(ends - np.searchsorted(ordered, lo, "left"), 0)


# --- plain dispersions -----------------------------------------------------------------------


@dataclass(frozen=True)
class Spread:
    """Central moments of a subset's velocities (v_r, v_phi, v_theta).

    Attributes
    ----------
    n_stars
        Number of stars.
    variance
        Three variances, over n; km2/s2.
    fourth
        3 x 3 means of the products of squared deviations.
    """

    n_stars: int
    variance: np.ndarray
    fourth: np.ndarray

    def numbers(self) -> dict[str, tuple | None]:
        """Give (value, low, high, unit) of the count, three dispersions and beta; 68 % intervals.

        The standard errors are those of large numbers of stars of any distribution. None where
        stars move so much alike that rounding decides.
        """
        names = ("sigma_r", "sigma_phi", "sigma_theta", "beta")
        count = {"n_stars": (self.n_stars, None, None, "")}
        if np.any(self.variance < 1e-9):
            return count | dict.fromkeys(names)
        with np.errstate(invalid="ignore", divide="ignore"):
            scatter = (self.fourth - np.outer(self.variance, self.variance)) / self.n_stars
            sigma = np.sqrt(self.variance)
            error = np.sqrt(np.maximum(np.diag(scatter), 0)) / (2 * sigma)
            r, phi, theta = self.variance
            beta = 1 - (phi + theta) / (2 * r)
            slope = np.array([(phi + theta) / r, -1.0, -1.0]) / (2 * r)
            beta_error = np.sqrt(np.maximum(slope @ scatter @ slope, 0))
        found = {
            name: (value, value - width, value + width, "km/s")
            for name, value, width in zip(names, sigma, error, strict=False)
        }
        return count | found | {"beta": (beta, beta - beta_error, beta + beta_error, "")}


def spreads(blocks: Callable[[], Iterable[dict]], masks: dict[str, Callable]) -> dict[str, Spread]:
    """Measure subsets of a table in two readings: their mean velocities, then moments about them.

    `blocks` opens the table anew each time it is called; `masks` maps a name to a function of a
    block that tells which stars are in the subset.
    """
    count = dict.fromkeys(masks, 0)
    total = {name: np.zeros(3) for name in masks}
    for name, v in _subsets(blocks, masks):
        count[name] += v.shape[1]
        total[name] += v.sum(axis=1)
    square = {name: np.zeros(3) for name in masks}
    fourth = {name: np.zeros((3, 3)) for name in masks}
    for name, v in _subsets(blocks, masks):
        deviation = (v - (total[name] / max(count[name], 1))[:, None]) ** 2
        square[name] += deviation.sum(axis=1)
        fourth[name] += deviation @ deviation.T
    return {name: _spread(count[name], square[name], fourth[name]) for name in masks}


def _subsets(blocks: Callable, masks: dict[str, Callable]):
    for stars in blocks():
        for name, mask in masks.items():
            chosen = mask(stars)
            yield name, np.array([stars[component][chosen] for component in COMPONENTS])


def _spread(n: int, square: np.ndarray, fourth: np.ndarray) -> Spread:
    if n < 2:
        return Spread(n, np.full(3, np.nan), np.full((3, 3), np.nan))
    return Spread(n, square / n, fourth / n)


# --- trends ----------------------------------------------------------------------------------


def rank_correlation(a: np.ndarray, b: np.ndarray) -> tuple:
    """Give Spearman's correlation of the pairs that are finite, with its 68 % interval.

    As (value, low, high, unit). The interval is that of Fisher's z with the variance of Bonett &
    Wright (2000).
    """
    both = np.isfinite(a) & np.isfinite(b)
    n = int(np.count_nonzero(both))
    if n < 4 or len(set(a[both])) < 2 or len(set(b[both])) < 2:
        return None, None, None, ""
    rho = np.corrcoef(_ranks(a[both]), _ranks(b[both]))[0, 1].clip(-1, 1)
    width = np.sqrt((1 + rho**2 / 2) / (n - 3))
    z = np.arctanh(rho.clip(-0.999999, 0.999999))
    return rho, np.tanh(z - width), np.tanh(z + width), ""


def _ranks(values: np.ndarray) -> np.ndarray:
    """Rank values from one; equal ones share the mean of their ranks."""
    _, which, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[which]


def hot_direction(place: np.ndarray, v_r: np.ndarray) -> dict[str, tuple] | None:
    """Fit again how sigma_r of N stars depends on direction at fixed radius (figures 4 and 5).

    ln sigma_r^2 is a cubic in ln r plus n Q n with a symmetric Q without trace; the Gaussian
    likelihood is climbed with halved steps, and the errors are White's (1982).

    Parameters
    ----------
    place
        3 x N, kpc, Galactocentric.
    v_r
        N radial velocities, km/s.

    Returns
    -------
    dict or None
        (value, low, high, unit) by the names that numbers.yaml has; every value None where the
        stars cannot tell; None where the fit does not end.
    """
    names = {"xy_direction_deg": "deg", "azimuth_deg": "deg", "pitch_deg": "deg"}
    names |= {"contrast": "", "chi_square_of_5": ""}
    nothing = {name: (None, None, None, unit) for name, unit in names.items()}
    square = (v_r - np.mean(v_r)) ** 2 if len(v_r) else v_r
    if len(v_r) < 20 or not square.any():
        return nothing
    r = np.linalg.norm(place, axis=0)
    x, y, z = place / r
    depth = np.log(r / np.median(r))
    model = np.array(
        [depth**power for power in range(4)] + [x * x - z * z, y * y - z * z, x * y, x * z, y * z]
    )
    if np.linalg.matrix_rank(model @ model.T) < len(model):
        return nothing
    fit = _climb(model, square)
    if fit is None:
        return None
    ratio = square * np.exp(-fit @ model)
    inverse = np.linalg.inv((model * ratio) @ model.T)
    covariance = (inverse @ ((model * (ratio - 1) ** 2) @ model.T) @ inverse)[4:, 4:]
    xx, yy, xy, xz, yz = fit[4:] * [1, 1, 0.5, 0.5, 0.5]
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, -xx - yy]])

    across, along = xx - yy, 2 * xy
    angle = np.degrees(np.arctan2(along, across)) / 2
    slope = np.array([-along, along, across, 0, 0]) / (across**2 + along**2) / 2
    error = np.degrees(np.sqrt(slope @ covariance @ slope))
    angle = angle % 180 % 180
    size, axes = np.linalg.eigh(tensor)
    hot = axes[:, 2] if axes[0, 2] < 0 else -axes[:, 2]  # its end on the Sun's side
    values = {
        "xy_direction_deg": (angle, angle - error, angle + error),
        "azimuth_deg": (np.degrees(np.arctan2(hot[1], hot[0])) % 180 % 180, None, None),
        "pitch_deg": (np.degrees(np.arctan2(hot[2], np.hypot(hot[0], hot[1]))), None, None),
        "contrast": (np.sqrt(np.exp(size[2] - size[0])), None, None),
        "chi_square_of_5": (fit[4:] @ np.linalg.inv(covariance) @ fit[4:], None, None),
    }
    return {name: (*found, names[name]) for name, found in values.items()}


def _climb(model: np.ndarray, square: np.ndarray) -> np.ndarray | None:
    """Minimise sum(eta + square exp(-eta)), eta = fit @ model; None where that does not end."""

    def height(fit: np.ndarray) -> float:
        eta = fit @ model
        return float(np.sum(eta + square * np.exp(-eta)))

    fit = np.zeros(len(model))
    fit[0] = np.log(np.mean(square))
    best = height(fit)
    for _ in range(500):
        ratio = square * np.exp(-fit @ model)
        step = np.linalg.solve((model * ratio) @ model.T, model @ (ratio - 1))
        if np.abs(step).max() < 1e-10:
            return fit
        with np.errstate(over="ignore", invalid="ignore"):
            while not (lower := height(fit + step)) <= best + 1e-9 * abs(best):
                step = step / 2
        fit, best = fit + step, lower
    return None


# --- chemistry -------------------------------------------------------------------------------


def in_polygon(
    x: np.ndarray, y: np.ndarray, vertices: np.ndarray, slack: float = 1e-9
) -> tuple[np.ndarray, np.ndarray]:
    """Tell which points are inside a polygon, and which are within `slack` of its border.

    A point is inside when a ray from it crosses the border an odd number of times.
    """
    inside, border = np.zeros(len(x), bool), np.zeros(len(x), bool)
    before = np.roll(vertices, 1, axis=0)
    for (x1, y1), (x2, y2) in zip(before, np.asarray(vertices, float), strict=True):
        if (x1, y1) == (x2, y2):
            continue
        crossed = (y1 > y) != (y2 > y)
        if y1 != y2:
            inside ^= crossed & (x < x1 + (y - y1) / (y2 - y1) * (x2 - x1))
        along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2)
        along = np.clip(along, 0, 1)
        border |= np.hypot(x1 + along * (x2 - x1) - x, y1 + along * (y2 - y1) - y) <= slack
    return inside, border
