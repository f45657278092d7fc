"""Counting coverage and bias: against a plain recount, whatever the shards, and in words."""

import numpy as np
import pytest

from icefire.calibrate import advice, coverage, halos
from icefire.calibrate.coverage import (
    GROUPS,
    METHODS,
    QUANTITIES,
    SHAPE,
    STATISTICS,
    Group,
    results,
)
from icefire.errors import UserError
from icefire.measure.geometry import RadialShells
from icefire.stars.kinematics import frame

FRAME = frame(8.122, 20.8, (12.9, 245.6, 7.78))
SHELLS = RadialShells(10.0, 80.0, 5)


def count(scenario: str, numbers, n_stars: int = 1500) -> np.ndarray:
    total = np.zeros(SHAPE, np.int64)
    for number in numbers:
        stars, true = halos.make(scenario, 1, number, n_stars, {}, FRAME)
        name = f"{scenario} {number}"
        total += coverage.try_methods(stars, true, SHELLS, name, coverage.Engine(1, 60, 10, 0.1))
    return total


@pytest.fixture(scope="module")
def counted() -> np.ndarray:
    return count("gaussian", range(6))


def pick(found: dict, column: str, method: str, quantity: str, group: Group) -> float:
    place = METHODS.index(method), QUANTITIES.index(quantity), GROUPS.index(group)
    return found[column][place]


def test_the_methods_do_as_they_are_known_to(counted):
    """200 halos say more; here one sees that nothing is exchanged or doubled."""
    found = coverage.results(counted)
    strong = Group(n_lo=100, error_lo=0.4, error_hi=0.6)
    assert pick(found, "bias", "han2024", "sigma", strong) > 0.15
    assert pick(found, "coverage68", "han2024", "sigma", Group()) < 0.4
    for method in ("bootstrap", "likelihood"):
        assert abs(pick(found, "bias", method, "sigma", strong)) < 0.04
        for quantity in ("sigma", "beta"):
            assert pick(found, "coverage68", method, quantity, Group()) == pytest.approx(
                0.68, abs=0.1
            )
            assert pick(found, "coverage95", method, quantity, Group()) == pytest.approx(
                0.95, abs=0.05
            )


def summary(value, low68, high68, low95, high95) -> dict[str, np.ndarray]:
    found = {}
    for name in QUANTITIES[:4]:
        ends = ("", "_lo68", "_hi68", "_lo95", "_hi95")
        for ending, values in zip(ends, (value, low68, high68, low95, high95), strict=True):
            found[name + ending] = np.array(values, float)
    return found


def test_one_halo_is_counted_as_by_hand():
    ones = np.ones(4)
    values = dict.fromkeys(QUANTITIES[:3], 10.0 * ones) | {"beta": 0.5 * ones}
    errors = dict.fromkeys(QUANTITIES[:4], 0.05 * ones)
    bins = coverage._Bins(np.array([10, 50, 150, 200]), 15.0 * ones, values, errors)
    nan = np.nan
    found = coverage._compare(
        summary(
            [11, 9, 10.5, nan],
            [10, 8, 10.2, nan],
            [12, 9.5, 11, nan],
            [9, 8, 10.1, nan],
            [13, 10, 12, nan],
        ),
        bins,
    )
    named = dict(zip(STATISTICS, found[QUANTITIES.index("sigma_r"), 0], strict=True))
    assert named["bins"] == 3 and named["without_value"] == 1 and named["halos"] == 1
    # 11 of 10 to 12 and 9 of 8 to 9.5 and 10.5 of 10.2 to 11: ends belong to the interval
    assert (named["coverage68"], named["coverage95"], named["below"]) == (1, 2, 1)
    assert named["bias"] == round((0.1 - 0.1 + 0.05) / 1e-5)
    assert named["half_width68"] == round((0.1 + 0.075 + 0.04) / 1e-5)
    assert named["bias", "bias"] == named["bias"] ** 2
    assert named["coverage68", "bins"] == 3
    sparse = dict(zip(STATISTICS, found[0, GROUPS.index(Group(n_hi=100))], strict=True))
    assert (sparse["bins"], sparse["without_value"]) == (2, 0)


