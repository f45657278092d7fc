"""What each claim says of the dispersions, as a function of the variances of all bins.

The stars as they are, resamples of them and permuted ones go through the same functions: 3 x B x K
variances in, K values out.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from icefire.judge.permuted import ACCRETED, INSITU, Halo
from icefire.measure.dispersion import anisotropy

# Lines of sight whose ln sigma_r is compared have so many stars, whose noise is near Gaussian.
MIN_STARS_OF_SCATTER = 30
# Of figure 7's caption: so many of the coldest lines of sight
_COLDEST = 10
_HALVINGS = 40


@dataclass(frozen=True)
class Statistic:
    """One number that a claim is about.

    Attributes:
        measure: Makes K values of 3 x B x K variances; None where too few stars are in what it
            compares.
        tail: Where a value lies that speaks for the claim: `low`, `high` or `both` ends of the
            null; `none` where permutations at the same r change nothing.
        unit: Of the values.
        limits: Beyond which no value can be.
        relative: Whether the value counts from what the null gives on average: what stars at the
            same r give anyway is taken off a difference.
    """

    measure: Callable[[np.ndarray], np.ndarray] | None
    tail: str
    unit: str = ""
    relative: bool = False
    limits: tuple[float, float] = (-np.inf, np.inf)


def sigma(variance: np.ndarray) -> np.ndarray:
    """Give dispersions, km/s; a variance that errors made negative is none."""
    return np.sqrt(np.maximum(variance, 0))


def of_halo(halo: Halo, min_stars: int) -> dict[str, Statistic]:
    """List the statistics that one null's permutations answer, by name."""
    enough = {name: halo.n_stars[rows] >= min_stars for name, rows in halo.rows.items()}

    def all_of(*names):
        return all(enough[name].all() for name in names)

    def line(name):
        return halo.rows[name].start

    def beta(variance, name):
        return anisotropy(variance[:, line(name)])

    def difference(variance):
        return beta(variance, "first") - beta(variance, "fourth")

    def hot_minus_cold(variance):
        return sigma(variance[0, line("hot")]) - sigma(variance[0, line("cold")])

    def more_radial(variance):
        return beta(variance, "all_accreted") - beta(variance, "all_insitu")

    populations = ("all_accreted", "all_insitu")
    whole = {
        "first_minus_fourth_beta": (("first", "fourth"), difference, "both", "", True),
        "cold_insitu_sigma_r": (("cold",), lambda v: sigma(v[0, line("cold")]), "low", "km/s"),
        "hot_minus_cold_sigma_r": (("hot", "cold"), hot_minus_cold, "high", "km/s", True),
        "insitu_beta": (("all_insitu",), lambda v: beta(v, "all_insitu"), "low"),
        "accreted_minus_insitu_beta": (populations, more_radial, "high", "", True),
    }
    made = {
        name: Statistic(measure if all_of(*names) else None, *rest)
        for name, (names, measure, *rest) in whole.items()
    }
    made |= _published(halo, enough) | _populations(halo, enough)
    return made | _lines_of_sight(halo, enough["sky"], min_stars)


def _lines_of_sight(halo: Halo, enough: np.ndarray, min_stars: int) -> dict[str, Statistic]:
    """Of figures 6 to 8."""
    sky = halo.rows["sky"]
    n_stars = halo.n_stars[sky]
    accreted, known = halo.in_sky(ACCRETED), halo.in_sky(ACCRETED) + halo.in_sky(INSITU)
    both = enough & (known >= min_stars)
    fraction = accreted[both] / known[both]

    def coldest_share(variance):
        cold = np.argsort(variance[0, sky][enough], axis=0, kind="stable")[:_COLDEST]
        return np.median(n_stars[enough][cold], axis=0) / np.median(n_stars[enough])

    def correlation(values):
        ranks = [scipy.stats.rankdata(part, axis=0) for part in (fraction[:, None], values[both])]
        a, b = (part - part.mean(axis=0) for part in ranks)
        return (a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))

    def least(variance):
        # What has no anisotropy is less radial than any that has.
        return np.nan_to_num(anisotropy(variance[:, sky]), nan=-np.inf)

    some = bool(enough.any())
    ranked = np.count_nonzero(both) >= 10 and len(np.unique(fraction)) > 1
    several = np.count_nonzero(enough) >= 2 * _COLDEST
    sigmas = lambda v: sigma(v[0, sky])  # noqa: E731
    return {
        "coldest_line_of_sight": Statistic(
            (lambda v: sigmas(v)[enough].min(axis=0)) if some else None, "low", "km/s"
        ),
        "hottest_line_of_sight": Statistic(
            (lambda v: sigmas(v)[enough].max(axis=0)) if some else None, "high", "km/s"
        ),
        "coldest_lines_of_sight_stars": Statistic(coldest_share if several else None, "high"),
        "sigma_r_rank_correlation": Statistic(
            (lambda v: correlation(sigmas(v))) if ranked else None, "high", limits=(-1, 1)
        ),
        "beta_rank_correlation": Statistic(
            (lambda v: correlation(least(v))) if ranked else None, "high", limits=(-1, 1)
        ),
    }


