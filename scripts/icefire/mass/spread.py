"""How much Jeans masses of lines of sight and quadrants differ, with noise taken off.

Of noisy values the largest over the smallest grows with their number and says nothing. So what
stars at the same r would show is taken off, their scatter is the noise, and what is beyond it is
tau, the standard deviation of random effects (judge/statistics.py). At fixed population the same
is asked of stars that are alike in r and population: what falls away is composition.
"""

from collections.abc import Mapping

import numpy as np
import scipy

from icefire.judge import permuted, statistics
from icefire.judge.asymmetry import Settings
from icefire.judge.strata import strata
from icefire.measure.dispersion import anisotropy
from icefire.measure.geometry import HealpixSky, RadialShells

COLUMNS = permuted.COLUMNS
# Permutations at most: enough for p after Holm's correction, and for the noise at fixed population
_MOST = {"r": 2500, "r and population": 500}
_OVER = ("lines of sight", "quadrants")


def bins_of(stars: Mapping[str, np.ndarray], sky: HealpixSky, min_stars: int):
    """Put stars into lines of sight of 30 stars or more and into quadrants: B x N, and the rows."""
    n_stars = len(stars["r"])
    reach = float(stars["r"].max()) + 1.0 if n_stars else 1.0
    whole = RadialShells(0.0, reach, 1).membership(stars)[1:]
    parts = []
    for members in (sky.membership(stars), whole):
        least = max(statistics.MIN_STARS_OF_SCATTER, min_stars)
        parts.append(members[np.flatnonzero(np.diff(members.indptr) >= least)])
    first = parts[0].shape[0]
    rows = dict(zip(_OVER, (slice(0, first), slice(first, None)), strict=True))
    return scipy.sparse.vstack(parts, format="csr").astype(float), rows


def quantities(variance: np.ndarray, constants: Mapping[str, float]) -> dict[tuple, np.ndarray]:
    """Give what is compared, of 3 x B x K variances: by name and tracer slope, B x K.

    `constants` are gamma - dln(sigma_r^2)/dln(r), one for all directions; ln M but for ln r.
    """
    # km2/s2; the errors of so many stars leave more than this.
    radial = np.maximum(variance[0], 1.0)
    found = {("ln_sigma_r2", ""): np.log(radial)}
    found["beta", ""] = anisotropy(np.array([radial, *variance[1:]]))
    for name, constant in constants.items():
        within = (constant - 2) * variance[0] + variance[1] + variance[2]
        found["ln_mass", name] = np.log(np.maximum(within, 1.0))
    return found


def spread(
    stars: dict[str, np.ndarray],
    population: np.ndarray,
    sky: HealpixSky,
    constants: Mapping[str, float],
    settings: Settings,
) -> list[dict]:
    """Measure the spread of the halo's N stars: one row for each quantity, over, and null.

    Rows have `over`, `fixed`, `quantity`, `slope`, `n` bins, tau with its ends, null, p; NaN where
    there are fewer than three bins.
    """
    members, rows = bins_of(stars, sky, settings.min_stars)
    halo = permuted.Halo(stars, population, members, rows)
    found = []
    observed = quantities(permuted.measured(halo), constants)
    for (fixed, most), groups in zip(_MOST.items(), (None, population), strict=True):
        labels = strata(stars["r"], groups, settings.stratum_stars)
        number = min(settings.permutations, most)
        null = permuted.permuted(halo, labels, settings.seed, fixed, number)
        expected = quantities(null, constants)
        for over, part in rows.items():
            for (quantity, slope), values in observed.items():
                measured = values[part], expected[quantity, slope][part]
                row = {"over": over, "fixed": fixed, "quantity": quantity, "slope": slope}
                found.append(row | {"n": len(values[part])} | statistics.beyond_noise(*measured))
    return found
