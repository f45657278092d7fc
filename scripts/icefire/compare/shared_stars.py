"""The stars that two runs share, and the error of a difference between the two.

Two runs on one catalogue share stars, so that their errors may not be added in quadrature. To
first order a bin's sigma_r or beta is a sum over its stars of what each contributes (Hampel 1974,
J. Am. Stat. Assoc. 69, 383), and so is its difference between two runs: a star that both use
contributes the difference of its two parts, nothing where it is used alike. The squares of all
contributions add up to the variance of the difference. That of the medians over a finite number of
realisations is added; it is all there is where the stars are the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from icefire.compare.runs import STAR_COLUMNS, Run
from icefire.measure.recipes import COMPONENTS

QUANTITIES = ("sigma_r", "beta")

# The same identifier in two tables of a survey is the same star if it is in the same place.
_SAME_PLACE_DEG = 1 / 3600
# Differences, in kpc or km/s, that the format of a catalogue makes
_SAME_VALUE = 1e-6
_STARS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Stars:
    """The stars of one sample in two runs, and which of them are the same.

    Attributes:
        a, b: Columns of the two tables.
        both: Rows in `a` and rows in `b` of the stars in both, in the same order.
        only_a, only_b: Rows of the others.
    """

    a: dict[str, np.ndarray]
    b: dict[str, np.ndarray]
    both: tuple[np.ndarray, np.ndarray]
    only_a: np.ndarray
    only_b: np.ndarray

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give rows of `a` and of `b` block by block: of the same stars, or those of one only."""
        none = np.empty(0, int)
        for ours, theirs in (self.both, (self.only_a, none), (none, self.only_b)):
            for start in range(0, max(len(ours), len(theirs)), _STARS_AT_ONCE):
                here = slice(start, start + _STARS_AT_ONCE)
                yield ours[here], theirs[here]

    def counts(self) -> dict[str, int]:
        """Count the stars of each run, of both, of one only, and those of both that moved.

        Moved are those whose place or velocity is another one: of another catalogue or column map,
        or seen from another frame.
        """
        i, j = self.both
        moved = np.zeros(len(i), bool)
        for name in ("x", "y", "z", *COMPONENTS):
            moved |= np.abs(self.a[name][i] - self.b[name][j]) > _SAME_VALUE
        return {
            "n_a": len(self.a["ra"]),
            "n_b": len(self.b["ra"]),
            "n_both": len(i),
            "n_moved": int(np.count_nonzero(moved)),
            "n_only_a": len(self.only_a),
            "n_only_b": len(self.only_b),
        }


def stars(a: Run, b: Run, sample: str) -> Stars:
    """Read a sample of both runs and find the stars in common.

    Those have the same identifier and are within an arcsecond. Identifiers of two surveys say
    nothing about each other: runs of two surveys have no star in common.
    """
    ours, theirs = (run.samples[sample].all(STAR_COLUMNS) for run in (a, b))
    i, j = np.empty((2, 0), int)
    alike = ours["star_id"].dtype.kind == theirs["star_id"].dtype.kind
    if alike and a.source["survey"] == b.source["survey"]:
        _, i, j = np.intersect1d(ours["star_id"], theirs["star_id"], return_indices=True)
        along = (ours["ra"][i] - theirs["ra"][j] + 180) % 360 - 180
        along *= np.cos(np.radians(ours["dec"][i]))
        near = np.hypot(along, ours["dec"][i] - theirs["dec"][j]) < _SAME_PLACE_DEG
        i, j = i[near], j[near]
    only_a = np.setdiff1d(np.arange(len(ours["ra"])), i)
    only_b = np.setdiff1d(np.arange(len(theirs["ra"])), j)
    return Stars(ours, theirs, (i, j), only_a, only_b)