def _populations(halo: Halo, enough: dict[str, np.ndarray]) -> dict[str, Statistic]:
    """Of figures 6 and 9: the two populations in the same lines of sight and shells."""
    made = {}
    for places, *names in (
        ("lines_of_sight", "sky_accreted", "sky_insitu"),
        ("shells", "accreted", "insitu"),
    ):
        rows = [halo.rows[name] for name in names]
        n_accreted, n_insitu = (halo.n_stars[part] for part in rows)
        both = np.logical_and(*(enough[name] for name in names))
        weight = (n_accreted * n_insitu / np.maximum(n_accreted + n_insitu, 1))[both, None]

        def ratios(variance, rows=rows, both=both):
            accreted, insitu = (np.maximum(variance[0, part][both], 1.0) for part in rows)
            return 0.5 * np.log(insitu / accreted)

        share = lambda v, of=ratios: np.mean(of(v) < 0, axis=0)  # noqa: E731
        mean = lambda v, of=ratios, w=weight: (w * of(v)).sum(axis=0) / w.sum()  # noqa: E731
        if not both.any():
            share = mean = None
        made[f"insitu_colder_{places}"] = Statistic(share, "high", limits=(0, 1))
    return made | {"insitu_over_accreted_ln_sigma_r": Statistic(mean, "low")}


def _published(halo: Halo, enough: dict[str, np.ndarray]) -> dict[str, Statistic]:
    """Of figure 9: published sigma_r between the two curves, and beside the halo's farther out."""

    def some(values: str, *names):
        kept = np.logical_and.reduce([enough[name] for name in names])
        if not kept.any():
            return None, ()
        return halo.published[values].where(kept), [
            (lambda v, part=halo.rows[name]: sigma(v[0, part])[kept]) for name in names
        ]

    near, curves = some("near", "near_accreted", "near_insitu")
    far, own = some("far", "far")

    def between(variance):
        ours = [curve(variance) for curve in curves]
        return near.reached(np.minimum(*ours), np.maximum(*ours)).mean(axis=0)

    def off(variance):
        logs = np.log(far.value[:, None] / np.maximum(own[0](variance), 1.0))
        return np.sqrt(np.mean(logs**2, axis=0))

    unit = {"limits": (0, 1)}
    return {
        "published_between_populations": Statistic(between if near else None, "high", **unit),
        "published_beyond_40_kpc": Statistic(off if far else None, "none", limits=(0, np.inf)),
    }


def p_value(value: float, permuted: np.ndarray, tail: str) -> float:
    """Give the share of permutations, the stars as they are among them, that go as far.

    `both` asks how far from the permutations' mean. What a permutation cannot give (NaN) counts as
    going as far.
    """
    if tail == "both":
        mean = np.nanmean(permuted)
        value, permuted = abs(value - mean), np.abs(permuted - mean)
    elif tail == "low":
        value, permuted = -value, -permuted
    # Sums of the same numbers in another order are equal.
    reached = ~(permuted < value - 1e-9 * abs(value))
    return float((1 + np.count_nonzero(reached)) / (1 + len(permuted)))


# --- scatter beyond noise: random effects (Paule & Mandel 1982) ------------------------------


def homogeneity(values: np.ndarray, variances: np.ndarray, tau2: np.ndarray | float = 0.0):
    """Give Q of k x K values with noise of k variances, at K (or one) values of tau^2."""
    weights = 1 / (variances[:, None] + tau2)
    mean = (weights * values).sum(axis=0) / weights.sum(axis=0)
    return (weights * (values - mean) ** 2).sum(axis=0)


def scatter(values: np.ndarray, variances: np.ndarray, level: float | None = None) -> np.ndarray:
    """Give tau of k x K values with noise of k variances, K values; zero where Q asks for less.

    Q(tau^2) falls with tau^2, and noise alone makes it k - 1 on average, which gives tau's
    estimate; its quantiles give tau's interval (Viechtbauer 2007). `level` is the probability of
    chi-squared (k - 1) at which Q is held: 0.84 for the lower end of the 68 % interval; None: its
    mean.
    """
    k = len(values)
    wanted = k - 1 if level is None else scipy.stats.chi2.ppf(level, k - 1)
    low = np.zeros(values.shape[1])
    # Without any noise Q would be k var / tau^2, and with it is less.
    high = k * values.var(axis=0) / wanted
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        above = homogeneity(values, variances, middle) > wanted
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    some = homogeneity(values, variances) > wanted
    return np.where(some, np.sqrt(0.5 * (low + high)), 0.0)


# Permutations whose own tau is measured: enough for its 95 %
_NULL_TAUS = 500


def beyond_noise(observed: np.ndarray, permuted: np.ndarray, taus: int | None = _NULL_TAUS) -> dict:
    """Measure how much k bins' values (k x 1) scatter beyond what permutations (k x P) give.

    What permuted stars show in each bin is taken off; their scatter there is its noise. Gives tau
    with the ends of its 95 and 68 % intervals, the median and 95 % of permuted halos, and p, the
    share of permutations with as large a homogeneity Q. NaN of fewer than three bins.
    """
    names = ("tau", "tau_lo95", "tau_lo68", "tau_hi68", "tau_hi95")
    nulls, nothing = ("null", "null_lo95", "null_hi95"), float("nan")
    expected, noise = permuted.mean(axis=1, keepdims=True), permuted.var(axis=1)
    if len(observed) < 3 or not noise.all():
        return dict.fromkeys((*names, *nulls, "p"), nothing)
    values, null = observed - expected, permuted - expected
    p = p_value(float(homogeneity(values, noise)[0]), homogeneity(null, noise), "high")
    levels = (None, 0.975, 0.84, 0.16, 0.025)
    tau = (float(scatter(values, noise, level)[0]) for level in levels)
    chance = np.quantile(scatter(null[:, :taus], noise), (0.5, 0.025, 0.975))
    return dict(zip((*names, *nulls, "p"), (*tau, *map(float, chance), p), strict=True))
