"""Maximum likelihood: dispersions of a bin from every star's full error covariance.

The stars of a bin are taken as draws from a Gaussian ellipsoid blurred by their own errors,
v_i ~ N(mu, diag(sigma_r^2, sigma_phi^2, sigma_theta^2) + C_i). The mean is integrated out, which
makes n - 1 of n (restricted likelihood; Patterson & Thompson 1971), and each variance s has
Jeffreys' prior, which is uniform in log s for stars without errors and stays proper with them: so
without errors the intervals are the exact ones of the chi-squared distribution. Where unbound stars
were cut away, each star's term is divided by its probability to pass the cut.

No chain is run. The maximum is found by scoring; through it three sections of the posterior, one
along each component while the other two follow the ridge, give the three marginal distributions;
and a fixed set of evenly spread points, correlated as the components are, is mapped onto them.
These points are this method's realisations: medians, intervals and the anisotropy are taken of them
as of any recipe's. Nothing is random, and a bin's values depend on its own stars alone.
docs/uncertainties.md has the derivation.
"""

# Annotations name scipy.sparse, which steps that only import this need not load.
from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import scipy

from icefire.errors import UserError
from icefire.measure import truncation
from icefire.measure.dispersion import Measurement, Survey, check_memory
from icefire.measure.geometry import Geometry
from icefire.measure.matrices import PAIRS, PLACE, blurred, dot, inverse, times
from icefire.measure.recipes import COMPONENTS, CROSS

# Steps of the scoring; each gains a digit or two, and few digits are needed.
_STEPS = 8
# Points of a section, and the probability beyond each of its ends
_NODES = 33
_BEYOND = 1e-5
# A variance below this (km2/s2) is none.
_TINY = 1e-6
# Bins worked on at once, and pairs of a star and a bin: bound the memory and change no result,
# because a bin's stars of one block are always summed together.
_ROWS_AT_ONCE = 1500
_PAIRS_AT_ONCE = 8_000
# Up to so many pairs are kept in memory instead of being found anew for each step.
_PAIRS_HELD = 2_000_000
# Bins whose points are drawn together
_DRAWN_AT_ONCE = 128


def measure(
    blocks: Callable[[], Iterable[dict[str, np.ndarray]]],
    n_stars: int,
    geometries: Sequence[Geometry],
    deconvolve: bool,
    correlated: bool,
    realisations: int,
    min_stars: int,
    max_memory_mb: float,
    unbound_max_sigma: float | None = None,
    shard: int = 0,
    shards: int = 1,
    progress: Callable = lambda items, total, label: items,
) -> dict[str, Measurement]:
    """Measure the posterior distribution of the variances of a share of the bins.

    Parameters:
        blocks, n_stars, geometries, min_stars, max_memory_mb, progress: As in `dispersion.measure`;
            a bin needs two stars.
        deconvolve: Whether the stars' errors are in the model; if not, dispersions are those of the
            velocities as measured.
        correlated: Whether the errors' full covariance is, or its diagonal only.
        realisations: Number of points that stand for the posterior distribution.
        unbound_max_sigma: Stars of this many energy errors or more were removed
            (`truncation.COLUMNS` are needed); None: none were.
        shard, shards: Every `shards`-th measured bin of each geometry, from number `shard` on.
    """
    if min_stars < 2:
        raise UserError(
            "the likelihood needs --min-stars of at least 2: one star has no dispersion"
        )
    survey = Survey(blocks, geometries, min_stars, n_stars)
    bins = [kept[shard::shards] for kept in survey.kept]
    edges = np.cumsum([0, *(geometry.n_bins for geometry in geometries[:-1])])
    rows = np.concatenate([part + edge for part, edge in zip(bins, edges, strict=True)])
    check_memory(len(rows), realisations, max_memory_mb)
    points = spread_points(realisations)
    variance = np.empty((len(rows), 3, realisations), np.float32)
    starts = range(0, len(rows), _ROWS_AT_ONCE)
    for start in progress(starts, len(starts), "bins"):
        part = rows[start : start + _ROWS_AT_ONCE]
        posterior = _Posterior(_Stars(survey, part, deconvolve, correlated, unbound_max_sigma))
        for first in range(0, len(part), _DRAWN_AT_ONCE):
            some = slice(first, min(first + _DRAWN_AT_ONCE, len(part)))
            variance[start + first : start + some.stop] = posterior.draw(points, some)
    ends = np.cumsum([len(part) for part in bins])[:-1]
    found = zip(geometries, survey.counts, bins, np.split(variance, ends), strict=True)
    return {geometry.name: Measurement(*measured) for geometry, *measured in found}


