"""Every bad row goes under one reason; every star stays once."""

import numpy as np
import pytest

from icefire.files.columns import LOGARITHMS
from icefire.stars.ledger import Ledger
from icefire.stars.quality import Quality

GOOD = {
    "flag": 0.0,
    "snr": 10.0,
    "ra": 180.0,
    "dec": -30.0,
    "distance": 12.0,
    "distance_error": 1.0,
    "rv": 50.0,
    "rv_error": 0.3,
    "pmra": 1.0,
    "pmra_error": 0.1,
    "pmdec": -1.0,
    "pmdec_error": 0.1,
    "pm_corr": 0.2,
}
NAN, INF = float("nan"), float("inf")

# (position of the reason in the ledger, what is wrong)
FAULTS = [
    *((0, {"flag": value}) for value in (1, -1, NAN)),
    *((1, {"snr": value}) for value in (3.0, -5, NAN)),
    *((2, {"ra": value}) for value in (-0.1, 360.1, NAN)),
    *((2, {"dec": value}) for value in (-90.1, 90.1, NAN)),
    *((3, {"distance": value}) for value in (0, -1, NAN, INF, 1001)),
    *((4, {"rv": value}) for value in (NAN, INF, 9001, -9999)),
    *((5, {name: value}) for name in ("pmra", "pmdec") for value in (NAN, INF, 9001, -9999)),
    *((6, {f"{name}_error": NAN}) for name in ("distance", "rv", "pmra", "pmdec")),
    *((6, {f"{name}_error": -1}) for name in ("distance", "rv", "pmra", "pmdec")),
    (6, {"distance_error": 1001}),
    *((6, {f"{name}_error": 9001}) for name in ("rv", "pmra", "pmdec")),
    *((6, {"pm_corr": value}) for value in (1.01, -1.01, NAN)),
]


def block(*rows: dict) -> dict[str, np.ndarray]:
    columns = GOOD | dict.fromkeys(LOGARITHMS, 0.0)
    return {name: np.array([{**columns, **row}[name] for row in rows], float) for name in columns}


def quality(cuts_off: dict | None = None, n_start: int = 0):
    ledger = Ledger(n_start)
    return Quality(ledger, 3.0, cuts_off or {}), ledger


@pytest.mark.parametrize(("reason", "fault"), FAULTS, ids=str)
def test_each_fault_counts_once_under_its_reason(reason, fault):
    cuts, ledger = quality(n_start=2)
    assert cuts.good(block({}, fault)).tolist() == [True, False]
    assert [e.n_removed for e in ledger.entries] == [int(i == reason) for i in range(8)]
    assert ledger.n_left == 1


@pytest.mark.parametrize(
    "edge",
    [{"ra": 0}, {"ra": 360}, {"dec": 90}, {"dec": -90}, {"pm_corr": -1}, {"snr": 3.0001}, {}]
    + [{"distance": 1000}, {"rv": -9000}, {"pmra": -9000}, {"pmdec": 9000}]
    + [{f"{name}_error": 0} for name in ("distance", "rv", "pmra", "pmdec")],
    ids=str,
)
def test_values_at_the_limits_stay(edge):
    assert quality()[0].good(block(edge)).all()


@pytest.mark.parametrize(
    ("ids", "snr", "kept"),
    [
        ([7, 7, 8], [5, 9, 1], [1, 2]),
        ([7, 8, 7, 7], [9, 1, 9, 2], [0, 1]),  # equal: the first
        ([7, 7, 7], [NAN, NAN, NAN], [0]),
        ([7, 7, 7], [NAN, 4, NAN], [1]),
        ([b"b", b"a", b"b"], [1, 1, 2], [1, 2]),
        ([], [], []),
    ],
)
def test_the_best_row_of_a_star_stays_and_the_first_of_equals(ids, snr, kept):
    cuts, ledger = quality(n_start=len(ids))
    keep = cuts.unique(np.array(ids), np.array(snr, float))
    assert np.flatnonzero(keep).tolist() == kept
    assert ledger.entries[-1].n_removed == len(ids) - len(kept)
    assert ledger.n_left == len(kept)


@pytest.mark.parametrize("value", [9.01, -9.01, -9.99, -9999, INF, -INF, NAN])
def test_a_logarithm_that_no_star_has_is_missing_and_counted(value):
    stars = block(*(dict.fromkeys(LOGARITHMS, each) for each in (9.0, value, -9.0)))
    cuts, _ = quality()
    assert cuts.good(stars).all()
    for name in LOGARITHMS:
        np.testing.assert_array_equal(stars[name], [9, NAN, -9])
    assert len(cuts.lines()) == (0 if np.isnan(value) else len(LOGARITHMS))


@pytest.mark.parametrize("name", ["distance", "rv", "dec", "pmra_error", "feh"])
@pytest.mark.parametrize(("wrong", "refused"), [(0, False), (2, False), (3, True), (4, True)])
def test_a_column_of_which_most_values_are_impossible_is_named(name, wrong, refused):
    cuts, _ = quality()
    for number in range(4):
        cuts.good(block({name: 20000 + number if number < wrong else 0.5}, {name: NAN}))
    found = cuts.impossible()
    assert bool(found) == refused
    if refused:
        assert found[0] == name and found[1].startswith(f"{wrong} of 4 ")


def test_one_impossible_value_in_most_rows_fills_gaps():
    cuts, _ = quality()
    assert cuts.good(block({"rv": -9999}, {"rv": -9999}, {})).tolist() == [False, False, True]
    assert cuts.impossible() is None


def test_the_survey_s_own_cuts_come_first_and_are_counted_each():
    ledger = Ledger(3)
    stars = block({}, {"flag": 1}, {}) | {"where": np.array([1, 0, -1])}
    good = Quality(ledger, 3.0, {}, ("snr > 5", "class == GIANT")).good(stars)
    assert good.tolist() == [False, False, True]
    assert [(e.reason, e.n_removed) for e in ledger.entries[:3]] == [
        ("the survey's map: not snr > 5", 1),
        ("the survey's map: not class == GIANT", 1),
        ("the survey's flag is not 0", 0),
    ]
