"""The cut of unbound stars in the likelihood: what it leaves is no whole Gaussian.

A star passes where its speed is below that of escape from its place, so the likelihood of what was
measured is divided by the probability that it passes, P(|v| < v_esc), of v ~ N(mu, S + C).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import scipy

from icefire.measure.geometry import RadialShells
from icefire.measure.matrices import PAIRS, PLACE, blurred, dot, inverse, times
from icefire.stars.kinematics import COMPONENTS

COLUMNS = ("energy", "energy_error")
# A star is near the cut within so many errors of its energy.
NEAR_SIGMA = 2.0

# Bins that lose a smaller share of their stars than this need no correction.
_LEAST_SHARE = 1e-4
# So many times the sum of the variances is exceeded by fewer than one squared speed in a million.
_FAR = 25.0
# Step of the derivatives, in units of a bin's variance with errors
_STEP = 0.03
# The probability is smooth: sections have it at every so many of their points.
_EVERY = 4
# Least share of the information that the cut leaves (a bin cut away tells nothing)
_LEFT = 0.1


def limit(stars: Mapping[str, np.ndarray], max_sigma: float) -> np.ndarray:
    """Compute the squared speeds from which on N stars are removed as unbound.

    Parameters:
        stars: Columns of the velocities (km/s) and COLUMNS (km2/s2), each of N stars.
        max_sigma: Stars of this many errors of their energy or more are removed.

    Returns: N values, km2/s2: the squared speed of escape, and what the errors add to it.
    """
    squared = sum(stars[name] ** 2 for name in COMPONENTS)
    return squared - 2 * stars["energy"] + 2 * max_sigma * stars["energy_error"]


def max_sigma_of(meta: Mapping) -> float | None:
    """Give the cut that a sample went through, by its table's metadata; None where it is off."""
    if "unbound" in meta.get("cuts_off", {}):
        return None
    return meta.get("parameters", {}).get("flag_substructure", {}).get("unbound_max_sigma")


class ShellCounts:
    """Stars of each radial shell and sample that the cut took, or nearly took.

    Parameters:
        shells: The bins of the radial summaries.
        samples: Their names.
        max_sigma: Of the cut; None where it is off.
    """

    def __init__(self, shells: RadialShells, samples: Sequence[str], max_sigma: float | None):
        self._shells, self._max_sigma = shells, max_sigma
        self.counts = {sample: np.zeros((3, shells.n_bins)) for sample in samples}

    def add(
        self, stars: Mapping[str, np.ndarray], inside: Mapping[str, np.ndarray], taken: np.ndarray
    ) -> None:
        """Count stars that pass every other cut.

        Parameters:
            stars: COLUMNS and those of the shells, each of N stars.
            inside: Which are in each sample, were there no such cut: N booleans by its name.
            taken: Which the cut takes, N booleans.
        """
        near = np.zeros(len(taken), bool)
        if self._max_sigma is not None:
            off = stars["energy"] - self._max_sigma * stars["energy_error"]
            near = ~taken & (np.abs(off) <= NEAR_SIGMA * stars["energy_error"])
        members = self._shells.membership(stars)
        for sample, counts in self.counts.items():
            mask = inside[sample]
            counts += np.stack(
                [members @ (mask & part).astype(float) for part in (mask, taken, near)]
            )

    def table(self):
        """Give a table with a row for each sample and shell.

        Beside the shells' coordinates, `n_stars` before the cut, `n_taken` by it, `n_near` left
        within NEAR_SIGMA of it, and `cut_fraction`, the share of the last two.
        """
        from astropy.table import Table, vstack

        tables = []
        for sample, (n_stars, n_taken, n_near) in self.counts.items():
            table = Table({"sample": [sample] * self._shells.n_bins})
            for name, (values, unit) in self._shells.coordinates().items():
                table[name] = np.round(values, 9)
                table[name].unit = unit
            for name, values in (("n_stars", n_stars), ("n_taken", n_taken), ("n_near", n_near)):
                table[name] = values.astype(np.int64)
            fraction = (n_taken + n_near) / np.maximum(n_stars, 1)
            table["cut_fraction"] = np.round(fraction, 6)
            tables.append(table)
        return vstack(tables)


def outside(
    limit: np.ndarray, mean: Sequence[np.ndarray], covariance: Sequence[np.ndarray]
) -> np.ndarray:
    """Compute the probability that a squared speed is `limit` or more.

    Three moments of the squared length of a Gaussian vector are matched by a shifted and scaled
    chi-squared distribution (Pearson 1959; Imhof 1961, section 4).

    Parameters:
        limit: N values, km2/s2.
        mean: 3 x N, km/s.
        covariance: The six numbers of each matrix (`matrices.PAIRS`), 6 x N, km2/s2.

    Returns: N probabilities.
    """
    a, b, c, d, e, f = covariance
    once = times(covariance, mean)
    first = a + b + c + dot(mean, mean)
    second = a * a + b * b + c * c + 2 * (d * d + e * e + f * f) + 2 * dot(mean, once)
    third = a**3 + b**3 + c**3 + 6 * d * e * f
    third = third + 3 * (d * d * (a + b) + e * e * (a + c) + f * f * (b + c)) + 3 * dot(once, once)
    freedom = second**3 / third**2
    place = (limit - first) * np.sqrt(freedom / second) + freedom
    return scipy.special.gammaincc(0.5 * freedom, 0.5 * np.maximum(place, 0))