def spread_points(number: int) -> np.ndarray:
    """Spread points evenly over a cube and turn them into normal deviates, 3 x number.

    Multiples of the square roots of 2, 3 and 5, less their whole parts, fill a cube evenly
    (Richtmyer 1951); their ranks are taken, so that each coordinate alone is perfectly even.
    """
    fractions = (0.5 + np.arange(number) * np.sqrt([[2.0], [3.0], [5.0]])) % 1
    ranks = np.argsort(np.argsort(fractions, axis=1, kind="stable"), axis=1, kind="stable")
    return scipy.special.ndtri((ranks + 0.5) / number)


# --- stars of a bin --------------------------------------------------------------------------


class _Stars:
    """The stars of some bins, pair by pair of a star and a bin, and sums over them."""

    def __init__(
        self,
        survey: Survey,
        rows: np.ndarray,
        deconvolve: bool,
        correlated: bool,
        max_sigma: float | None,
    ):
        self._survey, self._rows = survey, rows
        self._deconvolve, self._correlated = deconvolve, correlated
        self._max_sigma = max_sigma
        self.about, self.cut = survey.mean, max_sigma is not None
        self.count = survey.of_all_bins[rows].astype(float)
        held = survey.held is not None and self.count.sum() <= _PAIRS_HELD
        self._held = list(self._groups()) if held else None

    def _groups(self) -> Iterator[tuple]:
        for stars, members in self._survey.looked_at():
            velocity = np.array([stars[name] for name in COMPONENTS])
            velocity -= self._survey.mean[:, None]
            values = [velocity, self._covariance(stars)]
            if self.cut:
                values.append(truncation.limit(stars, self._max_sigma))
            yield from _groups(members[self._rows], values)

    def _covariance(self, stars: dict) -> np.ndarray:
        covariance = np.zeros((6, len(stars["v_r"])))
        if self._deconvolve:
            covariance[:3] = [stars[f"{name}_error"] ** 2 for name in COMPONENTS]
            if self._correlated:
                covariance[3:] = [stars[name] for name in CROSS]
        return covariance

    def add_up(self, quantities: int, function: Callable) -> np.ndarray:
        """Sum what `function(rows, velocity, covariance)` gives over each bin: quantities x bins.

        The function gets the bins of P pairs, 3 x P velocities (km/s, about the sample's mean) and
        6 x P covariances (km2/s2), where stars were cut the P limits of their squared speeds too
        (km2/s2), and gives P values of one quantity after the other.
        """
        total = np.zeros((quantities, len(self.count)))
        for rows, starts, *pairs in self._groups() if self._held is None else self._held:
            for sums, values in zip(total, function(*pairs), strict=True):
                sums[rows] += np.add.reduceat(values, starts)
        return total


def _groups(members: scipy.sparse.csr_array, values: Sequence[np.ndarray]) -> Iterator:
    """Give a block's pairs in groups of whole bins.

    Each group: its bins, where the pairs of each begin, the bin of each pair, stars' values.
    """
    sizes = np.diff(members.indptr)
    rows = np.flatnonzero(sizes)
    ends = np.cumsum(sizes[rows])
    begin = 0
    while len(rows):
        count = max(int(np.searchsorted(ends, begin + _PAIRS_AT_ONCE, side="right")), 1)
        some, end = rows[:count], ends[count - 1]
        stars = members.indices[begin:end]
        starts = np.cumsum(sizes[some]) - sizes[some]
        chosen = (part[..., stars] for part in values)
        yield some, starts, np.repeat(some, sizes[some]), *chosen
        rows, ends, begin = rows[count:], ends[count:], end


