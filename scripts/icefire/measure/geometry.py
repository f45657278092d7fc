"""Bins of the maps and profiles: each geometry turns stars into a bins x stars membership matrix.

Overlapping circles, sky pixels and shells are all the same to the measurement: a sparse matrix
with a one where a star is in a bin. A new geometry is one small class with the same members, named
in GEOMETRIES, and a section of the configuration.
"""

# Annotations name scipy.sparse, which steps that only import this need not load.
from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import scipy

from icefire import cli
from icefire.errors import UserError
from icefire.stars import sky

# Quadrants of (l, b) in the paper's numbering (figure 10); 0 is the whole sky.
QUADRANTS = (0, 1, 2, 3, 4)


class Geometry(Protocol):
    """A set of bins.

    Attributes:
        name: As in results/summaries/NAME.
        columns: Columns of the star table that the membership depends on.
        kinds: The keys of its section of the configuration, and what reads their values.
        described_by: Columns of its summaries that tell bins apart; of a plane its two letters.
        n_bins: Number of bins, those without stars included.
    """

    def coordinates(self) -> dict[str, tuple[np.ndarray, str | None]]:
        """Give the columns that describe the bins, each with its unit."""

    def membership(self, stars: dict[str, np.ndarray]) -> scipy.sparse.csr_array:
        """Give the n_bins x N matrix of N stars, one where a star is in a bin, else zero."""


def _matrix(bins: np.ndarray, inside: np.ndarray, n_bins: int) -> scipy.sparse.csr_array:
    """Build the membership from each star's candidate bins and which of them it is in, N x K."""
    starts = np.concatenate([[0], np.cumsum(np.count_nonzero(inside, axis=1))])
    ones = np.ones(starts[-1], np.float32)
    # Star after star is the order of a column matrix; its rows come out sorted without a sort.
    return scipy.sparse.csc_array((ones, bins[inside], starts), shape=(n_bins, len(bins))).tocsr()


@dataclass(frozen=True)
class PlaneGrid:
    """Overlapping circles around the points of a square grid (paper, figures 4 and 5).

    Attributes:
        name: `xy` or `xz`: the two coordinates projected on.
        half_width_kpc, step_kpc: The grid runs from -half_width to +half_width in steps.
        radius_kpc: Of each circle; a star on its rim is inside.
    """

    name: str
    half_width_kpc: float
    step_kpc: float
    radius_kpc: float
    described_by: ClassVar = ()
    kinds: ClassVar = dict.fromkeys(("half_width_kpc", "step_kpc", "radius_kpc"), cli.positive)

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

    def membership(self, stars: dict[str, np.ndarray]) -> scipy.sparse.csr_array:
        reach = int(np.floor(self.radius_kpc / self.step_kpc + 0.5))
        around = np.arange(-reach, reach + 1)
        at, gap = [], []
        for name in self.name:
            place = stars[name] / self.step_kpc + self.n_points // 2
            near = np.rint(place)[:, None] + around
            beyond = (near < 0) | (near >= self.n_points)
            at.append(near.astype(np.int32))
            gap.append(np.where(beyond, np.inf, (place[:, None] - near) ** 2))
        bins = at[0][:, :, None] * self.n_points + at[1][:, None, :]
        inside = gap[0][:, :, None] + gap[1][:, None, :] <= (self.radius_kpc / self.step_kpc) ** 2
        flat = len(bins), len(around) ** 2
        return _matrix(bins.reshape(flat), inside.reshape(flat), self.n_bins)


@dataclass(frozen=True)
class HealpixSky:
    """Equal-area lines of sight: HEALPix, Galactic coordinates, RING order (paper, figure 6)."""

    nside: int
    name: str = "sky"
    columns: tuple[str, ...] = ("l", "b")
    described_by: ClassVar = ("pixel", "l", "b")
    kinds: ClassVar = {"nside": cli.power_of_two}

    @property
    def n_bins(self) -> int:
        return 12 * self.nside**2

    def coordinates(self) -> dict[str, tuple[np.ndarray, str | None]]:
        longitude, latitude = sky.pixel_centres(self.nside)
        return {
            "pixel": (np.arange(self.n_bins), None),
            "l": (longitude, "deg"),
            "b": (latitude, "deg"),
        }

    def membership(self, stars: dict[str, np.ndarray]) -> scipy.sparse.csr_array:
        pixel = sky.pixels(self.nside, stars["l"], stars["b"])
        return _matrix(pixel[:, None], np.ones((len(pixel), 1), bool), self.n_bins)


@dataclass(frozen=True)
class RadialShells:
    """Equal shells in spherical radius, for the whole sky and for each quadrant (figures 9, 10).

    A shell holds its lower edge; the last one holds its upper edge, too. Quadrants, in the paper's
    numbering: 1 l > 180, b > 0; 2 l < 180, b > 0; 3 l < 180, b < 0; 4 l > 180, b < 0; a star at
    l = 180 counts with those beyond, one at b = 0 with those below, so that each is in one.
    """

    min_kpc: float
    max_kpc: float
    bins: int
    name: str = "radial"
    columns: tuple[str, ...] = ("r", "l", "b")
    described_by: ClassVar = ("quadrant", "r_lo", "r_mid", "r_hi")
    kinds: ClassVar = {"min_kpc": cli.not_negative, "max_kpc": cli.positive, "bins": cli.count}

    def __post_init__(self):
        if self.min_kpc >= self.max_kpc:
            raise UserError("--geometry-radial-min-kpc must be below --geometry-radial-max-kpc")

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

    def membership(self, stars: dict[str, np.ndarray]) -> scipy.sparse.csr_array:
        edges = np.linspace(self.min_kpc, self.max_kpc, self.bins + 1)
        r = stars["r"]
        shell = np.searchsorted(edges, r, side="right") - 1
        shell[r == self.max_kpc] = self.bins - 1
        inside = (shell >= 0) & (shell < self.bins)
        east, north = stars["l"] < 180, stars["b"] > 0
        quadrant = np.where(north, np.where(east, 2, 1), np.where(east, 3, 4))
        bins = np.column_stack([shell, quadrant * self.bins + shell])
        return _matrix(bins, np.column_stack([inside, inside]), self.n_bins)


# By name, in the order of the configuration
GEOMETRIES = {"xy": PlaneGrid, "xz": PlaneGrid, "sky": HealpixSky, "radial": RadialShells}
COORDINATES = {name: kind.described_by or tuple(name) for name, kind in GEOMETRIES.items()}
SECTIONS = {name: cli.Section(f"geometry.{name}", kind.kinds) for name, kind in GEOMETRIES.items()}


def configured(parameters: argparse.Namespace | Mapping) -> list[Geometry]:
    """Make all geometries from arguments, or from the parameters that tables carry.

    Raises UserError when shells do not go outward.
    """
    return [
        kind(name=name, **SECTIONS[name].values(parameters)) for name, kind in GEOMETRIES.items()
    ]
