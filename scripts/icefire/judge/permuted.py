"""The stars that claims are about, and the dispersions of their bins as they are and permuted.

A null hypothesis permutes whole velocity vectors, each with its errors, among stars at the same r,
or at the same r and of the same population. Positions stay, so where the survey looks and how deep
drop out. All bins are rows of one membership matrix, as in measure/dispersion, and what a
permutation changes are the velocities that its columns meet.
"""

# Annotations name scipy.sparse, which steps that only import this need not load.
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import scipy

from icefire.judge.published import Published
from icefire.judge.strata import AT_ONCE, Permutation, stream, streams
from icefire.measure import dispersion
from icefire.measure.geometry import HealpixSky, RadialShells
from icefire.measure.recipes import COMPONENTS

COLUMNS = (
    *("l", "b", "x", "y", "z", "r", "ra", "feh", *COMPONENTS),
    *(f"{name}_error" for name in COMPONENTS),
)
# As in asymmetry.compositions
ACCRETED, INSITU = 0, 1


@dataclass(frozen=True)
class Halo:
    """The halo sample in its bins.

    Attributes:
        stars: Columns of the N stars.
        population: ACCRETED, INSITU or another number for neither, N values.
        members: B x N, one where a star is in a bin.
        rows: Which of the B bins are which: `sky`, `sky_accreted` and `sky_insitu` (lines of
            sight), `accreted` and `insitu` (shells), `first` and `fourth` (quadrants), `cold` and
            `hot` (figure 5), `all_accreted` and `all_insitu`; and where values were published:
            `near_accreted` and `near_insitu`, `far`, `published_beta`.
        published: Those values: `near`, `far` and `beta`.
    """

    stars: dict[str, np.ndarray]
    population: np.ndarray
    members: scipy.sparse.csr_array
    rows: dict[str, slice]
    published: Mapping[str, Published] = field(default_factory=dict)

    @property
    def n_stars(self) -> np.ndarray:
        """Stars per bin, B values."""
        return np.diff(self.members.indptr)

    @property
    def position(self) -> np.ndarray:
        """Galactocentric, kpc, 3 x N."""
        return np.array([self.stars[name] for name in ("x", "y", "z")], float)

    def in_sky(self, population: int) -> np.ndarray:
        """Count a population's stars in every line of sight."""
        ours = (self.population == population).astype(float)
        return np.rint(self.members[self.rows["sky"]] @ ours).astype(int)


def halo_of(
    stars: dict[str, np.ndarray],
    population: np.ndarray,
    sky: HealpixSky,
    shells: RadialShells,
    published: Mapping[str, Published] | None = None,
) -> Halo:
    """Put the halo's N stars into bins."""
    accreted, insitu = population == ACCRETED, population == INSITU
    x, z, l, b = (stars[name] for name in ("x", "z", "l", "b"))  # noqa: E741
    whole = shells.membership(stars)[: shells.bins]
    pixels = sky.membership(stars)
    # In this order, because permutations need the first ones only
    parts = {
        "sky": pixels,
        "cold": insitu & (x < -15) & (np.abs(z) < 10),
        "hot": insitu & (x > -8) & (z > 10),
        "sky_accreted": pixels.multiply(accreted),
        "sky_insitu": pixels.multiply(insitu),
        "accreted": whole.multiply(accreted),
        "insitu": whole.multiply(insitu),
        # Quadrants as in RadialShells
        "first": (l >= 180) & (b > 0),
        "fourth": (l >= 180) & (b <= 0),
        "all_accreted": accreted,
        "all_insitu": insitu,
    }
    for name, values, ours in (
        ("near_accreted", "near", accreted),
        ("near_insitu", "near", insitu),
        ("far", "far", True),
        ("published_beta", "beta", True),
    ):
        if published and values in published:
            parts[name] = published[values].inside(stars["r"]) & ours
        else:
            parts[name] = np.zeros((0, len(accreted)), bool)
    parts = {
        name: scipy.sparse.csr_array(np.atleast_2d(part).astype(float))
        if isinstance(part, np.ndarray)
        else part
        for name, part in parts.items()
    }
    ends = np.cumsum([part.shape[0] for part in parts.values()])
    rows = {
        name: slice(int(end - part.shape[0]), int(end))
        for (name, part), end in zip(parts.items(), ends, strict=True)
    }
    members = scipy.sparse.vstack(list(parts.values()), format="csr").astype(float)
    members.eliminate_zeros()
    return Halo(stars, population, members, rows, published or {})


