"""Bins of the maps and profiles: each geometry turns stars into a bins x stars membership matrix.

Overlapping circles, sky pixels and shells are all the same to the measurement: a sparse matrix
with a one where a star is in a bin. A new geometry is one small class with the same four members.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

# Quadrants of (l, b) in the paper's numbering (figure 10); 0 is the whole sky.
QUADRANTS = (0, 1, 2, 3, 4)


class Geometry(Protocol):
    """A set of bins.

    Attributes
    ----------
    name
        As in results/summaries/NAME.
    columns
        Columns of the star table that the membership depends on.
    n_bins
        Number of bins, those without stars included.
    """

    name: str
    columns: tuple[str, ...]
    n_bins: int

    def coordinates(self) -> dict[str, tuple[np.ndarray, str | None]]:
        """Give the columns that describe the bins, each with its unit."""

    def membership(self, stars: dict[str, np.ndarray]) -> sparse.csr_array:
        """Give the n_bins x N matrix of N stars, one where a star is in a bin, else zero."""


def _matrix(bins: np.ndarray, stars: np.ndarray, n_bins: int, n_stars: int) -> sparse.csr_array:
    ones = np.ones(len(bins))
    return sparse.coo_array((ones, (bins, stars)), shape=(n_bins, n_stars)).tocsr()


@dataclass(frozen=True)
class PlaneGrid:
    """Overlapping circles around the points of a square grid (paper, figures 4 and 5).

    Attributes
    ----------
    name
        `xy` or `xz`: the two coordinates projected on.
    half_width_kpc, step_kpc
        The grid runs from -half_width to +half_width in steps.
    radius_kpc
        Of each circle; a star on its rim is inside.
    """

    name: str
    half_width_kpc: float
    step_kpc: float
    radius_kpc: float

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.name)

    @property
    def n_points(self) -> int:
        """Number of grid points along one axis."""
        return 2 * round(self.half_width_kpc / self.step_kpc) + 1

    @property
    def n_bins(self) -> int:
        return self.n_points**2

    def _points(self) -> np.ndarray:
        return (np.arange(self.n_points) - self.n_points // 2) * self.step_kpc

    def coordinates(self) -> dict[str, tuple[np.ndarray, str | None]]:
        first, second = np.meshgrid(self._points(), self._points(), indexing="ij")
        a, b = self.name
        return {a: (first.ravel(), "kpc"), b: (second.ravel(), "kpc")}

    def membership(self, stars: dict[str, np.ndarray]) -> sparse.csr_array:
        a, b = (stars[name] / self.step_kpc + self.n_points // 2 for name in self.name)
        near_a, near_b = np.rint(a).astype(int), np.rint(b).astype(int)
        reach = int(np.floor(self.radius_kpc / self.step_kpc + 0.5))
        limit = (self.radius_kpc / self.step_kpc) ** 2
        bins, members = [], []
        for i in range(-reach, reach + 1):
            for j in range(-reach, reach + 1):
                at_a, at_b = near_a + i, near_b + j
                inside = (a - at_a) ** 2 + (b - at_b) ** 2 <= limit
                inside &= (at_a >= 0) & (at_a < self.n_points)
                inside &= (at_b >= 0) & (at_b < self.n_points)
                (found,) = np.nonzero(inside)
                bins.append(at_a[found] * self.n_points + at_b[found])
                members.append(found)
        return _matrix(np.concatenate(bins), np.concatenate(members), self.n_bins, len(a))


@dataclass(frozen=True)
class HealpixSky:
    """Equal-area lines of sight: HEALPix, Galactic coordinates, RING order (paper, figure 6)."""

    nside: int
    name: str = "sky"
    columns: tuple[str, ...] = ("l", "b")

    @property
    def n_bins(self) -> int:
        return 12 * self.nside**2

    def coordinates(self) -> dict[str, tuple[np.ndarray, str | None]]:
        import healpy

        pixel = np.arange(self.n_bins)
        longitude, latitude = healpy.pix2ang(self.nside, pixel, lonlat=True)
        return {"pixel": (pixel, None), "l": (longitude, "deg"), "b": (latitude, "deg")}

    def membership(self, stars: dict[str, np.ndarray]) -> sparse.csr_array:
        import healpy

        pixel = healpy.ang2pix(self.nside, stars["l"], stars["b"], lonlat=True)
        return _matrix(pixel, np.arange(len(pixel)), self.n_bins, len(pixel))


@dataclass(frozen=True)
class RadialShells:
    """Equal shells in spherical radius, for the whole sky and for each quadrant (figures 9, 10).

    A shell holds its lower edge; the last one holds its upper edge, too. Quadrants, in the paper's
    numbering: 1 l > 180, b > 0; 2 l < 180, b > 0; 3 l < 180, b < 0; 4 l > 180, b < 0.
    """

    min_kpc: float
    max_kpc: float
    bins: int
    name: str = "radial"
    columns: tuple[str, ...] = ("r", "l", "b")

    @property
    def n_bins(self) -> int:
        return self.bins * len(QUADRANTS)

    def coordinates(self) -> dict[str, tuple[np.ndarray, str | None]]:
        edges = np.linspace(self.min_kpc, self.max_kpc, self.bins + 1)
        repeat = len(QUADRANTS)
        return {
            "quadrant": (np.repeat(QUADRANTS, self.bins), None),
            "r_lo": (np.tile(edges[:-1], repeat), "kpc"),
            "r_mid": (np.tile((edges[:-1] + edges[1:]) / 2, repeat), "kpc"),
            "r_hi": (np.tile(edges[1:], repeat), "kpc"),
        }

    def membership(self, stars: dict[str, np.ndarray]) -> sparse.csr_array:
        edges = np.linspace(self.min_kpc, self.max_kpc, self.bins + 1)
        r = stars["r"]
        shell = np.searchsorted(edges, r, side="right") - 1
        shell[r == self.max_kpc] = self.bins - 1
        (inside,) = np.nonzero((shell >= 0) & (shell < self.bins))
        east, north = stars["l"] < 180, stars["b"] > 0
        quadrant = np.where(north, np.where(east, 2, 1), np.where(east, 3, 4))
        bins = [shell[inside], quadrant[inside] * self.bins + shell[inside]]
        return _matrix(np.concatenate(bins), np.tile(inside, 2), self.n_bins, len(r))
