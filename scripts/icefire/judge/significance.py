"""Permutation tests of the radial dispersion: is sigma_r the same among stars a null calls alike?

In each stratum of like stars u = (v_r - mean)^2 / variance, the stratum's own mean and variance
(over n - 1). The design X is what is looked for, each column less its mean in the stratum. With
velocities permuted within strata, the score S = X^T u has mean zero and, exactly, the covariance

    V = sum over strata of var(u) X^T X,    var(u) over n - 1,

so T = S^T V^-1 S weighs all columns as they should be, and p = (1 + #{T_perm >= T}) / (1 + N) is
exact whatever the distribution of velocities (Phipson & Smyth 2010).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from icefire.judge.strata import Permutation, strata, streams

BANDS = ("inner", "middle", "outer")
# Of few stars about so many strata are made, of at least so many stars.
_STRATA, _SMALLEST = 10, 10
# Of the largest eigenvalue: below it a direction of the design is not in the data.
_SINGULAR = 1e-9
# Of T: sums of the same numbers in another order are equal.
_EQUAL = 1e-9
# Stars whose moments are in memory at once; no result depends on it.
_CHUNK = 4096
_LENGTH = 8192


@dataclass(frozen=True)
class Null:
    """A null hypothesis: which stars are alike, and what is looked for among them.

    Attributes:
        coordinates: Of stars (`x y z r`, kpc), what those alike have in common: k x N, for
            `strata.strata`.
        design: Of stars, the patterns of ln sigma_r looked for: columns x N.
        effects: The columns' names.
        banded: Whether stars alike are also in one band of r.
    """

    coordinates: Callable[[dict[str, np.ndarray]], list[np.ndarray]]
    design: Callable[[dict[str, np.ndarray]], np.ndarray]
    effects: tuple[str, ...]
    banded: bool = False

    def strata(
        self, stars: dict[str, np.ndarray], groups: np.ndarray | None, size: float
    ) -> np.ndarray:
        """Divide stars into strata of stars alike, of one group each (None: all one group).

        A sample of few stars has smaller strata than `size`: it is as large as one of many.
        """
        size = min(size, max(_SMALLEST, len(stars["r"]) / _STRATA))
        if self.banded:
            band = _band(stars["r"])
            groups = band if groups is None else len(BANDS) * groups.astype(np.int64) + band
        return strata(self.coordinates(stars), groups, size)


def _sphere_design(stars: dict[str, np.ndarray]) -> np.ndarray:
    """Harmonics l = 1, 2 of Galactocentric direction, of which l = 1 are the direction cosines."""
    root = np.sqrt(3.0)
    design = np.empty((8, len(stars["r"])))
    x, y, z = design[:3]
    for row, name in zip((x, y, z), "xyz", strict=True):
        np.divide(stars[name], stars["r"], out=row)
    # A row at a time, because a million stars are to fit.
    design[3] = 1.5 * z * z - 0.5
    design[4] = root * x * z
    design[5] = root * y * z
    design[6] = root / 2 * (x * x - y * y)
    design[7] = root * x * y
    return design


def _azimuth_design(stars: dict[str, np.ndarray]) -> np.ndarray:
    phi = np.arctan2(stars["y"], stars["x"])
    return np.array([np.cos(phi), np.sin(phi), np.cos(2 * phi), np.sin(2 * phi)])


def bands(r: np.ndarray) -> np.ndarray:
    """Give the two radii (kpc) that divide stars into three bands of equal number."""
    return np.quantile(r, [1 / 3, 2 / 3])


def _band(r: np.ndarray) -> np.ndarray:
    return np.digitize(r, bands(r)).astype(np.int8)


def _mirror_design(stars: dict[str, np.ndarray]) -> np.ndarray:
    """North against south: half a step up, half a step down."""
    return np.sign(stars["z"])[None] / 2


def _banded_design(stars: dict[str, np.ndarray]) -> np.ndarray:
    band = _band(stars["r"])
    return np.array([_mirror_design(stars)[0] * (band == i) for i in range(len(BANDS))])


def _mirror_coordinates(stars: dict[str, np.ndarray]) -> list[np.ndarray]:
    # Azimuth from the Sun's side, so that its seam is where fewest stars are.
    phi = np.arctan2(-stars["y"], -stars["x"])
    return [np.hypot(stars["x"], stars["y"]), np.abs(stars["z"]), phi]


NULLS = {
    "sphere": Null(
        lambda stars: [stars["r"]],
        _sphere_design,
        ("l1_x", "l1_y", "l1_z", "l2_zz", "l2_xz", "l2_yz", "l2_xxyy", "l2_xy"),
    ),
    "axisymmetric": Null(
        lambda stars: [np.hypot(stars["x"], stars["y"]), stars["z"]],
        _azimuth_design,
        ("cos_phi", "sin_phi", "cos_2phi", "sin_2phi"),
    ),
    "mirror": Null(_mirror_coordinates, _mirror_design, ("north_south",)),
    # In bands r must be held fixed better than cells of three coordinates do: where north and south
    # are not alike in number, sigma_r falling with r would pass for a difference between them.
    "mirror_bands": Null(
        _mirror_coordinates,
        _banded_design,
        tuple(f"north_south_{band}" for band in BANDS),
        banded=True,
    ),
}


class Score:
    """The score S of N stars, its permutation covariance, and scores of permuted stars.

    Parameters are radial velocities (N), the design (k x N, float; it is taken over and changed,
    because it is what needs most memory) and the strata's labels (N).

    Attributes:
        observed: S, k.
        covariance: V, k x k.
        information: X^T X, k x k.
        permutation: The strata, and their order of the stars; `u` and `design` are in it.
        u, design: Squared velocities in units of their stratum's variance; columns less their
            means.
    """

    def __init__(self, velocity: np.ndarray, design: np.ndarray, labels: np.ndarray):
        self.permutation = Permutation(labels)
        sizes = self.permutation.sizes
        self._less_one = np.maximum(sizes - 1, 1)
        self._stratum = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        self._standard = self._centred(self.permutation.arrange(velocity))
        variance = self._sums(self._standard**2) / self._less_one
        # A stratum whose stars have one velocity tells nothing.
        scale = np.divide(1, np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0)
        self._standard *= scale[self._stratum]
        self.u = self._standard**2
        self.design = design
        for row in self.design:
            row[:] = self._centred(self.permutation.arrange(row))
        variance = self._sums(self._centred(self.u) ** 2) / self._less_one
        self.observed = _product(self.design, self.u)
        self.covariance = self._squares(variance)
        self.information = self._squares(np.ones_like(variance))

    def _sums(self, arranged: np.ndarray) -> np.ndarray:
        return np.add.reduceat(arranged, self.permutation.starts)

    def _centred(self, arranged: np.ndarray) -> np.ndarray:
        return arranged - (self._sums(arranged) / self.permutation.sizes)[self._stratum]

    def _squares(self, weight: np.ndarray) -> np.ndarray:
        """Give X^T W X for one weight per stratum, a row at a time to spare memory."""
        each = weight[self._stratum]
        return np.array([_product(self.design, row * each) for row in self.design])

    def permuted(self, seed: int, test: str, sample: str, numbers: Sequence[int]) -> np.ndarray:
        """Give S of permutations `numbers` of velocities within strata: P x k."""
        found = np.empty((len(numbers), len(self.observed)))
        spectra = self.permutation.spectra(self.design)
        for generator, places, drawn in streams(seed, test, sample, numbers):
            found[places] = self.permutation.products(spectra, self.u, generator)[drawn]
        return found

    def without_each(self, parts: np.ndarray, n_parts: int) -> tuple[np.ndarray, np.ndarray]:
        """Give S and V of what is left in the same strata without one part of the stars.

        Takes for each of N stars the number of its part, below `n_parts`, and gives one S and V
        for each part: P x k and P x k x k. Exact, and one pass over the stars: means and variances
        of what is left follow from the stratum's moments less the part's.
        """
        parts = self.permutation.arrange(parts)
        scores = np.tile(self.observed, (n_parts, 1))
        covariances = np.tile(self.covariance, (n_parts, 1, 1))
        ends = np.cumsum(self.permutation.sizes)
        start = 0
        while start < len(ends):
            first = self.permutation.starts[start]
            stop = max(start + 1, int(np.searchsorted(ends, first + _CHUNK, side="right")))
            stars = slice(first, ends[stop - 1])
            stratum = self._stratum[stars] - start
            pair, of_pair = np.unique(
                stratum.astype(np.int64) * n_parts + parts[stars], return_inverse=True
            )
            moments = _moments(self._standard[stars], self.design[:, stars])
            order = np.argsort(of_pair, kind="stable")
            at = np.searchsorted(of_pair[order], np.arange(len(pair)))
            whole = np.add.reduceat(moments, self.permutation.starts[start:stop] - first, axis=1)
            of_part = np.add.reduceat(moments[:, order], at, axis=1)
            stratum, part = np.divmod(pair, n_parts)
            left = _score_of(whole[:, stratum] - of_part, len(self.design))
            before = _score_of(whole, len(self.design))
            np.add.at(scores, part, left[0] - before[0][stratum])
            np.add.at(covariances, part, left[1] - before[1][stratum])
            start = stop
        return scores, covariances


def _product(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Multiply k x N by N, in lengths short enough that BLAS keeps to one core and one order."""
    total = np.zeros(len(design))
    for start in range(0, len(values), _LENGTH):
        part = slice(start, start + _LENGTH)
        total += np.vecdot(design[:, part], values[part])
    return total


