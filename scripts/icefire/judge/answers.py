"""What the stars answer to every kinematic claim, beside what a featureless halo would.

Each answer has a value with its interval, the median and the 95 % interval that permuted stars
give, and p, the share of permutations that go as far. docs/claims.md has the reasons.
"""

from collections.abc import Sequence

import numpy as np
import scipy

from icefire.judge import significance, statistics
from icefire.judge.asymmetry import LEVEL, Settings
from icefire.judge.permuted import ACCRETED, INSITU, Halo, measured, permuted, resampled
from icefire.judge.significance import Score
from icefire.judge.statistics import MIN_STARS_OF_SCATTER, Statistic
from icefire.judge.strata import strata
from icefire.measure.dispersion import anisotropy
from icefire.numbers import estimates
from icefire.numbers.estimates import number, rounded

# Resamples of the stars whose scatter, or that of permutations, is a statistic's standard error
_RESAMPLES = 400
# Within and beyond this the paper compares the in-situ share (figure 9).
FAR_KPC = 40
_BY_RADIUS = (
    *("coldest_line_of_sight", "hottest_line_of_sight", "coldest_lines_of_sight_stars"),
    *("sigma_r_rank_correlation", "beta_rank_correlation", "first_minus_fourth_beta"),
    *("insitu_beta", "insitu_over_accreted_ln_sigma_r", "insitu_colder_shells"),
    *("accreted_minus_insitu_beta", "insitu_colder_lines_of_sight"),
    *("published_between_populations", "published_beyond_40_kpc"),
)
_NULL = ("null", "null_lo95", "null_hi95")
_BY_POPULATION = ("cold_insitu_sigma_r", "hot_minus_cold_sigma_r")


def answers(halo: Halo, asymmetry, settings: Settings) -> dict:
    """Measure every answer: entries as numbers.yaml has them, in groups.

    `asymmetry` is the table of test_asymmetry.py for the same stars.
    """
    observed, again = measured(halo), resampled(halo, settings.seed, _RESAMPLES)
    listed = statistics.of_halo(halo, settings.min_stars)
    found = {}
    # Of the second null's permutations no answer looks at the tangential components.
    by_population = "scatter_at_fixed_population", "hot", 1
    for fixed, groups, names, lines, *part in (
        ("r", None, _BY_RADIUS, "scatter_of_lines_of_sight", "near_insitu"),
        ("r and population", halo.population, _BY_POPULATION, *by_population),
    ):
        labels = strata(halo.stars["r"], groups, settings.stratum_stars)
        null = permuted(halo, labels, settings.seed, fixed, settings.permutations, *part)
        answered = {name: _answer(listed[name], observed, again, null) for name in names}
        answered[lines] = _scatter(halo, observed, null, settings.min_stars)
        found |= {name: entry | {"fixed": fixed} for name, entry in answered.items()}
    for sample, inside in (
        ("halo", np.full(len(halo.population), True)),
        ("accreted", halo.population == ACCRETED),
    ):
        axis = _axis(halo.position[:, inside], halo.stars["v_r"][inside], sample, settings)
        found[sample] = {name: entry | {"fixed": "r"} for name, entry in axis.items()}
    found |= _symmetries(asymmetry) | _published_beta(halo, observed, again, settings.min_stars)
    drop = _share_drop(halo, settings.min_stars)
    return found | {"insitu_share_drop": drop | {"fixed": "in-situ stars"}}


def _entry(value, ends: Sequence, unit: str, null: np.ndarray | None, p: float | None) -> dict:
    """Make an entry; `ends` are those of the 95 and the 68 % interval, from low to high."""
    lo95, lo68, hi68, hi95 = ends
    entry = number(value, unit, lo68, hi68) | {"lo95": rounded(lo95), "hi95": rounded(hi95)}
    levels = (np.nan,) * 3
    if null is not None and np.isfinite(null).any():
        levels = np.nanquantile(null, (0.5, 0.025, 0.975))
    entry |= {name: rounded(level) for name, level in zip(_NULL, levels, strict=True)}
    return entry | {"p": rounded(p)}


