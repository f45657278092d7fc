"""Strata, permutations and the tests made of them, against brute force and known halos."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy.stats import kstest

from icefire.judge import asymmetry, significance
from icefire.judge.significance import NULLS, Score
from icefire.judge.strata import AT_ONCE, Permutation, strata, stream

SETTINGS = asymmetry.Settings(permutations=60, seed=3, stratum_stars=40, min_stars=10)


def halo(n: int, seed: int, south: float = 0.5) -> dict[str, np.ndarray]:
    """A made-up sample on half a sky, sigma_r falling with r, a composition per star."""
    draw = np.random.default_rng(seed)
    r = draw.uniform(10, 50, n)
    sin_b = draw.uniform(0.2, 1, n) * np.where(draw.random(n) < south, -1, 1)
    phi = draw.uniform(0.5, 5.5, n)
    place = r * np.array([np.cos(phi), np.sin(phi), sin_b]) / np.sqrt(1 + sin_b**2)
    place *= r / np.linalg.norm(place, axis=0)
    stars = dict(zip("xyz", place, strict=True)) | {"r": r, "feh": draw.normal(-1.3, 0.4, n)}
    stars["ra"] = draw.uniform(0, 360, n)
    stars["pixel"] = draw.integers(0, 30, n)
    stars["v_r"] = draw.normal(size=n) * 150 * (r / 20) ** -0.3
    return stars


def p_of(stars: dict, name: str, groups=None, n: int = 99, seed: int = 1) -> float:
    labels = NULLS[name].strata(stars, groups, 40)
    score = Score(stars["v_r"], NULLS[name].design(stars), labels)
    drawn = score.permuted(seed, name, "halo", range(n))
    t, _ = significance.statistic(score.observed, score.covariance)
    return significance.p_value(t, significance.statistic(drawn, score.covariance)[0])


@pytest.mark.parametrize("n", [0, 1, 2, 39, 80, 1000])
def test_strata_hold_size_to_twice_size_and_stay_in_groups(n):
    draw = np.random.default_rng(n)
    groups = draw.integers(0, 3, n)
    labels = strata(draw.normal(size=(2, n)), groups)
    assert len(labels) == n
    for label in np.unique(labels):
        inside = labels == label
        of_group = groups == groups[inside][0]
        assert np.all(of_group[inside])
        assert min(40, of_group.sum()) <= inside.sum() <= 80


def rows_of(permutation: Permutation, generator) -> np.ndarray:
    """Tell which star's value each star takes, AT_ONCE times."""
    n_stars = len(permutation.order)
    found = np.full((AT_ONCE, n_stars), -1)
    for stars, values in permutation.permuted(np.arange(n_stars)[:, None], generator):
        found[:, stars] = values[:, :, 0].T
    return found


def test_permutations_stay_within_strata_and_reach_every_order_alike():
    labels = np.array([0, 1, 0, 1, 0, 2])
    permutation = Permutation(labels)
    drawn = [rows_of(permutation, stream(1, "t", "s", i))[i % AT_ONCE] for i in range(6000)]
    arranged = permutation.arrange(labels)
    for index in drawn[:50]:
        assert sorted(index) == list(range(6))
        assert np.array_equal(arranged[index], arranged)
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(counts) == 12  # 3! 2! 1!
    assert np.all(np.abs(counts - 500) < 5 * np.sqrt(500))


def test_products_are_sums_over_the_permuted_stars_whichever_are_asked_for(monkeypatch):
    monkeypatch.setattr("icefire.judge.strata._STARS_AT_ONCE", 300)
    monkeypatch.setattr("icefire.judge.strata._ROWS_AT_ONCE", 100)
    stars = halo(700, 3)
    score = Score(stars["v_r"], NULLS["sphere"].design(stars), strata([stars["r"]]))
    blocks = [rows_of(score.permutation, stream(5, "t", "s", number)) for number in (0, 1)]
    by_hand = score.u[np.concatenate(blocks)] @ score.design.T
    numbers = [3, 99, 100, 150]
    assert np.allclose(score.permuted(5, "t", "s", numbers), by_hand[numbers])