def _moments(z: np.ndarray, x: np.ndarray) -> np.ndarray:
    """List each star's terms of what `_score_of` needs: 1 z z2 z3 z4, x xz xz2, xx; f x n."""
    powers = np.array([np.ones_like(z), z, z**2, z**3, z**4])
    mixed = (x[None] * powers[:3, None]).reshape(-1, len(z))
    return np.vstack([powers, mixed, (x[:, None] * x[None]).reshape(-1, len(z))])


def _score_of(moments: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Give S and V of sets of stars from their summed moments (f x sets): sets x k, x k x k."""
    n, z1, z2, z3, z4 = moments[:5]
    x, xz, xzz = moments[5 : 5 + 3 * k].reshape(3, k, -1)
    xx = moments[5 + 3 * k :].reshape(k, k, -1)
    enough = n > 1.5
    n, less_one = np.maximum(n, 1), np.maximum(n - 1, 1)
    mean = z1 / n
    variance = (z2 - n * mean**2) / less_one
    enough &= variance > _SINGULAR
    variance = np.where(enough, variance, 1)
    fourth = z4 - 4 * mean * z3 + 6 * mean**2 * z2 - 3 * n * mean**4
    of_u = (fourth / variance**2 - less_one**2 / n) / less_one
    score = (xzz - 2 * mean * xz + mean**2 * x) / variance - x * less_one / n
    squares = of_u * (xx - x[:, None] * x[None] / n)
    return np.where(enough, score, 0).T, np.where(enough, squares, 0).transpose(2, 0, 1)


def statistic(score: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, int]:
    """Give T = S^T V^+ S of scores (... x k), and its degrees of freedom, the rank of V.

    V^+ is the pseudo-inverse: a direction that the data have nothing of is not looked into.
    """
    values, vectors = np.linalg.eigh(covariance)
    present = (values > _SINGULAR * values[-1]) & (values > 0)
    along = score @ vectors[:, present]
    return np.sum(along**2 / values[present], axis=-1), int(np.count_nonzero(present))


def p_value(observed: float, permuted: np.ndarray) -> float:
    """Give (1 + #{T_perm >= T}) / (1 + N)."""
    reached = np.count_nonzero(permuted >= observed * (1 - _EQUAL))
    return float((1 + reached) / (1 + len(permuted)))


def effects(
    score: np.ndarray, covariance: np.ndarray, information: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give one-step effects in ln sigma_r, 1/2 (X^T X)^+ S, of scores (... x k), and their errors.

    The errors (k) are the effects' dispersion under permutation. Columns that the data cannot tell
    from others have NaN.
    """
    inverse = np.linalg.pinv(information, rcond=_SINGULAR, hermitian=True)
    told = np.abs(np.diag(inverse @ information) - 1) < 1e-6
    values = score @ inverse / 2
    errors = np.sqrt(np.maximum(np.diag(inverse @ covariance @ inverse), 0)) / 2
    return np.where(told, values, np.nan), np.where(told, errors, np.nan)


def worst_part(scores: np.ndarray, covariances: np.ndarray, parts: np.ndarray) -> int:
    """Tell without which of `parts` the scores (P x k) of the others say least.

    Judged by chi-squared, which T follows closely: it tells where to permute, not what p is.
    """
    kept = [statistic(scores[part], covariances[part]) for part in parts]
    likely = [scipy.special.chdtrc(dof, t) if dof else 1.0 for t, dof in kept]
    # Where all are too small for a number, the smallest T.
    return int(parts[np.lexsort(([t for t, _ in kept], -np.array(likely)))[0]])