def test_standard_errors_are_those_from_halo_to_halo():
    """Bins of one halo share stars: ten bins that agree are one value, not ten."""
    rng = np.random.default_rng(2)
    held = rng.random(400) < 0.68
    rows = []
    for one in held:
        named = {"halos": 1, "bins": 10, "without_value": 0, "below": 5, "half_width68": 100}
        named |= {"bias": 1000 * one, "coverage68": 10 * one, "coverage95": 10 * one}
        named |= {(a, b): named[a] * named[b] for a, b in coverage._PRODUCTS}
        rows.append([named[name] for name in STATISTICS])
    found = coverage.results(np.sum(rows, axis=0))
    assert found["coverage68"] == pytest.approx(held.mean())
    assert found["coverage68_error"] == pytest.approx(np.std(held, ddof=1) / 20, rel=1e-6)
    assert found["bias"] == pytest.approx(100e-5 * held.mean())
    alone = coverage.results(np.array(rows[0]))
    assert np.isnan(alone["coverage68_error"]) and alone["coverage68"] in (0, 1)


def meta(n_halos: int = 6, seed: int = 1) -> dict:
    return {"parameters": {"run_calibration": {"calibration_halos": n_halos, "seed": seed}}}


def shard(path, numbers, n_halos: int = 6, seed: int = 1) -> str:
    counts = np.array([count("gaussian", numbers, 300)] * len(halos.SCENARIOS))
    coverage.write(path, counts, numbers, meta(n_halos, seed))
    return str(path)


def test_sums_do_not_depend_on_the_shards(tmp_path):
    whole, _ = coverage.join([shard(tmp_path / "whole.npz", range(6))])
    for split in ([range(2), range(2, 6)], [range(1), range(1, 3), range(3, 6)]):
        paths = [shard(tmp_path / f"{part}.npz", part) for part in split]
        for order in (paths, paths[::-1]):
            joined, found = coverage.join(order)
            np.testing.assert_array_equal(joined, whole)
            assert found == meta()


@pytest.mark.parametrize("given", [["a"], ["b"], ["a", "a", "b"], ["a", "other"]], ids=str)
def test_missing_doubled_and_foreign_shards_are_refused(tmp_path, given):
    paths = {"a": shard(tmp_path / "a.npz", range(3)), "b": shard(tmp_path / "b.npz", range(3, 6))}
    paths["other"] = shard(tmp_path / "other.npz", range(3, 6), seed=2)
    with pytest.raises(UserError, match=r"once each|other settings"):
        coverage.join([paths[name] for name in given])


def words(found: dict, catalogue: str = "a survey") -> str:
    columns = {name: np.array([values] * len(halos.SCENARIOS)) for name, values in found.items()}
    return advice.text(advice.Results(columns), 6, 10, catalogue)


def flat(text: str) -> str:
    return " ".join(text.split())


def made_up(counted, **coverage) -> dict[str, np.ndarray]:
    """Results in which each method covers as told (68 %; 95 % follows)."""
    found = {name: values.copy() for name, values in results(counted).items()}
    for method, value in coverage.items():
        found["coverage68"][METHODS.index(method)] = value
        found["coverage95"][METHODS.index(method)] = 0.95 - abs(0.68 - value)
    return found


def test_the_advice_follows_the_coverage(counted):
    said = flat(words(made_up(counted, han2024=0.2, bootstrap=0.6, likelihood=0.69)))
    assert said.count("points of what they claim: ``likelihood``.") == 2
    assert "at least 100 stars ``likelihood``, whose 68 % intervals cover 69 to 69 %" in said
    said = flat(words(made_up(counted, han2024=0.68, bootstrap=0.6, likelihood=0.5)))
    assert said.count("points of what they claim: ``han2024``.") == 2
    said = flat(words(made_up(counted, han2024=0.2, bootstrap=0.3, likelihood=0.5)))
    assert said.count("points of what they claim: none.") == 2


def test_the_advice_is_restructured_text_whatever_the_catalogue_is_called(counted):
    docutils = pytest.importorskip("docutils.core")
    odd = "my_survey_ |x| *stars* `b` \\"
    text = words(coverage.results(counted), odd)
    found = docutils.publish_doctree(text, settings_overrides={"report_level": 1, "halt_level": 1})
    assert "my_survey_ |x| *stars* `b` \\" in found.astext()
    assert max(map(len, text.splitlines())) <= 80
    # Coverage of dispersions and of beta by shape, and beta over radius in three scenarios
    assert len(list(found.findall(lambda node: node.tagname == "table"))) == 5


def test_nothing_measured_is_said(counted):
    said = flat(words(coverage.results(np.zeros(SHAPE, np.int64))))
    assert "(no such bin)" in said and "no bin" in said and "nothing" in said
    assert "nan" not in said
