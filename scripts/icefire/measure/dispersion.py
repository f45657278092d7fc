"""The measurement: velocity dispersions and anisotropy of every bin, in every realisation.

For each bin and realisation four additive sums over its stars are enough: of weights, weighted
velocities, their squares, and weighted error variances. All bins of all geometries are the rows of
one sparse membership matrix, all realisations the columns of dense matrices, and their products
are the sums. Stars are taken in blocks, realisations in groups, so that neither has to fit in
memory. Blocks have one fixed size and realisations do not mix, so no result depends on the memory
allowed, nor on how the realisations are shared among jobs.

Velocities are summed about the sample's mean, in single precision within a block and in double
across blocks. A bin whose mean is far from the sample's, so that its variance is a small
difference of large sums, is summed in double precision throughout.
"""

# Annotations name scipy.sparse, which steps that only import this need not load.
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from icefire.errors import UserError
from icefire.measure.geometry import Geometry
from icefire.measure.intervals import reflected
from icefire.measure.recipes import COMPONENTS, Recipe

# Stars per block: a constant, because rounding depends on it. Not a power of two, which would
# put one star's values in all realisations on the same few lines of the processor's cache.
STARS_AT_ONCE = 5300
# Realisations multiplied together: bounds the scratch memory, changes no result.
_DRAWN_AT_ONCE = 48
# Bins whose sums become variances together: keeps them in the processor's cache.
_ROWS_AT_ONCE = 256
# Samples up to this size keep their membership in memory instead of building it for each group.
_HELD = 500_000
# A bin is summed in double precision where its mean is this many dispersions off the sample's.
_FAR = 1.0
QUANTITIES = ("sigma_r", "sigma_phi", "sigma_theta", "beta")
# Column name endings and the quantiles behind them: median, 68 % and 95 % intervals (section 2)
QUANTILES = {"": 0.5, "_lo68": 0.16, "_hi68": 0.84, "_lo95": 0.025, "_hi95": 0.975}


@dataclass
class Measurement:
    """Dispersions of one geometry's bins.

    Attributes:
        n_stars: Stars per bin, all n_bins of them.
        bins: Indices of the B bins with enough stars.
        variance: B x 3 x R variances of (v_r, v_phi, v_theta) in R realisations, km2/s2. With
            errors subtracted they can be negative.
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

    Parameters:
        blocks: Gives, each time it is called, the sample block by block (STARS_AT_ONCE stars, the
            last one fewer), with the columns of `realisations.COLUMNS` and of every geometry.
        n_stars: Number of stars in the sample.
        geometries, recipe: The bins, and how each realisation weights and perturbs the stars.
        seed, sample, numbers: Name the random streams: realisations `numbers` of `sample`.
        min_stars: Bins with fewer stars are not measured (paper, section 2).
        max_memory_mb: Aim for the memory of the sums; whatever it is, the results are the same.
        progress: Wraps an iterable to show how far the work is.
    """
    survey = Survey(blocks, geometries, min_stars, n_stars)
    n_sums = 10 if recipe.subtracted else 7
    held = None
    if survey.held is not None:
        held, survey.held = list(survey.prepared(recipe)), None
    size = _DRAWN_AT_ONCE
    if held is None:
        # The stars are read once per group, so a group is as large as memory allows.
        per_realisation = 8 * n_sums * max(survey.n_rows, 1)
        size = int(max(0.8e6 * max_memory_mb / per_realisation, 1))
    groups = [numbers[start : start + size] for start in range(0, len(numbers), size)]

    check_memory(survey.n_rows, len(numbers), max_memory_mb)
    variance = np.empty((3, survey.n_rows, len(numbers)), np.float32)
    # One array for all groups: fresh memory costs more than the work done in it.
    all_sums = np.empty((n_sums, survey.n_rows, min(size, len(numbers))))
    done = 0
    for group in progress(groups, len(groups), "realisations"):
        sums = all_sums[:, :, : len(group)]
        streams = recipe.start(seed, sample, group, n_stars)
        for block in held if held is not None else survey.prepared(recipe):
            for start in range(0, len(group), _DRAWN_AT_ONCE):
                part = slice(start, start + _DRAWN_AT_ONCE)
                drawn = recipe.draw(streams[part], block.stars)
                block.add(sums[:, :, part], *drawn, recipe.zeroed)
        _finish(sums, survey, recipe, variance[:, :, done : done + len(group)])
        done += len(group)
    return _by_geometry(variance, survey, geometries)


