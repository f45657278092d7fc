"""Numbers that a manuscript quotes, measured from the tables, with standard errors.

Dispersions here are plain: of the velocities as they are, errors not removed. Their standard
errors follow from the fourth moments and hold for any distribution with many stars.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from icefire.realisations import COMPONENTS


def number(value, unit: str = "", lo=None, hi=None) -> dict:
    """Make one entry of numbers.yaml: a value, its unit, and the ends of its 68 % interval.

    What cannot be measured is None. Values keep six significant digits.
    """
    entry = {"value": _round(value)}
    if lo is not None:
        entry |= {"lo68": _round(lo), "hi68": _round(hi)}
    return entry | ({"unit": unit} if unit else {})


def _round(value):
    if value is None or not np.isfinite(value):
        return None
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(f"{value:.6g}")


class Dispersion:
    """Plain dispersions of a stream of stars, from sums of products of their velocities.

    Velocities are shifted by the first block's mean, which keeps the digits of the fourth moments.
    """

    def __init__(self):
        self.n_stars = 0
        self._shift: np.ndarray | None = None
        # Sums of v^a w^b for the powers that the variances of three variances need
        self._pairs = np.zeros((3, 3, 3, 3))

    def add(self, stars: dict[str, np.ndarray], mask: np.ndarray | None = None) -> None:
        """Take in the (masked) stars of one block."""
        v = np.array([stars[name] if mask is None else stars[name][mask] for name in COMPONENTS])
        if v.shape[1] == 0:
            return
        if self._shift is None:
            self._shift = v.mean(axis=1)
        v = v - self._shift[:, None]
        self.n_stars += v.shape[1]
        powers = np.array([np.ones_like(v), v, v**2])
        self._pairs += np.einsum("ain,bjn->abij", powers, powers)

    def variances(self) -> tuple[np.ndarray, np.ndarray]:
        """Give the variances of (v_r, v_phi, v_theta) and the 3 x 3 covariance of these."""
        if self.n_stars < 2:
            return np.full(3, np.nan), np.full((3, 3), np.nan)
        m = self._pairs / self.n_stars
        mean = m[0, 1, 0]
        variance = m[0, 2, 0] - mean**2
        # E[(x-a)^2 (y-b)^2] written out in raw moments
        a, b = mean[:, None], mean[None, :]
        fourth = (
            m[2, 2]
            - 2 * b * m[2, 1]
            - 2 * a * m[1, 2]
            + b**2 * m[2, 0]
            + a**2 * m[0, 2]
            + 4 * a * b * m[1, 1]
            - 2 * a * b**2 * m[1, 0]
            - 2 * a**2 * b * m[0, 1]
            + a**2 * b**2
        )
        return variance, (fourth - np.outer(variance, variance)) / self.n_stars

    def beta(self) -> tuple[float, float]:
        """Give the anisotropy and its standard error (delta method)."""
        (r, phi, theta), covariance = self.variances()
        if not r > 0:
            return np.nan, np.nan
        slope = np.array([(phi + theta) / (2 * r**2), -1 / (2 * r), -1 / (2 * r)])
        return 1 - (phi + theta) / (2 * r), float(np.sqrt(slope @ covariance @ slope))

    def numbers(self) -> dict:
        """Give the entries for numbers.yaml."""
        variance, covariance = self.variances()
        found = {"n_stars": number(self.n_stars)}
        for i, name in enumerate(("sigma_r", "sigma_phi", "sigma_theta")):
            sigma = np.sqrt(variance[i])
            error = np.sqrt(covariance[i, i]) / (2 * sigma) if sigma > 0 else np.nan
            found[name] = number(sigma, "km/s", sigma - error, sigma + error)
        beta, error = self.beta()
        return found | {"beta": number(beta, "", beta - error, beta + error)}


def dispersions(blocks: Iterable[dict], masks: dict) -> dict[str, Dispersion]:
    """Measure several subsets of one table in one pass.

    `masks` maps a name to a function of a block that tells which stars are in the subset.
    """
    found = {name: Dispersion() for name in masks}
    for stars in blocks:
        for name, mask in masks.items():
            found[name].add(stars, mask(stars))
    return found


def rank_correlation(a: np.ndarray, b: np.ndarray) -> dict:
    """Measure Spearman's rank correlation of the pairs in which both values are finite.

    The interval is 68 % of Fisher's z with the variance of Bonett & Wright (2000).
    """
    from scipy.stats import spearmanr

    both = np.isfinite(a) & np.isfinite(b)
    n = int(np.count_nonzero(both))
    if n < 4 or len(np.unique(a[both])) < 2 or len(np.unique(b[both])) < 2:
        return number(None)
    rho = float(spearmanr(a[both], b[both]).statistic)
    rho = float(np.clip(rho, -1, 1))
    width = np.sqrt((1 + rho**2 / 2) / (n - 3))
    z = np.arctanh(np.clip(rho, -0.999999, 0.999999))
    return number(rho, "", np.tanh(z - width), np.tanh(z + width))


def elongation_angle_deg(
    x: np.ndarray, y: np.ndarray, sigma: np.ndarray, n_stars: np.ndarray
) -> tuple[float, float]:
    """Measure along which direction a map of dispersions is drawn out.

    The map is fitted with sigma = a + b x + c y + d x^2 + e x y + f y^2, each bin weighted by its
    number of stars; contours are longest along the axis of the largest second derivative.

    Parameters
    ----------
    x, y
        Bin centres, kpc.
    sigma
        Dispersions, km/s, NaN where there is none.
    n_stars
        Stars per bin.

    Returns
    -------
    tuple
        Angle from +x toward +y, in [0, 180), and its standard error, degrees; NaN with fewer than
        seven bins.
    """
    use = np.isfinite(sigma)
    if np.count_nonzero(use) < 7:
        return np.nan, np.nan
    x, y, sigma, weight = x[use], y[use], sigma[use], n_stars[use].astype(float)
    design = np.column_stack([np.ones_like(x), x, y, x**2, x * y, y**2])
    normal = design.T @ (design * weight[:, None])
    if np.linalg.matrix_rank(normal) < 6:
        return np.nan, np.nan
    inverse = np.linalg.inv(normal)
    fit = inverse @ (design.T @ (weight * sigma))
    residual = sigma - design @ fit
    # Circles overlap, so the number of independent values is that of the stars, not of the bins;
    # the sandwich with the scatter of the residuals is the usual choice and named as such.
    meat = design.T @ (design * (weight**2 * residual**2)[:, None])
    covariance = inverse @ meat @ inverse
    d, e, f = fit[3:]
    angle = 0.5 * np.degrees(np.arctan2(e, d - f))
    scale = (d - f) ** 2 + e**2
    slope = np.degrees(0.5) * np.array([-e, d - f, e]) / scale
    error = np.sqrt(slope @ covariance[3:, 3:] @ slope)
    # Twice, because the remainder of a tiny negative angle rounds to 180 itself
    return float(angle % 180 % 180), float(error)