# --- posterior distribution ------------------------------------------------------------------


class _Posterior:
    """Posterior distribution of the three variances of some bins.

    It is worked out in t = log(s + e^2) for a component's variance s, with the error e that counts
    in its bin: there it is nearly Gaussian, and s = 0 has a place.
    """

    def __init__(self, stars: _Stars):
        self._stars = stars
        self._find_top()
        self._cut_sections()

    def _find_top(self) -> None:
        """Find the maximum of the restricted likelihood by scoring.

        The mean and its covariance are one step behind; they hardly depend on the variances.
        """
        n = self._stars.count
        sums = self._stars.add_up(9, lambda rows, v, c, *_: [*v, *(v * v), *c[:3]]) / n
        mean = sums[:3]
        raw = np.maximum((sums[3:6] - mean**2) * (n / (n - 1)), _TINY)
        variance = np.maximum(raw - sums[6:], 0.05 * raw)
        spread = np.concatenate([raw / n, np.zeros_like(raw)])
        self._cut = truncation.Cut(self._stars, mean, raw)
        for _ in range(_STEPS):
            sums = self._stars.add_up(18, functools.partial(_score, variance, mean, spread))
            spread, _ = inverse(sums[:6])
            mean = mean + times(spread, sums[6:9])
            information = sums[12:] * ((n - 1) / n)
            self._cut.correct(sums[9:12], information, variance)
            covariance, _ = inverse(information)
            # A longer step either way would be lost in a tail.
            step = np.clip(times(covariance, sums[9:12]), -0.8 * variance, 4 * variance + raw)
            top, variance = variance, np.maximum(variance + step, _TINY)
        self._mean, self._top = mean, top
        scale = np.sqrt((n - 1) / (2 * information[:3]))
        self._blur = np.maximum(scale - top, 0)
        scale = top + self._blur
        self._information = [
            part * scale[i] * scale[j] for part, (i, j) in zip(information, PAIRS, strict=True)
        ]

    def _cut_sections(self) -> None:
        """Evaluate the posterior along three curves through its maximum."""
        freedom = self._stars.count - 1
        top = np.log(self._top + self._blur)
        floor = np.log(np.maximum(self._blur, _TINY))
        below, above = (
            np.log(freedom / scipy.special.chdtri(freedom, p)) for p in (_BEYOND, 1 - _BEYOND)
        )
        self._start = np.maximum(top + below, floor)
        self._step = (top + above - self._start) / (_NODES - 1)
        t = np.empty((3, _NODES, 3, len(freedom)))
        for k, follow in enumerate(self._ridge()):
            along = self._start[k] + self._step[k] * np.arange(_NODES)[:, None]
            t[k] = np.maximum(top + follow * (along - top[k])[:, None], floor)
            t[k, :, k] = along
        sections = _Sections(np.maximum(np.exp(t) - self._blur, 0), self._mean)
        sums = self._stars.add_up(sections.quantities, sections)
        log_density = sections.log_posterior(sums) - self._cut.log_passed(sections.variance)
        for k in range(3):
            log_density[k] += t[k, :, k]  # density per t instead of per s
        self._log_density = log_density - log_density.max(axis=1, keepdims=True)

    def _ridge(self) -> np.ndarray:
        """Tell how much each component's maximum moves with another one's value: 3 x 3 x bins."""
        f = self._information
        follow = np.zeros((3, 3, len(f[0])))
        for k in range(3):
            i, j = (other for other in range(3) if other != k)
            ii, jj, ij, ik, jk = (f[PLACE[p]] for p in ((i, i), (j, j), (i, j), (i, k), (j, k)))
            follow[k, i] = (ij * jk - jj * ik) / (ii * jj - ij * ij)
            follow[k, j] = (ij * ik - ii * jk) / (ii * jj - ij * ij)
        return follow

    def draw(self, points: np.ndarray, some: slice) -> np.ndarray:
        """Map normal deviates (3 x R) onto the posterior of some bins: bins x 3 x R variances."""
        covariance, _ = inverse([part[some] for part in self._information])
        sizes = np.sqrt(covariance[:3])
        matrix = np.array([[covariance[PLACE[i, j]] for j in range(3)] for i in range(3)])
        root = np.linalg.cholesky((matrix / sizes / sizes[:, None]).transpose(2, 0, 1))
        found = np.empty((len(root), 3, points.shape[1]))
        for k in range(3):
            deviate = sum(root[:, k, j, None] * points[j] for j in range(k + 1))
            place = _quantile(self._log_density[k][:, some].T, scipy.special.ndtr(deviate))
            t = self._start[k, some, None] + self._step[k, some, None] * place
            found[:, k] = np.maximum(np.exp(t) - self._blur[k, some, None], 0)
        return found