def _finish(sums: np.ndarray, survey: Survey, recipe: Recipe, variance: np.ndarray) -> None:
    """Turn the sums of a group of realisations into its variances, some rows at a time.

    The sums' rows are ordered by precision, the variances' by geometry and bin.
    """
    for start in range(0, survey.n_rows, _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        realised = variances(sums[:, rows], recipe.subtracted)
        if recipe.resampled:
            realised = reflected(realised, *survey.sample(rows, recipe.subtracted))
        variance[:, survey.order[rows]] = realised


def _by_geometry(
    variance: np.ndarray, survey: Survey, geometries: Sequence[Geometry]
) -> dict[str, Measurement]:
    """Give each geometry its own rows."""
    measured, row = {}, 0
    for geometry, count, bins in zip(geometries, survey.counts, survey.kept, strict=True):
        part = variance[:, row : row + len(bins)]
        measured[geometry.name] = Measurement(count, bins, part.transpose(1, 0, 2))
        row += len(bins)
    return measured


def check_memory(n_bins: int, realisations: int, max_memory_mb: float) -> None:
    """Refuse more variances than memory holds. Raises UserError with the remedy."""
    if 12e-6 * n_bins * realisations > max_memory_mb:
        raise UserError(
            f"{realisations} realisations of {n_bins} bins need more memory than"
            f" {max_memory_mb:g} MB; raise montecarlo.shards or montecarlo.max_memory_mb"
        )


class Survey:
    """A first look at the stars: which bins are measured, about which mean, how precisely.

    Attributes:
        mean: Of the sample's velocities, km/s.
        counts, kept: Of each geometry: stars per bin, and the bins with at least `min_stars`.
        of_all_bins: Stars per bin, all geometries one after the other.
        held: The blocks of stars with their memberships, where they are few enough to be kept.
    """

    def __init__(
        self, blocks: Callable, geometries: Sequence[Geometry], min_stars: int, n_stars: int
    ):
        self._blocks, self._geometries = blocks, geometries
        hold = n_stars <= _HELD
        self.held = [(stars, self._members(stars)) for stars in blocks()] if hold else None
        n_bins = sum(geometry.n_bins for geometry in geometries)
        total, number = np.zeros(3), 0
        for stars in blocks():
            total += [stars[name].sum() for name in COMPONENTS]
            number += len(stars["v_r"])
        self.mean = total / max(number, 1)
        sums = np.zeros((n_bins, 16))
        for stars, members in self.looked_at():
            v = np.column_stack([stars[name] for name in COMPONENTS]) - self.mean
            error = np.column_stack([stars[f"{name}_error"] for name in COMPONENTS])
            sums += members @ np.column_stack([np.ones(len(v)), v, v**2, v**3, v**4, error**2])

        self.of_all_bins = counts = sums[:, 0].astype(np.int64)
        edges = np.cumsum([geometry.n_bins for geometry in geometries])[:-1]
        self.counts = np.split(counts, edges)
        self.kept = [np.flatnonzero(count >= min_stars) for count in self.counts]
        rows = np.flatnonzero(counts >= min_stars)
        mean = sums[rows, 1:4] / counts[rows, None]
        spread = np.maximum(sums[rows, 4:7] / counts[rows, None] - mean**2, 0)
        far = (mean**2 > _FAR**2 * spread).any(axis=1)
        # Near bins first: of all rows of the sums, the first n_near are in single precision.
        self.order = np.concatenate([np.flatnonzero(~far), np.flatnonzero(far)])
        self.n_rows, self._n_near = len(rows), int(np.count_nonzero(~far))
        self._rows = rows[self.order]
        self._sums = sums[self._rows]

    def sample(self, some: slice, subtracted: int) -> tuple[np.ndarray, ...]:
        """Give what `reflected` needs of some rows: variances, errors, kurtoses, numbers of stars.

        Variances of stars that all move alike are zero; their kurtosis counts as a Gaussian's.
        """
        sums = self._sums[some].T
        n = sums[0]
        mean, square, cube, fourth = (sums[1:13] / n).reshape(4, 3, -1)
        variance = np.maximum(square - mean**2, 0)
        fourth = fourth - 4 * mean * cube + 6 * mean**2 * square - 3 * mean**4
        kurtosis = np.full(variance.shape, 3.0)
        np.divide(fourth, variance**2, out=kurtosis, where=variance**2 > 0)
        return variance * (n / (n - 1)), subtracted * sums[13:] / n, kurtosis, n

    def looked_at(self) -> Iterator[tuple[dict, scipy.sparse.csr_array]]:
        """Give each block with its membership in all bins, from memory where it is held."""
        if self.held is not None:
            yield from self.held
        else:
            yield from ((stars, self._members(stars)) for stars in self._blocks())

    def _members(self, stars: dict) -> scipy.sparse.csr_array:
        matrices = [geometry.membership(stars) for geometry in self._geometries]
        return scipy.sparse.vstack(matrices, format="csr")

    def prepared(self, recipe: Recipe) -> Iterator[_Block]:
        """Give the blocks of stars, each with its membership in the measured bins."""
        for number, (stars, members) in enumerate(self.looked_at()):
            prepared, errors = recipe.prepare(stars, self.mean), None
            if recipe.subtracted:
                squares = [stars[f"{name}_error"] ** 2 for name in COMPONENTS]
                errors = np.array(squares, np.float32)[:, :, None]
            yield _Block(prepared, members[self._rows], self._n_near, errors, first=number == 0)


class _Block:
    """A block of stars, and how it adds to the sums of all measured bins."""

    def __init__(
        self,
        stars: dict,
        members: scipy.sparse.csr_array,
        n_near: int,
        errors: np.ndarray | None,
        first: bool,
    ):
        self.stars = stars
        self._n_near, self._errors, self._first = n_near, errors, first
        self._near = members[:n_near].astype(np.float32)
        # Far bins are few, and so are their stars: only these are ever taken in double precision.
        far = members[n_near:].astype(np.float64)
        self._far_stars = np.unique(far.indices)
        self._far = far[:, self._far_stars]

    def add(
        self, sums: np.ndarray, weights: np.ndarray, velocities: np.ndarray, zeroed: bool
    ) -> None:
        """Add this block's stars to `sums`, which are quantities x bins x realisations.

        The first block sets them, whatever was there.
        """
        drawn = (weights, velocities, self._errors)
        some = [a if a is None else np.take(a, self._far_stars, -2).astype(float) for a in drawn]
        for members, rows, parts in (
            (self._far, slice(self._n_near, None), some),
            (self._near, slice(self._n_near), drawn),
        ):
            for total, moment in zip(sums, _moments(*parts, zeroed), strict=True):
                if self._first:
                    total[rows] = members @ moment
                else:
                    total[rows] += members @ moment


def _moments(weights, velocities, errors, zeroed: bool) -> Iterator[np.ndarray]:
    """Give what is summed: w; for each component w v and w v2; perhaps for each w error2.

    One N x G array after the other, each good until the next one is asked for.
    """
    yield weights
    scratch = np.empty_like(weights)
    for velocity in velocities:
        first = velocity if zeroed else np.multiply(weights, velocity, out=scratch)
        yield first
        yield np.multiply(first, velocity, out=scratch)
    if errors is not None:
        for error in errors:
            yield np.multiply(weights, error, out=scratch)


def variances(sums: np.ndarray, subtracted: int | None) -> np.ndarray:
    """Turn sums into variances.

    Parameters:
        sums: First axis: sum of w; of w v and w v2, for each component (the 3, or fewer); and, if
            `subtracted` is one or more, of w error2, for each.
        subtracted: None: the plain variance, sum of squares over n, as numpy.std has it. A number:
            the unbiased one, with n/(n-1), less so many times the mean error variance (n is the sum
            of weights).

    Returns: First axis: variances of the components; NaN where the weights add up to one or less.
    """
    weight, end = sums[0], 1 + 2 * (len(sums) // (3 if subtracted else 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(weight > 1, 1 / weight, np.nan)
        mean = sums[1:end:2] * share
        variance = sums[2:end:2] * share
        mean *= mean
        variance -= mean
        np.maximum(variance, 0, out=variance)
        if subtracted is not None:
            variance *= weight / (weight - 1)
        if subtracted:
            variance -= subtracted * sums[end:] * share
    return variance


def anisotropy(variance: np.ndarray) -> np.ndarray:
    """Compute beta = 1 - (sigma_phi^2 + sigma_theta^2) / (2 sigma_r^2) from variances (section 1).

    The first axis of `variance` is (v_r, v_phi, v_theta); NaN where the radial variance is not
    positive.
    """
    radial = variance[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        beta = 1 - (variance[1] + variance[2]) / (2 * radial)
    return np.where(radial > 0, beta, np.nan)


def summarise(variance: np.ndarray) -> dict[str, np.ndarray]:
    """Reduce B x 3 x R variances to medians and intervals of sigma and beta, B values each.

    Keys are the column names of the summary tables: QUANTITIES with the endings of QUANTILES. A
    variance that the subtraction of errors made negative counts as a dispersion of zero, and an
    anisotropy above one, which nothing else can make, as one.
    """
    components = variance.transpose(1, 0, 2)
    levels = tuple(QUANTILES.values())
    # A dispersion's order statistics are those of its variance, so the roots can wait.
    found = [quantiles(part, levels, lambda v: np.sqrt(np.maximum(v, 0))) for part in components]
    found.append(quantiles(anisotropy(components), levels, lambda beta: np.minimum(beta, 1)))
    return {
        quantity + ending: values
        for quantity, rows in zip(QUANTITIES, found, strict=True)
        for ending, values in zip(QUANTILES, rows, strict=True)
    }


def quantiles(
    values: np.ndarray, levels: tuple[float, ...], increasing: Callable = lambda values: values
) -> np.ndarray:
    """Compute quantiles along the last axis, leaving NaN out: B x R in, levels x B out.

    Of an increasing function of the values, if one is given. Linear between order statistics, as
    numpy.nanquantile has it, which needs many times as long because it selects for each row and
    level anew where one sort serves all.
    """
    ordered = np.sort(values, axis=-1)  # NaN last, so that only rows that end in one have any
    n_valid = np.full(len(values), values.shape[-1])
    gaps = np.flatnonzero(np.isnan(ordered[:, -1]))
    n_valid[gaps] -= np.count_nonzero(np.isnan(ordered[gaps]), axis=-1)
    found = np.empty((len(levels), len(values)))
    for i, level in enumerate(levels):
        place = level * np.maximum(n_valid - 1, 0)
        below = place.astype(int)
        above = np.minimum(below + 1, np.maximum(n_valid - 1, 0))
        low, high = (
            increasing(np.take_along_axis(ordered, at[:, None], axis=-1)[:, 0].astype(float))
            for at in (below, above)
        )
        found[i] = low + (place - below) * (high - low)
    return found
