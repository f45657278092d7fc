"""Numbers that a manuscript quotes, measured from the tables, with standard errors.

Dispersions here are plain: of the velocities as they are, errors not removed. Their standard
errors follow from the fourth moments and hold for any distribution with many stars.
"""

from dataclasses import dataclass

import numpy as np

from icefire.measure.dispersion import anisotropy


def number(value, unit: str = "", lo=None, hi=None) -> dict:
    """Make one entry of numbers.yaml: a value, its unit, and the ends of its 68 % interval.

    What cannot be measured is None. Values keep six significant digits.
    """
    entry = {"value": rounded(value)}
    if lo is not None:
        entry |= {"lo68": rounded(lo), "hi68": rounded(hi)}
    return entry | ({"unit": unit} if unit else {})


def rounded(value) -> int | float | None:
    """Keep six significant digits; None of what is not finite."""
    if value is None or not np.isfinite(value):
        return None
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(f"{value:.6g}")


def dispersions(velocity: np.ndarray, min_stars: int) -> dict:
    """Measure plain dispersions and the anisotropy of N stars' velocities, 3 x N (km/s).

    Gives the entries for numbers.yaml, without a value of fewer than `min_stars` stars. Errors
    follow from the covariance of the three variances (delta method).
    """
    n_stars = velocity.shape[1]
    variance, covariance = np.full(3, np.nan), np.full((3, 3), np.nan)
    if n_stars >= max(min_stars, 2):
        squares = (velocity - velocity.mean(axis=1, keepdims=True)) ** 2
        variance, covariance = squares.mean(axis=1), np.cov(squares, bias=True) / n_stars
    found = {"n_stars": number(n_stars)}
    for i, name in enumerate(("sigma_r", "sigma_phi", "sigma_theta")):
        sigma = np.sqrt(variance[i])
        error = np.sqrt(covariance[i, i]) / (2 * sigma) if sigma > 0 else np.nan
        found[name] = number(sigma, "km/s", sigma - error, sigma + error)
    r, phi, theta = variance
    beta = error = np.nan
    if r > 0:
        slope = np.array([(phi + theta) / (2 * r**2), -1 / (2 * r), -1 / (2 * r)])
        beta, error = anisotropy(variance), np.sqrt(max(slope @ covariance @ slope, 0))
    return found | {"beta": number(beta, "", beta - error, beta + error)}


@dataclass(frozen=True)
class Quadrupole:
    """How sigma_r depends on direction at fixed radius: ln sigma_r^2 = f(r) + n Q n.

    Attributes:
        values: (Qxx - Qyy) / 2, Qxy, Qxz, Qyz and (2 Qzz - Qxx - Qyy) / 6 of the traceless tensor
            Q.
        covariance: Their 5 x 5 covariance.
    """

    values: np.ndarray
    covariance: np.ndarray

    def intervals(self, seed: int, draws: int = 2000) -> dict[str, tuple[float, ...]]:
        """Give directions (deg) and contrast, each with its quantiles 2.5, 16, 84 and 97.5 %.

        `xy_direction_deg`, `azimuth_deg`, `pitch_deg` and `contrast`. Those of angles are of draws
        from the covariance, taken the short way round; those of the contrast, which noise can only
        raise, are of its logarithm's standard error.
        """
        rng = np.random.default_rng(seed)
        drawn = rng.multivariate_normal(self.values, self.covariance, draws, method="cholesky")
        ours, others = axes(self.values), axes(drawn)
        # The end on the Sun's side may be the other one, where the axis is near X = 0.
        ends = (_end(found["azimuth_deg"], found["pitch_deg"]) for found in (ours, others))
        others["pitch_deg"] *= np.where(next(ends) @ next(ends) > 0, 1, -1)
        for name in ("xy_direction_deg", "azimuth_deg"):
            others[name] = ours[name] + (others[name] - ours[name] + 90) % 180 - 90
        levels = (0.025, 0.16, 0.84, 0.975)
        found = {name: (ours[name], *np.quantile(others[name], levels)) for name in ours}
        spread = np.exp(np.std(np.log(others["contrast"])) * np.array([-1.96, -1, 1, 1.96]))
        return found | {"contrast": (ours["contrast"], *(ours["contrast"] * spread))}