def products(stars: dict[str, np.ndarray], components: int = 3) -> np.ndarray:
    """Give what is summed over a bin's stars: v and v2 of each component, error2 of each; N x 3c.

    Of the first c = `components` of COMPONENTS.
    """
    columns = []
    for name in COMPONENTS[:components]:
        v = stars[name] - (stars[name].mean() if len(stars[name]) else 0)
        columns += [v, v**2]
    columns += [stars[f"{name}_error"] ** 2 for name in COMPONENTS[:components]]
    return np.column_stack(columns)


def measured(halo: Halo) -> np.ndarray:
    """Measure the variances of all bins, errors taken off: 3 x B x 1, km2/s2."""
    return _variances(halo.n_stars, (halo.members @ products(halo.stars))[None])


def resampled(halo: Halo, seed: int, number: int) -> np.ndarray:
    """Measure them in Poisson(1) resamples of the stars: 3 x B x `number`."""
    sums = []
    of_stars = np.column_stack([np.ones(len(halo.population)), products(halo.stars)])
    for k in range(number):
        weights = stream(seed, "resamples", "claims", k).poisson(1.0, len(of_stars))
        sums.append(halo.members @ (weights[:, None] * of_stars))
    array = np.array(sums).transpose(2, 1, 0)
    return dispersion.variances(array, 1)


def permuted(
    halo: Halo,
    labels: np.ndarray,
    seed: int,
    null: str,
    number: int,
    last: str = "",
    components: int = 3,
) -> np.ndarray:
    """Measure them `number` times, velocities permuted within strata: `components` x B x `number`.

    Of the bins up to those called `last`, if a name is given.
    """
    n_stars = halo.n_stars[: halo.rows[last].stop if last else None]
    permutation = Permutation(labels)
    # Stars of a stratum side by side are near in memory, too.
    bins, of_stars = _cells(halo.members[: len(n_stars), permutation.order])
    values = products(halo.stars, components)[permutation.order]
    columns = values.shape[1]
    variance = np.empty((components, len(n_stars), number))
    for generator, places, drawn in streams(seed, null, "claims", range(number)):
        sums = np.zeros((bins.shape[1], AT_ONCE * columns))
        for stars, taken in permutation.permuted(values, generator):
            cells, of_these = np.unique(of_stars[stars], return_inverse=True)
            ones, these = np.ones(len(taken)), np.arange(len(taken))
            adding = scipy.sparse.csr_array((ones, (of_these, these)))
            sums[cells] += adding @ taken.reshape(len(taken), -1)
        of_bins = (bins @ sums).reshape(-1, AT_ONCE, columns).transpose(1, 0, 2)
        variance[:, :, places] = _variances(n_stars, of_bins[drawn])
    return variance


def _cells(members: scipy.sparse.csr_array) -> tuple[scipy.sparse.csr_array, np.ndarray]:
    """Put stars that are in the same bins into one cell: bins x cells, and the cell of each star.

    Of many stars there are few cells, and each star is in one.
    """
    of_stars = members.tocsc()
    number = np.diff(of_stars.indptr)
    listed = np.full((len(number), number.max(initial=0)), -1)
    listed[np.arange(listed.shape[1]) < number[:, None]] = of_stars.indices
    _, first, cell = np.unique(listed, axis=0, return_index=True, return_inverse=True)
    return of_stars[:, first].tocsr(), cell.ravel()


def _variances(n_stars: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Make variances, c x B x P, of sums of bins, P x B x 3c."""
    counts = np.broadcast_to(n_stars[None, :, None], (*sums.shape[:2], 1))
    return dispersion.variances(np.concatenate([counts, sums], axis=2).transpose(2, 1, 0), 1)
