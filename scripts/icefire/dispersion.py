"""The measurement: velocity dispersions and anisotropy of every bin, in every realisation.

For each bin and realisation four additive sums over its stars are enough: of weights, weighted
velocities, their squares, and weighted error variances. All bins of all geometries are the rows of
one sparse membership matrix, all realisations the columns of one dense matrix, and their product
is the sums. Stars are taken in blocks, realisations in groups, so that neither has to fit in
memory; the blocks are of a fixed size, so that no result depends on the memory allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from icefire.geometry import Geometry
from icefire.realisations import COMPONENTS, Recipe

# Stars per block: a constant, because sums of blocks are rounded as they are added.
STARS_AT_ONCE = 16384
# Realisations drawn and multiplied together: bounds the scratch memory, changes no result.
_DRAWN_AT_ONCE = 16
QUANTITIES = ("sigma_r", "sigma_phi", "sigma_theta", "beta")
# Column name endings and the quantiles behind them: median, 68 % and 95 % intervals (section 2)
QUANTILES = {"": 0.5, "_lo68": 0.16, "_hi68": 0.84, "_lo95": 0.025, "_hi95": 0.975}


@dataclass
class Measurement:
    """Dispersions of one geometry's bins.

    Attributes
    ----------
    n_stars
        Stars per bin, all n_bins of them.
    bins
        Indices of the B bins with enough stars.
    variance
        R x B x 3 variances of (v_r, v_phi, v_theta) in R realisations, km2/s2. With errors
        subtracted they can be negative.
    """

    n_stars: np.ndarray
    bins: np.ndarray
    variance: np.ndarray


def measure(
    blocks: Callable[[], Iterable[dict[str, np.ndarray]]],
    n_stars: int,
    geometries: Sequence[Geometry],
    recipe: Recipe,
    seed: int,
    sample: str,
    numbers: Sequence[int],
    min_stars: int,
    max_memory_mb: float,
    progress: Callable = lambda items, total, label: items,
) -> dict[str, Measurement]:
    """Measure the variances of all bins of several geometries from the same realisations.

    Parameters
    ----------
    blocks
        Gives, each time it is called, the sample block by block (STARS_AT_ONCE stars, the last
        one fewer), with the columns of `realisations.COLUMNS` and of every geometry.
    n_stars
        Number of stars in the sample.
    geometries, recipe
        The bins, and how each realisation weights and perturbs the stars.
    seed, sample, numbers
        Name the random streams: realisations `numbers` of `sample`.
    min_stars
        Bins with fewer stars are not measured (paper, section 2).
    max_memory_mb
        Aim for the memory of the sums; whatever it is, the results are the same.
    progress
        Wraps an iterable to show how far the work is.
    """
    counts, mean = _count(blocks, geometries)
    kept = [np.flatnonzero(count >= min_stars) for count in counts]
    n_rows = sum(len(rows) for rows in kept)
    n_sums = 10 if recipe.subtract_errors else 7
    per_realisation = max(n_rows, 1) * n_sums * 8
    group = int(np.clip(0.5e6 * max_memory_mb / per_realisation, 1, max(len(numbers), 1)))
    groups = [numbers[start : start + group] for start in range(0, len(numbers), group)]

    in_memory = _InMemory(blocks, geometries, kept, n_stars)
    variance = np.empty((len(numbers), n_rows, 3), np.float32)
    done = 0
    for some in progress(groups, len(groups), "realisations"):
        sums = np.zeros((n_rows, len(some), n_sums))
        streams = recipe.start(seed, sample, some, n_stars)
        for stars, members in in_memory:
            for start in range(0, len(some), _DRAWN_AT_ONCE):
                part = slice(start, start + _DRAWN_AT_ONCE)
                columns = _columns(recipe, streams[part], stars, mean, n_sums)
                product = members @ columns.reshape(len(columns), -1)
                sums[:, part] += product.reshape(n_rows, -1, n_sums)
        variance[done : done + len(some)] = variances(sums, recipe.subtract_errors).transpose(
            1, 0, 2
        )
        done += len(some)

    found, row = {}, 0
    for geometry, count, bins in zip(geometries, counts, kept, strict=True):
        found[geometry.name] = Measurement(count, bins, variance[:, row : row + len(bins)])
        row += len(bins)
    return found


def _count(blocks: Callable, geometries: Sequence[Geometry]) -> tuple[list, np.ndarray]:
    """Count the stars of every bin, and find the mean velocity that the sums are taken about."""
    counts = [np.zeros(geometry.n_bins, np.int64) for geometry in geometries]
    total, number = np.zeros(3), 0
    for stars in blocks():
        for count, geometry in zip(counts, geometries, strict=True):
            count += np.diff(geometry.membership(stars).indptr)
        total += [stars[name].sum() for name in COMPONENTS]
        number += len(stars["v_r"])
    return counts, total / max(number, 1)


class _InMemory:
    """The blocks of stars with their membership, kept if the sample is small, else made again."""

    _SMALL = 500_000

    def __init__(self, blocks: Callable, geometries, kept, n_stars: int):
        self._blocks, self._geometries, self._kept = blocks, geometries, kept
        self._held = list(self._make()) if n_stars <= self._SMALL else None

    def _make(self):
        for stars in self._blocks():
            rows = [
                geometry.membership(stars)[bins]
                for geometry, bins in zip(self._geometries, self._kept, strict=True)
            ]
            yield stars, sparse.vstack(rows, format="csr")

    def __iter__(self):
        return iter(self._held) if self._held is not None else self._make()


def _columns(recipe: Recipe, streams, stars: dict, mean: np.ndarray, n_sums: int) -> np.ndarray:
    """Give what is summed: N x realisations x (w, w v, w v2 and perhaps w error2)."""
    weights, velocities = recipe.draw(streams, stars)
    columns = np.empty((weights.shape[1], weights.shape[0], n_sums))
    columns[:, :, 0] = weights.T
    for i, name in enumerate(COMPONENTS):
        velocity = (velocities[:, :, i] - mean[i]).T
        columns[:, :, 1 + i] = columns[:, :, 0] * velocity
        columns[:, :, 4 + i] = columns[:, :, 1 + i] * velocity
        if n_sums == 10:
            columns[:, :, 7 + i] = columns[:, :, 0] * stars[f"{name}_error"][:, None] ** 2
    return columns


def variances(sums: np.ndarray, subtract_errors: bool) -> np.ndarray:
    """Turn sums into variances.

    Parameters
    ----------
    sums
        Last axis: sum of w; of w v (3 components); of w v2 (3); and, if `subtract_errors`, of
        w error2 (3).
    subtract_errors
        False: the plain variance, sum of squares over n, as numpy.std has it. True: the unbiased
        one, with n/(n-1), less the mean error variance (n is the sum of weights).

    Returns
    -------
    ndarray
        Last axis: variances of the 3 components; NaN where fewer than two stars have weight.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = sums[..., :1]
        variance = sums[..., 4:7] / weight - (sums[..., 1:4] / weight) ** 2
        variance = np.maximum(variance, 0)
        if subtract_errors:
            variance = variance * (weight / (weight - 1)) - sums[..., 7:10] / weight
        return np.where(weight > 1, variance, np.nan)


