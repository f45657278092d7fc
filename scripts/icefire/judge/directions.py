"""Whether sigma_r depends on direction: scores of the stars' squared velocities, and hot axes.

u = (v_r - mean)^2 / variance of a star's stratum; X a design of direction, centred within strata;
S = X^T u. Permuting u within strata has mean S = 0 and covariance V = sum var(u) X^T X, exactly, T = S^T V^-1 S measures S whatever the design, and its permutations tell how large T becomes by
chance. To first order (X^T X)^-1 X^T (u - 1) is what ln sigma_r^2 changes by with X.
"""

from __future__ import annotations

import numpy as np

from icefire.numbers.estimates import Quadrupole


def harmonics(position: np.ndarray) -> np.ndarray:
    """Give the five l = 2 harmonics that `estimates.quadrupole` fits, N x 5."""
    x, y, z = position / np.sqrt((position**2).sum(axis=0))
    return np.column_stack([x * x - y * y, 2 * x * y, 2 * x * z, 2 * y * z, 3 * z * z - 1])


def azimuthal(position: np.ndarray) -> np.ndarray:
    """Give cos and sin of phi and of 2 phi, N x 4."""
    phi = np.arctan2(position[1], position[0])
    return np.column_stack([np.cos(phi), np.sin(phi), np.cos(2 * phi), np.sin(2 * phi)])


def north(position: np.ndarray) -> np.ndarray:
    """Give +1/2 above the plane and -1/2 below, N x 1, so that an effect is their difference."""
    return np.where(position[2] > 0, 0.5, -0.5)[:, None]


class Scores:
    """Scores of some stars' v_r on a design of theirs.

    Called with the index of the star whose velocity each star gets, it gives the scores.

    Attributes
    ----------
    observed
        Of the stars as they are, D values.
    """

    def __init__(self, design: np.ndarray, v_r: np.ndarray, labels: np.ndarray, inside: np.ndarray):
        labels = np.unique(labels[inside], return_inverse=True)[1]
        n = np.bincount(labels)

        def means(values):
            return np.bincount(labels, values) / n

        square = (v_r[inside] - means(v_r[inside])[labels]) ** 2
        variance = means(square)[labels]
        u = np.divide(square, variance, out=np.ones_like(square), where=variance > 0)
        spread = np.bincount(labels, (u - 1) ** 2) / np.maximum(n - 1, 1)
        x = design[inside].T
        x = np.array([row - means(row)[labels] for row in x])
        self._u, self._x = np.zeros(len(v_r)), np.zeros((len(x), len(v_r)))
        self._u[inside], self._x[:, inside] = u, x
        self._normal = x @ x.T
        self._covariance = (x * spread[labels]) @ x.T
        self.observed = self(np.arange(len(v_r)))

    @property
    def determined(self) -> bool:
        """Whether the stars' places and velocities tell all effects apart."""
        size = len(self._normal)
        return all(np.linalg.matrix_rank(m) == size for m in (self._normal, self._covariance))

    def arrange(self, order: np.ndarray) -> None:
        """Take the stars in another order: indices, N."""
        self._u, self._x = self._u[order], np.ascontiguousarray(self._x[:, order])

    def __call__(self, index: np.ndarray) -> np.ndarray:
        # Not @, whose rounding depends on how many processors share the work
        return np.einsum("dn,n->d", self._x, self._u[index])

    def statistic(self, scores: np.ndarray, some: slice = slice(None)) -> np.ndarray:
        """Give T of ... x D scores, of some of the design's columns only."""
        part = scores[..., some]
        return np.sum(part * np.linalg.solve(self._covariance[some, some], part.T).T, axis=-1)

    def effects(self, scores: np.ndarray) -> np.ndarray:
        """Give the first-order effects in ln sigma_r, ... x D."""
        return 0.5 * np.linalg.solve(self._normal, scores.T).T

    def errors(self) -> np.ndarray:
        """Give the standard errors of the effects, D values."""
        inverse = np.linalg.inv(self._normal)
        return 0.5 * np.sqrt(np.diag(inverse @ self._covariance @ inverse))


def contrasts(effects: np.ndarray) -> np.ndarray:
    """Give sigma_r on the hottest axis over that on the coldest, of K x 5 effects in ln sigma_r."""
    return np.array([Quadrupole(2 * row, np.eye(5)).axis()[2] for row in effects])


def axis_numbers(fit: Quadrupole, seed: int, draws: int = 2000) -> dict[str, tuple]:
    """Give value and the quantiles 2.5, 16, 84, 97.5 % of a hot axis' direction and contrast.

    Quantiles are those of draws from the fit's covariance, angles taken the short way round.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_normal(fit.values, fit.covariance, draws, method="cholesky")
    fits = [Quadrupole(row, fit.covariance) for row in drawn]
    angles = np.array([one.axis() for one in fits])
    direction = np.array([one.xy_direction_deg()[0] for one in fits])
    azimuth, pitch, contrast = fit.axis()
    turn = (angles[:, 0] - azimuth + 90) % 180 - 90
    # The end on the Sun's side may be the other one, where the axis is near X = 0.
    ends = _end(angles[:, 0], angles[:, 1])
    pitches = np.where(_end(azimuth, pitch) @ ends > 0, 1, -1) * angles[:, 1]
    xy = fit.xy_direction_deg()[0]
    around = xy + (direction - xy + 90) % 180 - 90
    levels = (0.025, 0.16, 0.84, 0.975)
    return {
        "xy_direction_deg": (xy, *np.quantile(around, levels)),
        "azimuth_deg": (azimuth, *np.quantile(azimuth + turn, levels)),
        "pitch_deg": (pitch, *np.quantile(pitches, levels)),
        "contrast": (contrast, *np.quantile(angles[:, 2], levels)),
    }


def _end(azimuth_deg, pitch_deg) -> np.ndarray:
    """Give the end of an axis on the Sun's side (X < 0) as a unit vector."""
    azimuth, pitch = np.radians(azimuth_deg), np.radians(pitch_deg)
    side = np.where(np.cos(azimuth) > 0, -1, 1) * np.cos(pitch)
    return np.array([side * np.cos(azimuth), side * np.sin(azimuth), np.sin(pitch)])