class Cut:
    """The logs of the probabilities to pass the cut, summed over the stars of some bins.

    Parameters:
        stars: Sums over bins (`add_up`), velocities `about` what, whether there was a `cut`, and
            `count`.
        mean: Mean velocities of the bins, 3 x B, less `stars.about` (km/s).
        variance: Of the bins' velocities with their errors, 3 x B (km2/s2).
    """

    def __init__(self, stars, mean: np.ndarray, variance: np.ndarray):
        self._stars, self._mean, self._scale = stars, mean + stars.about[:, None], variance
        self._bins = np.full(variance.shape[1], stars.cut)
        if stars.cut:
            # A look with the bin's variance as that of each of its stars
            lost = stars.add_up(1, lambda *pairs: [self._lost(variance, pairs, blurred_by=0.0)])
            self._bins = lost[0] > _LEAST_SHARE * stars.count

    def _lost(self, variance: np.ndarray, pairs: tuple, blurred_by: float = 1.0) -> np.ndarray:
        """Compute the share that each pair loses; zero in bins that lose next to none."""
        rows, _, covariance, limit = pairs
        chosen = np.flatnonzero(self._bins[rows])
        rows = rows[chosen]
        total = np.array(blurred(variance[:, rows], blurred_by * covariance[:, chosen]))
        near = limit[chosen] < _FAR * (total[0] + total[1] + total[2])
        chosen = chosen[near]
        lost = np.zeros(len(limit))
        lost[chosen] = outside(limit[chosen], self._mean[:, rows[near]], total[:, near])
        return lost

    def _log_passed(self, variance: np.ndarray, pairs: tuple) -> np.ndarray:
        return np.log1p(-np.minimum(self._lost(variance, pairs), 1 - 1e-12))

    def correct(self, slopes: np.ndarray, information: np.ndarray, variance: np.ndarray) -> None:
        """Correct the log likelihood's slopes by the variances, and its information, in place.

        Parameters:
            slopes, information: 3 x B (s2/km2) and six numbers x B (s4/km4).
            variance: Of the bins' velocities without errors, 3 x B (km2/s2).
        """
        if not self._bins.any():
            return
        sums = self._stars.add_up(9, lambda *pairs: self._derivatives(variance, pairs))
        slopes -= sums[:3]
        whole, change = (
            np.array([[six[PLACE[i, j]] for j in range(3)] for i in range(3)]).transpose(2, 0, 1)
            for six in (information, sums[3:])
        )
        root = np.linalg.inv(np.linalg.cholesky(whole))
        lowest = np.linalg.eigvalsh(root @ change @ root.transpose(0, 2, 1))[:, 0]
        information += np.minimum((1 - _LEFT) / np.maximum(-lowest, 1e-12), 1) * sums[3:]

    def _derivatives(self, variance: np.ndarray, pairs: tuple) -> list[np.ndarray]:
        """Give slopes, and changes of the expected information, of each pair's log probability.

        Stars that pass are slower: of the information 0.5 W_kl^2 is left
        0.5 W_kl^2 + 2 W_kl dlogP/dS_kl + d2logP/ds_k ds_l. Outside the diagonal the second part is
        left away.
        """
        rows, _, covariance, _ = pairs
        steps = np.zeros((3, *variance.shape))
        for k in range(3):
            steps[k, k] = _STEP * self._scale[k]
        here = self._log_passed(variance, pairs)
        near = [self._log_passed(variance + step, pairs) for step in steps]
        far = [self._log_passed(variance + 2 * step, pairs) for step in steps]
        size = _STEP * self._scale[:, rows]
        slopes = [(4 * near[k] - far[k] - 3 * here) / (2 * size[k]) for k in range(3)]
        weight, _ = inverse(blurred(variance[:, rows], covariance))
        changes = [
            (here - 2 * near[k] + far[k]) / size[k] ** 2 + 2 * weight[k] * slopes[k]
            for k in range(3)
        ]
        for i, j in PAIRS[3:]:
            both = self._log_passed(variance + steps[i] + steps[j], pairs)
            changes.append((both - near[i] - near[j] + here) / (size[i] * size[j]))
        return [*slopes, *changes]

    def log_passed(self, variance: np.ndarray) -> np.ndarray | float:
        """Sum the logs of the probabilities at the points of sections through the variances.

        Takes component x node x 3 x B variances (km2/s2) and gives component x node x B sums; 0
        where no bin loses stars.
        """
        if not self._bins.any():
            return 0.0
        some = variance[:, ::_EVERY].reshape(-1, *variance.shape[2:])
        sums = self._stars.add_up(
            len(some), lambda *pairs: (self._log_passed(part, pairs) for part in some)
        )
        nodes = np.arange(variance.shape[1])
        return scipy.interpolate.CubicSpline(
            nodes[::_EVERY], sums.reshape(3, -1, len(self._bins)), axis=1
        )(nodes)
