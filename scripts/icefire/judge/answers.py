"""What the stars answer to every kinematic claim, beside what a featureless halo would.

Each answer has a value with its interval, the median and the 95 % interval that permuted stars
give, and p, the share of permutations that go as far. docs/claims.md has the reasons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import hypergeom

from icefire.judge import directions, statistics
from icefire.judge.permuted import ACCRETED, INSITU, Halo, Variances, measured, permute
from icefire.judge.permuted import resampled as resamples_of
from icefire.judge.statistics import MIN_STARS_OF_SCATTER, Statistic, p_value
from icefire.judge.strata import strata
from icefire.numbers.estimates import number, quadrupole, rounded

# Direction and size of a dependence on direction are given where its p is below this.
MAX_P_OF_DIRECTION = 0.01
# Resamples of the stars whose scatter is the standard error of a statistic
_RESAMPLES = 400
# Within and beyond this the paper compares the in-situ share (figure 9).
_FAR_KPC = 40
_BY_RADIUS = (
    *("coldest_line_of_sight", "hottest_line_of_sight", "coldest_lines_of_sight_stars"),
    *("sigma_r_rank_correlation", "beta_rank_correlation", "first_minus_fourth_beta"),
    *("insitu_beta", "insitu_over_accreted_ln_sigma_r", "insitu_colder_shells"),
)
_BY_POPULATION = ("cold_insitu_sigma_r", "hot_minus_cold_sigma_r")


def answers(halo: Halo, min_stars: int, permutations: int, seed: int) -> dict:
    """Measure every answer: groups of entries as numbers.yaml has them.

    `min_stars` is the least of stars in what a number is measured from; `permutations` are made of
    every null, from random streams of `seed`.
    """
    observed, again = measured(halo), resamples_of(halo, seed, _RESAMPLES)
    listed = statistics.of_halo(halo, min_stars)
    stars = {"halo": np.full(len(halo.population), True), "accreted": halo.population == ACCRETED}
    lines = {"sphere": "scatter_of_lines_of_sight", "population": "scatter_at_fixed_population"}
    found = {}
    for null, fixed, names, sample in (
        ("sphere", "r", _BY_RADIUS, "halo"),
        ("population", "r, population", _BY_POPULATION, "accreted"),
    ):
        labels = halo.labels(fixed)
        axis = _axis_scores(halo, labels, stars[sample], min_stars)
        measures = [Variances(halo)] + ([axis] if axis else [])
        variances, *scores = permute(labels, measures, seed, null, permutations)
        variances = variances.transpose(1, 2, 0)
        for name in names:
            found[name] = _answer(listed[name], observed, again, variances) | {"fixed": fixed}
        found[lines[null]] = _scatter(halo, observed, variances, min_stars) | {"fixed": fixed}
        of_axis = _axis(halo, axis, scores[0] if scores else None, stars[sample], seed)
        found[sample] = {key: entry | {"fixed": fixed} for key, entry in of_axis.items()}
    found |= _planes(halo, min_stars, permutations, seed)
    found["insitu_share_drop"] = _share_drop(halo, min_stars)
    return found


def _entry(value, ends: Sequence, unit: str, null: np.ndarray | None, p: float | None) -> dict:
    """Make an entry; `ends` are those of the 95 and the 68 % interval, from low to high."""
    lo95, lo68, hi68, hi95 = ends
    entry = number(value, unit, lo68, hi68) | {"lo95": rounded(lo95), "hi95": rounded(hi95)}
    levels = (np.nan,) * 3
    if null is not None and np.isfinite(null).any():
        levels = np.nanquantile(null, (0.5, 0.025, 0.975))
    names = ("null", "null_lo95", "null_hi95")
    entry |= {name: rounded(level) for name, level in zip(names, levels, strict=True)}
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
    null = statistic.measure(permuted)
    p = p_value(value, null, statistic.tail)
    error = float(np.nanstd(statistic.measure(again)))
    offset = float(np.nanmean(null)) if statistic.relative else 0.0
    ends = _around(value - offset, error)
    return _entry(value - offset, ends, statistic.unit, null - offset, p)


def _scatter(halo: Halo, observed, permuted, min_stars: int) -> dict:
    """How much ln sigma_r scatters between lines of sight beyond their noise.

    What stars at the same r would show in each line of sight, and how noisy that is, is told by its
    permutations.
    """
    sky = halo.rows["sky"]
    many = halo.n_stars[sky] >= max(MIN_STARS_OF_SCATTER, min_stars)
    if np.count_nonzero(many) < 3:
        return _nothing()
    # km2/s2; the errors of so many stars leave more than this.
    logs = [0.5 * np.log(np.maximum(v[0, sky][many], 1.0)) for v in (observed, permuted)]
    expected, noise = logs[1].mean(axis=1, keepdims=True), logs[1].var(axis=1)
    if not noise.all():
        return _nothing()
    values, null = (part - expected for part in logs)
    q = statistics.homogeneity(values, noise)
    p = p_value(float(q[0]), statistics.homogeneity(null, noise), "high")
    levels = (None, 0.975, 0.84, 0.16, 0.025)
    tau, *ends = (float(statistics.scatter(values, noise, level)[0]) for level in levels)
    return _entry(tau, ends, "", statistics.scatter(null, noise), p)


# --- directions ------------------------------------------------------------------------------


def _axis_scores(halo: Halo, labels, inside, min_stars: int) -> directions.Scores | None:
    if np.count_nonzero(inside) < max(20, min_stars):
        return None
    design = directions.harmonics(halo.position)
    scores = directions.Scores(design, halo.stars["v_r"], labels, inside)
    return scores if scores.determined else None


def _axis(halo: Halo, scores, permuted, inside, seed: int) -> dict:
    """The axis on which some stars are hot at fixed r; only where a sphere is excluded."""
    units = {"xy_direction_deg": "deg", "azimuth_deg": "deg", "pitch_deg": "deg", "contrast": ""}
    fit = quadrupole(halo.position[:, inside], halo.stars["v_r"][inside]) if scores else None
    if fit is None:
        return {name: _nothing(unit) for name, unit in units.items()}
    p = {}
    for name, part in (("xy", slice(0, 2)), ("all", slice(None))):
        value = float(scores.statistic(scores.observed, part))
        p[name] = p_value(value, scores.statistic(permuted, part), "high")
    null = directions.contrasts(scores.effects(permuted))
    found = {}
    for name, (value, lo95, lo68, hi68, hi95) in directions.axis_numbers(fit, seed).items():
        its_p = p["xy" if name == "xy_direction_deg" else "all"]
        shown = its_p < MAX_P_OF_DIRECTION
        ends = (lo95, lo68, hi68, hi95) if shown else (np.nan,) * 4
        beside = null if name == "contrast" else None
        found[name] = _entry(value if shown else None, ends, units[name], beside, its_p)
    return found


def _planes(halo: Halo, min_stars: int, permutations: int, seed: int) -> dict:
    """Whether sigma_r breaks symmetry about the axis, and about the plane."""
    x, y, z = halo.position
    radius, phi = np.hypot(x, y), np.arctan2(y, x)
    everyone = np.full(len(x), True)
    insitu = halo.population == INSITU
    azimuthal, north = directions.azimuthal(halo.position), directions.north(halo.position)
    found = {}
    for name, fixed, place, inside, design in (
        ("halo_azimuthal_amplitude", "R, Z", (radius, z), everyone, azimuthal),
        ("halo_north_over_south", "R, |Z|, phi", (radius, np.abs(z), phi), everyone, north),
        ("insitu_north_over_south", "R, |Z|, phi", (radius, np.abs(z), phi), insitu, north),
    ):
        found[name] = _nothing() | {"fixed": fixed}
        if np.count_nonzero(inside) < max(20, min_stars):
            continue
        v_r = halo.stars["v_r"][inside]
        labels = strata(np.array(place)[:, inside])
        scores = directions.Scores(design[inside], v_r, labels, np.full(len(v_r), True))
        if scores.determined:
            (permuted,) = permute(labels, [scores], seed, name, permutations)
            found[name] |= _effect(name, scores, permuted)
    return found


def _effect(name: str, scores: directions.Scores, permuted: np.ndarray) -> dict:
    effects, null = scores.effects(scores.observed), scores.effects(permuted)
    errors = scores.errors()
    if "amplitude" in name:
        # Of cos and sin waves: the root mean square over the azimuth
        value, null = (np.sqrt(0.5 * np.sum(part**2, axis=-1)) for part in (effects, null))
        error = float(np.sqrt(np.sum((effects * errors) ** 2)) / (2 * value))
        tails = (scores.statistic(scores.observed), scores.statistic(permuted), "high")
    else:
        value, error, null = effects[0], errors[0], null[:, 0]
        tails = (value, null, "high" if name.startswith("insitu") else "both")
    ends = _around(float(value), float(error))
    return _entry(float(value), ends, "", null, p_value(float(tails[0]), *tails[1:]))


def _share_drop(halo: Halo, min_stars: int) -> dict:
    """In-situ share beyond 40 kpc over that within; populations permuted, exactly."""
    far = halo.stars["r"] > _FAR_KPC
    insitu, known = halo.population == INSITU, halo.population > 0
    n_far, n_near = (int(np.count_nonzero(known & part)) for part in (far, ~far))
    n_insitu, k = int(np.count_nonzero(insitu)), int(np.count_nonzero(insitu & far))
    if min(n_far, n_near, n_insitu) < min_stars or n_insitu == k:
        return _nothing() | {"fixed": "number of in-situ stars"}

    def drop(k_far):
        return (k_far / n_far) / ((n_insitu - k_far) / n_near)

    labels = hypergeom(n_far + n_near, n_insitu, n_far)
    # Of the logarithm; half a star more, so that none is a number, too
    shares = (k + 0.5) / (n_far + 1), (n_insitu - k + 0.5) / (n_near + 1)
    error = np.sqrt(sum((1 - s) / (s * n) for s, n in zip(shares, (n_far, n_near), strict=True)))
    middle = np.log(shares[0] / shares[1])
    ends = np.exp(_around(middle, error))
    null = drop(labels.ppf(np.array([0.025, 0.5, 0.5, 0.975])))
    entry = _entry(drop(k), ends, "", null, float(labels.cdf(k)))
    entry |= {"null_lo95": rounded(null[0]), "null_hi95": rounded(null[-1])}
    return entry | {"fixed": "number of in-situ stars"}