def _nothing(unit: str = "") -> dict:
    return _entry(None, (np.nan,) * 4, unit, None, None)


def _around(value: float, error: float) -> tuple:
    return tuple(value + factor * error for factor in (-1.96, -1, 1, 1.96))


def _answer(statistic: Statistic, observed, again, permuted) -> dict:
    if statistic.measure is None:
        return _nothing(statistic.unit)
    value = float(statistic.measure(observed)[0])
    if not np.isfinite(value):
        return _nothing(statistic.unit)
    if statistic.tail == "none":
        ends = _around(value, float(np.nanstd(statistic.measure(again))))
        return _entry(value, np.clip(ends, *statistic.limits), statistic.unit, None, None)
    null = statistic.measure(permuted)
    p = statistics.p_value(value, null, statistic.tail)
    # Resamples of what is mostly noise, such as ranks of noisy values, scatter less than it does.
    error = float(max(np.nanstd(statistic.measure(again)), np.nanstd(null)))
    offset = float(np.nanmean(null)) if statistic.relative else 0.0
    ends = np.clip(_around(value - offset, error), *statistic.limits)
    return _entry(value - offset, ends, statistic.unit, null - offset, p)


def _scatter(halo: Halo, observed, permuted, min_stars: int) -> dict:
    """How much ln sigma_r scatters between lines of sight beyond their noise.

    What stars at the same r would show in each line of sight, and how noisy that is, is told by its
    permutations.
    """
    sky = halo.rows["sky"]
    many = halo.n_stars[sky] >= max(MIN_STARS_OF_SCATTER, min_stars)
    # km2/s2; the errors of so many stars leave more than this.
    logs = (0.5 * np.log(np.maximum(v[0, sky][many], 1.0)) for v in (observed, permuted))
    found = statistics.beyond_noise(*logs, taus=None)
    ends = [found[f"tau_{end}"] for end in ("lo95", "lo68", "hi68", "hi95")]
    entry = _entry(found["tau"], ends, "", None, found["p"])
    return entry | {name: rounded(found[name]) for name in _NULL}


# --- directions ------------------------------------------------------------------------------


def _axis(position: np.ndarray, v_r: np.ndarray, sample: str, settings: Settings) -> dict:
    """On which axis some stars are hot at fixed r; only where no sphere gives as much."""
    units = {"xy_direction_deg": "deg", "azimuth_deg": "deg", "pitch_deg": "deg", "contrast": ""}
    fit = None
    if len(v_r) >= settings.min_stars:
        fit = estimates.quadrupole(position, v_r)
    if fit is None:
        return {name: _nothing(unit) for name, unit in units.items()}
    radius = np.sqrt((position**2).sum(axis=0))
    labels = strata(radius, None, settings.stratum_stars)
    score = Score(v_r, estimates.harmonics(position), labels)
    scores = score.permuted(settings.seed, "axis", sample, range(settings.permutations))
    p = {}
    for name, part in (("xy", slice(0, 2)), ("all", slice(None))):
        covariance = score.covariance[part, part]
        t, null = (
            significance.statistic(values[..., part], covariance)[0]
            for values in (score.observed, scores)
        )
        p[name] = significance.p_value(float(t), null)
    effects, _ = significance.effects(scores, score.covariance, score.information)
    nulls = estimates.axes(2 * np.nan_to_num(effects))
    found = {}
    for name, (value, lo95, lo68, hi68, hi95) in fit.intervals(settings.seed).items():
        its_p = p["xy" if name == "xy_direction_deg" else "all"]
        shown = its_p < LEVEL
        ends = (lo95, lo68, hi68, hi95) if shown else (np.nan,) * 4
        found[name] = _entry(value if shown else None, ends, units[name], nulls[name], its_p)
    return found