def test_covariance_is_that_of_all_permutations():
    draw = np.random.default_rng(5)
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    score = Score(draw.normal(size=8), draw.normal(size=(2, 8)), labels)
    u, starts = score.u, score.permutation.starts
    parts = [u[a:b] for a, b in zip(starts, [*starts[1:], 8], strict=True)]
    every = [
        score.design @ np.concatenate(order)
        for order in product(*(list(permutations(part)) for part in parts))
    ]
    assert np.allclose(np.mean(every, axis=0), 0)
    assert np.allclose(np.cov(np.array(every).T, bias=True), score.covariance)


@pytest.mark.parametrize("name", NULLS)
def test_leaving_parts_out_by_moments_is_leaving_them_out(name, monkeypatch):
    monkeypatch.setattr(significance, "_CHUNK", 128)
    stars = halo(700, 7)
    labels, design = NULLS[name].strata(stars, None, 40), NULLS[name].design(stars)
    scores, covariances = Score(stars["v_r"], design.copy(), labels).without_each(
        stars["pixel"], 31
    )
    for part in (0, 17, 30):
        left = stars["pixel"] != part
        again = Score(stars["v_r"][left], design[:, left], labels[left])
        assert np.allclose(scores[part], again.observed)
        assert np.allclose(covariances[part], again.covariance)


def test_a_stratum_of_one_velocity_tells_nothing():
    labels = np.repeat([0, 1], 20)
    v = np.r_[np.full(20, 3.0), np.random.default_rng(1).normal(size=20)]
    score = Score(v, np.random.default_rng(2).normal(size=(1, 40)), labels)
    assert np.isfinite(score.observed).all() and np.all(score.u[:20] == 0)


def test_columns_that_data_cannot_tell_are_left_out_of_dof_and_effects():
    stars = halo(300, 8, south=0)
    design = NULLS["mirror"].design(stars)
    score = Score(stars["v_r"], design, strata(NULLS["mirror"].coordinates(stars)))
    t, dof = significance.statistic(score.observed, score.covariance)
    assert dof == 0 and t == 0
    values, _ = significance.effects(score.observed, score.covariance, score.information)
    assert np.isnan(values[0])


@pytest.mark.parametrize("name", NULLS)
def test_p_is_uniform_where_the_null_is_true(name):
    p = [p_of(halo(120, seed), name, seed=seed) for seed in range(250)]
    assert kstest(p, "uniform").pvalue > 0.01
    assert 0.015 < np.mean(np.array(p) <= 0.05) < 0.09


def test_planted_azimuthal_signal_comes_back_with_its_sign_and_size():
    stars = halo(8000, 9)
    phi = np.arctan2(stars["y"], stars["x"])
    stars["v_r"] *= np.exp(0.15 * np.cos(phi) - 0.1 * np.sin(2 * phi))
    null = NULLS["axisymmetric"]
    score = Score(stars["v_r"], null.design(stars), strata(null.coordinates(stars)))
    values, errors = significance.effects(score.observed, score.covariance, score.information)
    # One step from no effect, in strata that know their own dispersion: 4/n too small.
    assert np.all(np.abs(values - 0.93 * np.array([0.15, 0, 0, -0.1])) < 3 * errors)
    assert p_of(stars, "axisymmetric") == 0.01


def test_composition_alone_is_found_plain_and_not_at_fixed_population():
    stars = halo(4000, 10)
    draw = np.random.default_rng(11)
    phi = np.arctan2(stars["y"], stars["x"])
    insitu = draw.random(4000) < 0.4 + 0.35 * np.cos(phi)
    stars["v_r"] *= np.where(insitu, 0.5, 1)
    assert p_of(stars, "axisymmetric") == 0.01
    assert p_of(stars, "axisymmetric", insitu) > 0.02