def axes(values: np.ndarray) -> dict[str, np.ndarray]:
    """Give where sigma_r is largest by values as those of `Quadrupole`, ... x 5.

    `xy_direction_deg`, in the XY plane, and `azimuth_deg` count from +X toward +Y in [0, 180);
    `pitch_deg` is that of the axis's end on the Sun's side (X < 0) above the plane; `contrast` is
    sigma_r on the axis over that on the coldest one.
    """
    a, b, c, d, e = np.moveaxis(np.asarray(values), -1, 0)
    tensor = np.array([[a - e, b, c], [b, -a - e, d], [c, d, 2 * e]])
    size, vectors = np.linalg.eigh(np.moveaxis(tensor, (0, 1), (-2, -1)))
    x, y, z = np.moveaxis(vectors[..., -1] * np.where(vectors[..., :1, -1] > 0, -1, 1), -1, 0)
    return {
        # Twice, because the remainder of a tiny negative angle rounds to 180 itself
        "xy_direction_deg": 0.5 * np.degrees(np.arctan2(b, a)) % 180 % 180,
        "azimuth_deg": np.degrees(np.arctan2(-y, -x)) % 180 % 180,
        "pitch_deg": np.degrees(np.arcsin(np.clip(z, -1, 1))),
        "contrast": np.exp(0.5 * (size[..., -1] - size[..., 0])),
    }


def _end(azimuth_deg, pitch_deg) -> np.ndarray:
    """Give the end of an axis on the Sun's side (X < 0) as a unit vector."""
    azimuth, pitch = np.radians(azimuth_deg), np.radians(pitch_deg)
    side = np.where(np.cos(azimuth) > 0, -1, 1) * np.cos(pitch)
    return np.array([side * np.cos(azimuth), side * np.sin(azimuth), np.sin(pitch)])


def harmonics(position: np.ndarray) -> np.ndarray:
    """Give the five l = 2 harmonics of direction that belong to `Quadrupole.values`, 5 x N."""
    x, y, z = position / np.sqrt((position**2).sum(axis=0))
    return np.array([x * x - y * y, 2 * x * y, 2 * x * z, 2 * y * z, 2 * z * z - x * x - y * y])


def quadrupole(position: np.ndarray, v_r: np.ndarray, degree: int = 3) -> Quadrupole | None:
    """Fit the directions in which a sample is hot, whatever the survey's footprint.

    Every star counts once. The likelihood is that of Gaussian velocities with ln sigma^2 linear in
    powers of ln r (any radial profile) and in the five l = 2 harmonics of the direction from the
    Galactic centre, so an uneven sampling of a sphere gives none. Errors come from the scatter of
    the scores (White 1982) and need no Gaussian velocities.

    The contours of a map in a plane cannot tell this: where the survey looks, and how far, draws
    them out as well.

    Parameters:
        position: 3 x N, kpc, Galactocentric.
        v_r: N radial velocities, km/s.
        degree: Of the polynomial in ln r.

    Returns: None with fewer than 20 stars, or where their places do not determine it.
    """
    if len(v_r) < 20:
        return None
    radius = np.sqrt((position**2).sum(axis=0))
    log_r = np.log(radius / np.median(radius))
    design = np.column_stack([*(log_r**k for k in range(degree + 1)), *harmonics(position)])
    square = (v_r - v_r.mean()) ** 2
    if np.linalg.matrix_rank(design.T @ design) < design.shape[1] or not square.any():
        return None
    # Newton's steps on a convex function, of which one far star can make the first ones leap: no
    # ln sigma^2 moves by more than one at a time.
    fit = np.zeros(design.shape[1])
    fit[0] = np.log(square.mean())
    for _ in range(200):
        ratio = square / np.exp(design @ fit)
        inverse = np.linalg.inv((design * ratio[:, None]).T @ design)
        step = inverse @ (design.T @ (ratio - 1))
        if np.abs(step).max() < 1e-9:
            break
        fit += step / max(np.abs(design @ step).max(), 1.0)
    scores = design.T @ (design * ((ratio - 1) ** 2)[:, None])
    covariance = inverse @ scores @ inverse
    return Quadrupole(fit[-5:], covariance[-5:, -5:])