def _symmetries(table) -> dict:
    """What the tests of asymmetry say of azimuth and of north and south (asymmetry.ecsv)."""
    rows = {(row["test"], row["sample"]): row for row in table if row["fixed"] == "none"}
    waves = ("cos_phi", "sin_phi", "cos_2phi", "sin_2phi")
    found = {}
    for sample in ("halo", "accreted"):
        row, entry = rows["axisymmetric", sample], _nothing()
        effects, errors = (
            np.array([row[f"{name}{part}"] for name in waves], float) for part in ("", "_error")
        )
        if np.isfinite(row["p"]) and np.isfinite(row["amplitude"]):
            value = row["amplitude"]
            ends = _around(value, np.sqrt(np.sum((effects * errors) ** 2)) / (2 * value))
            entry = _entry(value, ends, "", None, row["p"])
            entry |= {name: rounded(row[f"amplitude_{name}"]) for name in _NULL}
        found[f"{sample}_azimuthal_amplitude"] = entry | {"fixed": "R, Z"}
    for sample in ("halo", "accreted", "insitu"):
        row = rows["mirror", sample]
        entry = _nothing()
        if np.isfinite(row["p"]) and np.isfinite(row["north_south"]):
            ends = _around(row["north_south"], row["north_south_error"])
            null = np.array([-1, 0, 1]) * row["north_south_null95"]
            entry = _entry(row["north_south"], ends, "", None, row["p"])
            entry |= {name: rounded(v) for name, v in zip(_NULL, null[[1, 0, 2]], strict=True)}
        found[f"{sample}_north_over_south"] = entry | {"fixed": "R, |Z|, phi"}
    return found


def _published_beta(halo: Halo, observed, again, min_stars: int) -> dict:
    """How far published anisotropies are from the halo's, in errors of both (figure 10)."""
    rows, entry = halo.rows["published_beta"], _nothing()
    enough = halo.n_stars[rows] >= min_stars
    if enough.any():
        ours, resamples = (anisotropy(v[:, rows][:, enough]) for v in (observed, again))
        values = halo.published["beta"].where(enough)
        chi_squared = values.chi_squared(ours[:, 0], np.nanstd(resamples, axis=1))
        entry = _entry(chi_squared, (np.nan,) * 4, "", None, None)
    return {"published_beta_chi_squared": entry | {"fixed": "nothing"}}


def _share_drop(halo: Halo, min_stars: int) -> dict:
    """In-situ share beyond 40 kpc over that within; populations permuted, exactly."""
    far = halo.stars["r"] > FAR_KPC
    insitu = halo.population == INSITU
    known = insitu | (halo.population == ACCRETED)
    n_far, n_near = (int(np.count_nonzero(known & part)) for part in (far, ~far))
    n_insitu, k = int(np.count_nonzero(insitu)), int(np.count_nonzero(insitu & far))
    if min(n_far, n_near, n_insitu) < min_stars or n_insitu == k:
        return _nothing()

    def drop(k_far):
        return (k_far / n_far) / ((n_insitu - k_far) / n_near)

    labels = scipy.stats.hypergeom(n_far + n_near, n_insitu, n_far)
    # Of the logarithm; half a star more, so that none is a number, too
    shares = (k + 0.5) / (n_far + 1), (n_insitu - k + 0.5) / (n_near + 1)
    error = np.sqrt(sum((1 - s) / (s * n) for s, n in zip(shares, (n_far, n_near), strict=True)))
    middle = np.log(shares[0] / shares[1])
    ends = np.exp(_around(middle, error))
    ends[:2] = np.minimum(ends[:2], drop(k))
    null = drop(labels.ppf(np.array([0.025, 0.5, 0.5, 0.975])))
    entry = _entry(drop(k), ends, "", null, float(labels.cdf(k)))
    return entry | {"null_lo95": rounded(null[0]), "null_hi95": rounded(null[-1])}
