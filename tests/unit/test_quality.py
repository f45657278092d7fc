"""Every bad row goes under one reason; every star stays once."""

from __future__ import annotations

import numpy as np
import pytest

from icefire.stars.ledger import Ledger
from icefire.stars.quality import Quality, without_fillers

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
    return {name: np.array([{**GOOD, **row}[name] for row in rows], float) for name in GOOD}


def quality(cuts_off: dict | None = None, n_start: int = 0):
    ledger = Ledger(n_start)
    return Quality(ledger, 3.0, cuts_off or {}), ledger


@pytest.mark.parametrize(("reason", "fault"), FAULTS, ids=str)
def test_each_fault_counts_once_under_its_reason(reason, fault):
    cuts, ledger = quality(n_start=2)
    assert cuts.good(block({}, fault)).tolist() == [True, False]
    assert [e.n_removed for e in ledger.entries] == [int(i == reason) for i in range(8)]
    assert ledger.n_left == 1


def test_several_faults_count_under_the_first_and_the_sums_add_up():
    rng = np.random.default_rng(5)
    rows = [
        {key: value for i in rng.choice(len(FAULTS), 2) for key, value in FAULTS[i][1].items()}
        if rng.random() < 0.7
        else {}
        for _ in range(400)
    ]
    cuts, ledger = quality(n_start=400)
    good = np.concatenate([cuts.good(block(*rows[i : i + 90])) for i in range(0, 400, 90)])
    assert good.tolist() == [not row for row in rows]

    order = [next(reason for reason, fault in FAULTS if fault.keys() & {n}) for n in GOOD]
    reason = dict(zip(GOOD, order, strict=True))
    wanted = np.bincount([min(reason[name] for name in row) for row in rows if row], minlength=8)
    assert [e.n_removed for e in ledger.entries] == wanted.tolist()
    assert ledger.n_left == good.sum()


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
    names = ("logg", "feh", "feh_error", "afe", "afe_error")
    found, counts = without_fillers({name: np.array([9.0, value, -9.0]) for name in names})
    for name in names:
        np.testing.assert_array_equal(found[name], [9, NAN, -9])
        assert counts[name] == (0 if np.isnan(value) else 1)


@pytest.mark.parametrize(("far", "pc"), [(0, False), (2, False), (3, True), (4, True)])
def test_distances_are_in_pc_where_most_are_too_large(far, pc):
    cuts, _ = quality()
    for number in range(4):
        cuts.good(block({"distance": 8000 if number < far else 8}, {"distance": NAN}))
    assert cuts.distances_in_pc.startswith(f"{far} of 4 " if pc else "")
    assert bool(cuts.distances_in_pc) == pc
