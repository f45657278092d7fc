"""The cuts of the paper's section 2: Sagittarius, Aleph, the halo, in situ and accreted.

Every comparison is written so that a star with a missing value fails it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Line:
    """A straight line in the ([Fe/H], [alpha/Fe]) plane: slope, and intercept in dex."""

    slope: float
    intercept: float

    def above(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        """Tell which stars have more [alpha/Fe] than the line; false where either is NaN."""
        return afe > self.slope * feh + self.intercept

    def below(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        """Tell which stars have less [alpha/Fe] than the line; false where either is NaN."""
        return afe < self.slope * feh + self.intercept


def in_sagittarius(
    stars: dict[str, np.ndarray],
    ly_intercept_kpc_km_s: float,
    ly_slope: float,
    max_lx_ratio: float,
    spared: Line | None,
) -> np.ndarray:
    """Tell which of N stars are in the Sagittarius stream (Johnson et al. 2020).

    They have Ly < intercept + slope Lz and |Lx| < ratio sqrt(Ly^2 + Lz^2), in kpc km/s, and are
    not above the line `spared` in chemistry; None for a survey without [alpha/Fe] spares no star.
    """
    lx, ly, lz = stars["lx"], stars["ly"], stars["lz"]
    moves = (ly < ly_intercept_kpc_km_s + ly_slope * lz) & (
        np.abs(lx) < max_lx_ratio * np.hypot(ly, lz)
    )
    return moves & ~spared.above(stars["feh"], stars["afe"]) if spared else moves


@dataclass(frozen=True)
class Polygon:
    """In situ inside a polygon of the ([Fe/H], [alpha/Fe]) plane, accreted outside (figure 2)."""

    vertices: tuple[tuple[float, float], ...]

    def insitu(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        """Tell which stars are in situ; false where either value is NaN."""
        from matplotlib.path import Path

        closed = [*self.vertices, self.vertices[0]]
        points = np.column_stack([feh, afe])
        inside = np.zeros(len(points), bool)
        known = np.isfinite(points).all(axis=1)
        inside[known] = Path(closed, closed=True).contains_points(points[known])
        return inside

    def accreted(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        """Tell which stars are accreted; false where either value is NaN."""
        return np.isfinite(feh) & np.isfinite(afe) & ~self.insitu(feh, afe)


@dataclass(frozen=True)
class FehRanges:
    """In situ above one [Fe/H], accreted below another: the proxy where there is no [alpha/Fe]."""

    insitu_min: float
    accreted_max: float

    def insitu(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        """Tell which stars are in situ."""
        return feh > self.insitu_min

    def accreted(self, feh: np.ndarray, afe: np.ndarray) -> np.ndarray:
        """Tell which stars are accreted."""
        return feh < self.accreted_max


def aleph_candidate(
    stars: dict[str, np.ndarray], insitu: np.ndarray, low_alpha: Line
) -> np.ndarray:
    """Tell which of N stars would be in Aleph if their orbit is round enough (paper, figure 2).

    Low-alpha in-situ stars on prograde orbits, that is Lz < 0.
    """
    return insitu & low_alpha.below(stars["feh"], stars["afe"]) & (stars["lz"] < 0)