@pytest.fixture(scope="module")
def samples():
    stars = halo(400, 12)
    stars["feh"][:7] = np.nan
    metal_rich = stars["feh"] > -1.0

    def of(mask):
        return {name: values[mask] for name, values in stars.items()}

    few = np.flatnonzero(metal_rich)[:8]
    return {"halo": stars, "accreted": of(stars["feh"] < -1.2), "insitu": of(few)}


def test_every_test_of_every_sample_has_a_row(samples):
    groups = asymmetry.compositions(*samples.values())
    rows = [
        row
        for sample, stars in reversed(samples.items())
        for row in asymmetry.run_sample(sample, stars, groups, SETTINGS)
    ]
    rows = asymmetry.in_order(rows)
    assert [row["fixed"] for row in rows[:3]] == ["none", "population", "population_feh"]
    rows = {(row["test"], row["sample"], row["fixed"]): row for row in rows}
    assert len(rows) == 20
    assert np.isnan(rows["sphere", "insitu", "none"]["p"])  # eight stars
    row = rows["axisymmetric", "halo", "population"]
    assert row["dof"] == 4 and 0 < row["p"] <= 1 and row["p_worst"] > 0
    assert np.isfinite(row["cos_phi"]) and np.isnan(row["l1_x"])
    waves = [row[name] for name in ("cos_phi", "sin_phi", "cos_2phi", "sin_2phi")]
    assert row["amplitude"] == pytest.approx(np.sqrt(0.5 * np.sum(np.square(waves))))
    # Nothing is there: what permutations give is as large, and never negative.
    assert 0 < row["amplitude_null_lo95"] < row["amplitude_null"] < row["amplitude_null_hi95"]
    assert row["amplitude"] < row["amplitude_null_hi95"]


def test_stars_of_no_population_and_without_metallicity_are_groups_of_their_own(samples):
    labels = asymmetry.compositions(*(samples[name] for name in ("halo", "accreted", "insitu")))
    assert labels["none"] is None
    counts = np.bincount(labels["population"], minlength=4)
    assert counts[0] == len(samples["accreted"]["r"]) and counts[1] == 8 and counts[3] == 7
    assert np.all(labels["population_feh"][:7] == 6 * 3 + 5)


@pytest.mark.parametrize("azimuth", [20.0, 250.0])
def test_directions_point_at_the_hottest_stars(azimuth):
    phi = np.radians(azimuth)
    found = asymmetry.directions(
        "axisymmetric", 0.1 * np.array([np.cos(phi), np.sin(phi), np.cos(2 * phi), np.sin(2 * phi)])
    )
    assert np.isclose(found["dipole_azimuth_deg"], azimuth)
    assert np.isclose(found["quadrupole_azimuth_deg"], azimuth % 180)
    axis = np.array([np.cos(phi) * 0.8, np.sin(phi) * 0.8, 0.6])
    stars = {name: np.array([v]) for name, v in zip("xyz", axis, strict=True)} | {"r": np.ones(1)}
    found = asymmetry.directions("sphere", 0.1 * NULLS["sphere"].design(stars)[:, 0])
    for pattern in ("dipole", "quadrupole"):
        assert np.isclose(found[pattern], 0.1)
        assert np.isclose(found[f"{pattern}_azimuth_deg"], azimuth)
        assert np.isclose(found[f"{pattern}_pitch_deg"], np.degrees(np.arcsin(0.6)))


def test_the_map_shows_where_the_halo_is_hot():
    stars = halo(6000, 13)
    hot = stars["y"] > 0
    stars["v_r"] *= np.where(hot, 1.2, 0.9)
    found = asymmetry.azimuth_map(stars, SETTINGS)
    assert found["n"].sum() == 6000
    value = found["ln_sigma_r"]
    north, south = found["phi_hi"] <= 180, found["phi_lo"] >= 180
    assert np.nanmedian(value[north]) > 0.08 > -0.08 > np.nanmedian(value[south])
    assert np.isnan(value[found["n"] < 40]).all()