def anisotropy(variance: np.ndarray) -> np.ndarray:
    """Compute beta = 1 - (sigma_phi^2 + sigma_theta^2) / (2 sigma_r^2) from variances (section 1).

    The last axis of `variance` is (v_r, v_phi, v_theta); NaN where the radial variance is not
    positive.
    """
    radial = variance[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        beta = 1 - (variance[..., 1] + variance[..., 2]) / (2 * radial)
    return np.where(radial > 0, beta, np.nan)


def summarise(variance: np.ndarray) -> dict[str, np.ndarray]:
    """Reduce R x B x 3 variances to medians and intervals of sigma and beta, B values each.

    Keys are the column names of the summary tables: QUANTITIES with the endings of QUANTILES. A
    variance that the subtraction of errors made negative counts as a dispersion of zero.
    """
    variance = variance.astype(float)
    sigma = np.sqrt(np.maximum(variance, 0))
    values = [sigma[..., 0], sigma[..., 1], sigma[..., 2], anisotropy(variance)]
    found = {}
    for name, value in zip(QUANTITIES, values, strict=True):
        quantile = np.nanquantile if np.isnan(value).any() else np.quantile
        if value.size:
            levels = quantile(value, list(QUANTILES.values()), axis=0)
        else:
            levels = np.full((len(QUANTILES), value.shape[1]), np.nan)
        for ending, level in zip(QUANTILES, levels, strict=True):
            found[name + ending] = level
    return found
