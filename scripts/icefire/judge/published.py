"""Published values beside the halo's own: where they were measured, and how far off they are."""

from dataclasses import dataclass

import numpy as np

from icefire.files import literature


@dataclass(frozen=True)
class Published:
    """K published dispersions (km/s) or anisotropies.

    Attributes:
        r_kpc: Where each was measured: from, at, to; 3 x K.
        value: K values.
        error: Below and above the value, 2 x K, both positive; NaN where none is published.
    """

    r_kpc: np.ndarray
    value: np.ndarray
    error: np.ndarray

    def where(self, some: np.ndarray) -> "Published":
        """Take some of the values."""
        return Published(self.r_kpc[:, some], self.value[some], self.error[:, some])

    def inside(self, r: np.ndarray) -> np.ndarray:
        """Tell which stars, at `r` (kpc), are where each value was measured: K x N."""
        return (r >= self.r_kpc[0, :, None]) & (r < self.r_kpc[2, :, None])

    def reached(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Tell where a value, or its error where it has one, is from `low` to `high`, K x n."""
        down, up = np.nan_to_num(self.error)
        value = self.value[:, None]
        return (value + up[:, None] >= low) & (value - down[:, None] <= high)

    def chi_squared(self, ours: np.ndarray, errors: np.ndarray) -> float:
        """Give chi squared per value of our K values with their errors; NaN of none with errors."""
        error = np.hypot(np.where(ours < self.value, *self.error), errors)
        squares = ((ours - self.value) / error) ** 2
        squares = squares[np.isfinite(squares)]
        return float(squares.mean()) if len(squares) else np.nan


def read(path: str, quantities: tuple[str, ...], edges_kpc: np.ndarray) -> Published:
    """Read the verified values within the shells whose edges are given.

    A value is compared with the stars in its range, as far as the shells reach, or, where it has
    none, with those in the shell of its radius.
    """
    table = literature.read(path, quantities)
    low, at, high, value, down, up = (
        np.ma.filled(np.ma.asarray(table[name], float), np.nan) for name in literature.NUMBERS
    )
    shell = np.clip(np.searchsorted(edges_kpc, at, side="right"), 1, len(edges_kpc) - 1)
    ranged = np.isfinite(low) | np.isfinite(high)
    low = np.where(ranged, np.fmax(low, edges_kpc[0]), edges_kpc[shell - 1])
    high = np.where(ranged, np.fmin(high, edges_kpc[-1]), edges_kpc[shell])
    at = np.where(np.isfinite(at), at, 0.5 * (low + high))
    found = Published(np.array([low, at, high]), value, np.array([down, up]))
    inside = (at >= edges_kpc[0]) & (at <= edges_kpc[-1]) & (low < high) & np.isfinite(value)
    return found.where(inside)