class _Bins:
    """Some bins of one run, and what each star contributes to their sigma_r and beta.

    With v the velocity, m its mean in the bin, s2 its plain variance and n the number of stars, a
    star adds u = ((v - m)^2 - s2) / n to each of the three variances. Sigmas are the summary's,
    whatever its recipe adds to or takes from s2.

    Raises UserError when the summary counts other stars than the sample has.
    """

    def __init__(self, run: Run, geometry: str, sample: str, stars: dict, rows: np.ndarray):
        self._geometry, self._stars, self._rows = run.geometries[geometry], stars, rows
        n_stars = len(stars["ra"])
        # Squares are summed about the sample's mean, which keeps their digits.
        about = np.array([stars[name].mean() if n_stars else 0.0 for name in COMPONENTS])
        sums = np.zeros((self._geometry.n_bins, 7))
        for start in range(0, n_stars, _STARS_AT_ONCE):
            part = np.arange(start, min(start + _STARS_AT_ONCE, n_stars))
            v = np.column_stack([stars[name][part] for name in COMPONENTS]) - about
            sums += self._members(part) @ np.column_stack([np.ones(len(v)), v, v**2])
        run.check_counts(geometry, sample, sums[:, 0])
        with np.errstate(invalid="ignore"):
            self._n, mean = sums[rows, 0], sums[rows, 1:4] / sums[rows, :1]
            self._variance = sums[rows, 4:] / sums[rows, :1] - mean**2
        self._mean = mean + about
        self._sigma = np.array([run.values(geometry, sample, f"sigma_{k[2:]}") for k in COMPONENTS])
        self._sigma = self._sigma[:, rows]

    def _members(self, part: np.ndarray) -> sparse.csr_array:
        return self._geometry.membership(
            {name: self._stars[name][part] for name in self._geometry.columns}
        )

    def contributions(self, part: np.ndarray) -> tuple[sparse.csr_array, ...]:
        """Give membership of the stars in these rows, and their parts of QUANTITIES; bins x N."""
        members = self._members(part)[self._rows]
        bins = np.repeat(np.arange(len(self._rows)), np.diff(members.indptr))
        u = []
        for k, name in enumerate(COMPONENTS):
            v = self._stars[name][part][members.indices]
            u.append(((v - self._mean[bins, k]) ** 2 - self._variance[bins, k]) / self._n[bins])
        r, phi, theta = self._sigma[:, bins]
        with np.errstate(invalid="ignore", divide="ignore"):
            # Derivatives of sigma_r = sqrt(s2_r) and beta = 1 - (s2_phi + s2_theta) / (2 s2_r)
            to_sigma_r = u[0] / (2 * r)
            to_beta = u[0] * (phi**2 + theta**2) / (2 * r**4) - (u[1] + u[2]) / (2 * r**2)
        return tuple(
            sparse.csr_array((values, members.indices, members.indptr), members.shape)
            for values in (members.data, to_sigma_r, to_beta)
        )


def _noise_of_median(run: Run, geometry: str, sample: str, quantity: str) -> np.ndarray:
    """Give the variance of the medians of all bins that is due to the number of realisations."""
    low, high = (run.values(geometry, sample, f"{quantity}_{end}") for end in ("lo68", "hi68"))
    # Of R normal draws the median has pi / 2 R times the variance of one.
    return np.pi / 2 / run.realisations * ((high - low) / 2) ** 2


def errors(
    a: Run, b: Run, geometry: str, sample: str, compared: Stars, rows: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Measure the errors of the differences of bins, of which `rows` are those in `a` and `b`.

    Gives the number of stars that both bins hold, and the standard error of the difference of each
    of QUANTITIES (km/s for sigma_r), NaN where either has no value.
    Raises UserError when a summary counts other stars than its sample has.
    """
    ours = _Bins(a, geometry, sample, compared.a, rows[0])
    theirs = _Bins(b, geometry, sample, compared.b, rows[1])
    n_both = np.zeros(len(rows[0]), int)
    variance = {
        quantity: _noise_of_median(a, geometry, sample, quantity)[rows[0]]
        + _noise_of_median(b, geometry, sample, quantity)[rows[1]]
        for quantity in QUANTITIES
    }
    for in_a, in_b in compared.blocks():
        members_a, *parts_a = ours.contributions(in_a)
        members_b, *parts_b = theirs.contributions(in_b)
        if len(in_a) and len(in_b):
            n_both += members_a.multiply(members_b).sum(axis=1).astype(int)
            parts = [of_b - of_a for of_a, of_b in zip(parts_a, parts_b, strict=True)]
        else:
            parts = parts_a if len(in_a) else parts_b
        for quantity, part in zip(QUANTITIES, parts, strict=True):
            variance[quantity] += part.multiply(part).sum(axis=1)
    return n_both, {quantity: np.sqrt(values) for quantity, values in variance.items()}
