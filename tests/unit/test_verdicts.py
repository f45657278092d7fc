"""Verdicts and what they rest on: ranges, Holm, permuted halos, scatter beyond noise."""

import numpy as np
import pytest
from scipy.stats import kstest, spearmanr

from icefire.judge import claims, permuted, published, statistics
from icefire.judge.claims import holm, reaches, verdict
from icefire.judge.permuted import ACCRETED, INSITU
from icefire.judge.published import Published
from icefire.judge.strata import strata
from icefire.measure.geometry import HealpixSky, RadialShells
from icefire.measure.recipes import COMPONENTS

NAN = float("nan")
SKY, SHELLS = HealpixSky(2), RadialShells(10, 80, 15)


def test_holms_correction_is_the_textbook_one():
    corrected = holm([0.01, 0.04, NAN, 0.03, 0.005])
    assert corrected[:2] == pytest.approx([0.03, 0.06])
    assert np.isnan(corrected[2])
    assert corrected[3:] == pytest.approx([0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize(
    ("rule", "low", "high", "wanted"),
    [
        ({"about": 70, "within": 15}, 85, 85, True),
        ({"about": 70, "within": 15}, 85.1, 99, False),
        ({"about": 70, "within": 15}, 40, 55.1, True),
        ({"about": 5, "within": 15, "axis": True}, 172, 172, True),
        ({"about": 175, "within": 15, "axis": True}, -3, 8, True),
        ({"about": 70, "within": 15, "axis": True}, 160, 160, False),
        ({"above": 0}, 0, 0, False),
        ({"above": 0}, -1, 0.1, True),
        ({"below": 0.5}, 0.5, 2, False),
        ({"below": 0.5}, 0.4, 0.4, True),
        ({"differs_from": 0}, 0, 0, False),
        ({"differs_from": 0}, -1, 1, True),
    ],
)
def test_a_range_is_reached_or_not(rule, low, high, wanted):
    assert reaches(rule, low, high) is wanted


def answer(value, lo95=None, hi95=None, p=0.001) -> dict:
    return {"value": value, "lo95": lo95, "hi95": hi95, "p": p}


@pytest.mark.parametrize(
    ("given", "corrected", "wanted"),
    [
        (answer(70, 60, 80), 0.0099, "supported"),
        (answer(70, 60, 80), 0.01, "compatible"),
        (answer(90, 80, 100), 0.0001, "compatible"),
        (answer(90, 86, 94), 0.0001, "contradicted"),
        (answer(90, 86, 94), 0.9, "contradicted"),
        (answer(None), 0.9, "not measurable"),
        (answer(None, p=None), NAN, "not measurable"),
        (answer(70, p=None), NAN, "compatible"),
        (answer(90, p=None), NAN, "contradicted"),
    ],
)
def test_what_a_value_and_its_p_are_worth(given, corrected, wanted):
    claim = {"range": {"about": 70, "within": 15}}
    found, because = verdict(claim, given, corrected)
    assert found == wanted and because


def test_what_cannot_be_asked_does_not_count_in_the_correction():
    numbers = {
        "catalogue": {"survey": "other"},
        "counts": {"rows": {"value": 7}},
        "judged": {"a": answer(1, 0.5, 1.5, 0.006), "b": answer(1, 0.5, 1.5, 0.5)},
    }
    rule = {"range": {"above": 0}}
    asked = [rule | {"number": "judged.a"}, rule | {"number": "judged.b", "survey": "H3"}]
    assert [row["verdict"] for row in claims.judge(asked, numbers, "x")] == [
        "supported",
        "not applicable",
    ]
    del asked[1]["survey"]
    assert claims.judge(asked, numbers, "x")[0]["verdict"] == "compatible"


# --- permuted halos --------------------------------------------------------------------------


NEAR = Published(
    np.array([[15.0, 20, 25], [17.5, 22, 30], [20, 25, 40]]),
    np.array([118.0, 110, 95]),
    np.array([[3.0, NAN, 5], [3, NAN, 5]]),
)


def halo(n: int, seed: int, boost=0.0, colder=1.0) -> permuted.Halo:
    """A halo that cools outward; `boost` heats l < 180, in situ is `colder` and lies near.

    Published values are near the middle of a halo whose in-situ stars are colder by a third.
    """
    draw = np.random.default_rng(seed)
    stars = {"l": draw.uniform(0, 360, n), "b": np.degrees(np.arcsin(draw.uniform(-1, 1, n)))}
    l, b = np.radians(stars["l"]), np.radians(stars["b"])  # noqa: E741
    stars["r"] = r = draw.uniform(10, 60, n)
    for name, cosine in zip(
        "xyz", (np.cos(b) * np.cos(l), np.cos(b) * np.sin(l), np.sin(b)), strict=True
    ):
        stars[name] = r * cosine
    population = np.where(draw.random(n) < 0.5 - r / 200, INSITU, ACCRETED)
    scale = (r / 20) ** -0.4 * np.where(population == INSITU, colder, 1.0)
    scale *= np.exp(boost * np.where(stars["l"] < 180, 0.5, -0.5))
    for name, size in zip(COMPONENTS, (140, 80, 80), strict=True):
        stars[name] = size * scale * draw.standard_normal(n) + 10 * draw.standard_normal(n)
        stars[f"{name}_error"] = np.full(n, 10.0)
    return permuted.halo_of(stars, population, SKY, SHELLS, {"near": NEAR})


def test_variances_are_numpys_less_the_errors():
    stars = halo(3000, 1)
    variance = permuted.measured(stars)
    inside = (stars.population == INSITU) & (stars.stars["x"] > -8) & (stars.stars["z"] > 10)
    row = stars.rows["hot"].start
    assert stars.n_stars[row] == np.count_nonzero(inside)
    for i, name in enumerate(COMPONENTS):
        wanted = stars.stars[name][inside].var(ddof=1) - 100
        assert variance[i, row, 0] == pytest.approx(wanted)


def test_permuted_stars_keep_their_strata():
    """One star per stratum cannot move; all in one keep only the whole sample's velocities."""
    stars = halo(500, 2)
    alone = permuted.permuted(stars, np.arange(500), 1, "x", 3)
    np.testing.assert_allclose(alone, np.repeat(permuted.measured(stars), 3, axis=2))
    mixed = permuted.permuted(stars, np.zeros(500, int), 1, "x", 3)
    assert not np.allclose(mixed, alone, equal_nan=True)
    np.testing.assert_array_equal(mixed, permuted.permuted(stars, np.zeros(500, int), 1, "x", 3))
    assert not np.allclose(
        mixed, permuted.permuted(stars, np.zeros(500, int), 2, "x", 3), equal_nan=True
    )


def p_of(stars: permuted.Halo, name: str, number: int = 99) -> float:
    null = permuted.permuted(stars, strata(stars.stars["r"]), 1, "x", number)
    statistic = statistics.of_halo(stars, 10)[name]
    value = float(statistic.measure(permuted.measured(stars))[0])
    return statistics.p_value(value, statistic.measure(null), statistic.tail)


NAMES = (
    "hottest_line_of_sight",
    "sigma_r_rank_correlation",
    "first_minus_fourth_beta",
    "insitu_over_accreted_ln_sigma_r",
)


@pytest.mark.parametrize("name", NAMES)
def test_p_is_uniform_where_there_is_nothing(name):
    found = [p_of(halo(1200, seed), name) for seed in range(40)]
    assert kstest(found, "uniform").pvalue > 1e-3


def test_what_is_there_is_found_and_nothing_else():
    cold = halo(3000, 3, colder=0.7)
    assert p_of(cold, "insitu_over_accreted_ln_sigma_r") == 0.01
    assert p_of(cold, "first_minus_fourth_beta") > 0.01
    assert p_of(cold, "insitu_colder_lines_of_sight") == 0.01
    assert p_of(cold, "accreted_minus_insitu_beta") > 0.01
    assert p_of(cold, "published_between_populations") < 0.05
    assert p_of(halo(3000, 3), "published_between_populations") > 0.1


def test_published_values_are_between_curves_as_far_as_their_errors_reach():
    low, high = np.array([[121.5], [100], [101]]), np.array([[130.0], [109], [110]])
    assert NEAR.reached(low, high)[:, 0].tolist() == [False, False, False]
    assert NEAR.reached(low - 1, high + 1)[:, 0].tolist() == [True, True, True]
    assert NEAR.inside(np.array([14.9, 15, 20, 39])).tolist() == [
        [False, True, False, False],
        [False, False, True, False],
        [False, False, False, True],
    ]


def test_chi_squared_has_the_errors_of_both_and_leaves_out_what_has_none():
    ours, errors = np.array([118.0 + 5, 0, 95 - 13]), np.array([4.0, 1, 12])
    assert NEAR.chi_squared(ours, errors) == pytest.approx((1 + 1) / 2)
    assert np.isnan(NEAR.where(np.array([False, True, False])).chi_squared(ours[:1], errors[:1]))


def test_published_values_beyond_the_shells_are_left_out(repo):
    edges = np.linspace(10, 80, 16)
    found = published.read(str(repo / "resources" / "literature_beta.ecsv"), ("beta",), edges)
    assert np.all((found.r_kpc[0] >= 10) & (found.r_kpc[2] <= 80))
    assert np.all((found.r_kpc[0] <= found.r_kpc[1]) & (found.r_kpc[1] <= found.r_kpc[2]))
    # HALO7D at 23 kpc has the shell of its radius; a range to 120 kpc goes as far as the shells.
    halo7d = np.flatnonzero(found.value == 0.68)
    assert found.r_kpc[:, halo7d].ravel() == pytest.approx([10 + 28 / 3, 23, 24])
    assert found.error[:, halo7d].ravel() == pytest.approx([0.05, 0.04])
    assert found.r_kpc[:, found.value == 0.34].ravel() == pytest.approx([40, 60, 80])


def test_the_rank_correlation_is_scipys():
    stars = halo(3000, 4)
    sky = stars.rows["sky"]
    known = stars.in_sky(ACCRETED) + stars.in_sky(INSITU)
    sigma = np.sqrt(permuted.measured(stars)[0, sky, 0])
    wanted = spearmanr(stars.in_sky(ACCRETED) / known, sigma).statistic
    measure = statistics.of_halo(stars, 10)["sigma_r_rank_correlation"].measure
    assert float(measure(permuted.measured(stars))[0]) == pytest.approx(wanted)


def test_fewer_than_min_stars_answer_nothing():
    stars = halo(60, 5)
    least = int(stars.n_stars[stars.rows["all_insitu"]][0])
    for min_stars, measured in ((least, True), (least + 1, False)):
        statistic = statistics.of_halo(stars, min_stars)["insitu_beta"]
        assert (statistic.measure is not None) == measured


@pytest.mark.parametrize(
    ("value", "tail", "wanted"),
    [(9, "high", 0.2), (0, "high", 1), (0, "low", 0.4), (9, "both", 0.2), (4.5, "both", 1)],
)
def test_p_counts_the_stars_as_they_are_and_ties(value, tail, wanted):
    assert statistics.p_value(value, np.array([0.0, 3, 6, 8]), tail) == pytest.approx(wanted)


def test_what_a_permutation_cannot_give_counts_against_the_claim():
    assert statistics.p_value(9, np.array([NAN, 1, 2]), "high") == 0.5


@pytest.mark.parametrize("tau", [0.0, 0.1, 0.3])
def test_scatter_is_what_was_put_in_and_its_interval_covers(tau):
    draw = np.random.default_rng(6)
    noise = draw.uniform(0.003, 0.02, 60)
    spread = np.sqrt(noise + tau**2)[:, None]
    values = 5 + spread * draw.standard_normal((60, 400))
    found = statistics.scatter(values, noise)
    low, high = (statistics.scatter(values, noise, level) for level in (0.84, 0.16))
    assert np.mean((low <= tau) & (tau <= high)) > 0.6
    if tau:
        # Of 400 samples: the standard error of a share of 0.68 is 0.023.
        assert np.mean((low <= tau) & (tau <= high)) == pytest.approx(0.68, abs=0.07)
        assert np.median(found) == pytest.approx(tau, rel=0.05)
    else:
        assert np.mean(found == 0) == pytest.approx(0.53, abs=0.08)
    assert np.all((low <= found + 1e-12) & (found <= high + 1e-12))


def test_too_few_permutations_for_the_correction_judge_nothing():
    said = claims.too_few(2599, [0.5] * 26 + [float("nan")])
    assert said.startswith("This run judges nothing: 2,599 permutations are too few for 26 claims")
    assert "significance.permutations of 2,600 or more" in said
    assert claims.too_few(2600, [0.5] * 26) == claims.too_few(10, [float("nan")]) == ""