def _score(variance, mean, spread, rows, velocity, covariance, *_) -> list[np.ndarray]:
    """Give the terms of a step of the scoring: weights, pulls on the mean, slopes, information.

    Slopes and information (the expected one) are those of the log restricted likelihood by the
    three variances, in km-2 s2 and its square.
    """
    weight, _ = inverse(blurred(variance[:, rows], covariance))
    pulled = times(weight, velocity - mean[:, rows])
    spread = spread[:, rows]
    slopes = []
    for k in range(3):
        line = weight[[PLACE[k, i] for i in range(3)]]
        slopes.append(0.5 * (pulled[k] ** 2 + dot(line, times(spread, line)) - weight[k]))
    return [*weight, *pulled, *slopes, *(0.5 * weight**2)]


class _Sections:
    """The sums of the log restricted likelihood, at the points of all sections.

    `variance` holds the points: component x node x 3 x bins.
    """

    def __init__(self, variance: np.ndarray, mean: np.ndarray):
        self.variance, self._mean = variance, mean
        self.quantities = 3 * _NODES * 11

    def __call__(self, rows, velocity, covariance, *_) -> Iterator[np.ndarray]:
        off = velocity - self._mean[:, rows]
        for k, section in enumerate(self.variance):
            for variance in section:
                weight, determinant = inverse(blurred(variance[:, rows], covariance))
                pulled = times(weight, off)
                yield from (*weight, *pulled, np.log(determinant) + dot(off, pulled))
                yield weight[k] ** 2

    def log_posterior(self, sums: np.ndarray) -> np.ndarray:
        """Turn the sums into log restricted likelihood plus log prior: component x node x bins."""
        sums = np.moveaxis(sums.reshape(3, _NODES, 11, -1), 2, 0)
        spread, determinant = inverse(sums[:6])
        shift = sums[6:9]
        fit = sums[9] + np.log(determinant) - dot(shift, times(spread, shift))
        return 0.5 * (np.log(sums[10]) - fit)


def _quantile(log_density: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Find quantiles of densities whose logs are given at 0, 1, 2, ...

    B x K logs and B x R levels in, B x R places out. Between two points the log is taken as
    straight, whose integral is known.
    """
    low, high = np.exp(log_density[:, :-1]), np.exp(log_density[:, 1:])
    slope = np.diff(log_density, axis=1)
    flat = np.abs(slope) < 1e-6
    slope = np.where(flat, 1.0, slope)
    mass = np.where(flat, low, (high - low) / slope)
    reached = np.cumsum(mass, axis=1)
    found = np.empty_like(levels)
    for row, wanted in enumerate(levels * reached[:, -1:]):
        at = np.minimum(np.searchsorted(reached[row], wanted), len(reached[row]) - 1)
        share = (wanted - reached[row, at] + mass[row, at]) / np.maximum(low[row, at], 1e-300)
        bent = np.log1p(np.maximum(share * slope[row, at], -1 + 1e-12)) / slope[row, at]
        found[row] = at + np.clip(np.where(flat[row, at], share, bent), 0, 1)
    return found
