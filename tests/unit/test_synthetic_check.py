"""The check of the synthetic survey on made-up giants whose numbers are known beforehand."""

import numpy as np
import pytest
import yaml
from scipy.stats import norm

from icefire.errors import UserError
from icefire.synthetic import published
from icefire.synthetic.published import SURVEY_ROWS, Check, compare

N = 10_001
# Percentile p of `ramp` is p itself: 0, 0.01, ... 100
RAMP = np.linspace(0, 100, N)
FLAGS = ("is_sagittarius", "is_satellite", "is_aleph", "is_unbound")


def giants(**columns) -> dict[str, np.ndarray]:
    """N giants that are alike but for what is given."""
    made = {name: np.ones(N) for name in published.STAR_COLUMNS}
    made |= {name: np.zeros(N, bool) for name in FLAGS}
    return made | columns


def catalogue(**columns) -> dict[str, np.ndarray]:
    return {name: np.ones(N) for name in published.CATALOGUE_COLUMNS} | columns


def check(stars=None, truth=None, rows=None, **counts) -> Check:
    truth = truth or {"component": np.full(N, "gse"), "energy": np.full(N, -1.0)}
    gathered = published.Rows()
    for part in (slice(N // 3), slice(N // 3, None)):
        gathered.add({name: values[part] for name, values in (rows or catalogue()).items()})
    return Check(stars or giants(), truth, gathered, counts)


def measured(quantity: str, at: float | None = None, **given) -> float:
    return check(**given).measure(quantity, at)[0]


def test_what_cannot_be_measured_is_not_a_number():
    nothing = giants(feh=np.full(N, np.nan))
    assert np.isnan(check(stars=nothing).measure("feh", 50)).all()
    # No star in the stream
    assert np.isnan(check().measure("sagittarius_lz", None)).all()


@pytest.mark.parametrize("at", [50, 97.5])
def test_the_standard_error_of_a_percentile_is_its_scatter(at):
    rng = np.random.default_rng(3)
    density = norm.pdf(norm.ppf(at / 100))
    closed = np.sqrt(at / 100 * (1 - at / 100) / N) / density
    errors, values = [], []
    for _ in range(100):
        value, error = check(stars=giants(feh=rng.standard_normal(N))).measure("feh", at)
        values.append(value)
        errors.append(error)
    assert np.std(values) == pytest.approx(closed, rel=0.2)
    assert np.mean(errors) == pytest.approx(closed, rel=0.05)


# --- targets and tolerances ------------------------------------------------------------------

WHERE = {"where": "a paper"}


def verdict(made: float, **entry) -> dict:
    """Compare one target with a number that is known exactly."""
    entry = {"quantity": "halo", **WHERE, **entry}
    (row,) = compare(check(halo=made), [entry], "targets.yaml")
    return row


@pytest.mark.parametrize(
    ("target", "within", "low", "high"),
    [
        (200, {"relative": 0.1}, 180, 220),
        (-200, {"relative": 0.1}, -220, -180),
        (0.3, {"dex": 0.05}, 0.25, 0.35),
        (7, {"range": [2, 5]}, 2, 5),
        (200, {"relative": 0.1, "dex": 3}, 180, 220),
        (20, {"relative": 0.1, "dex": 3}, 17, 23),
    ],
)
def test_a_target_is_met_within_its_tolerance_of_two_rules_the_wider(target, within, low, high):
    for made, agrees in ((low, True), (high, True), (low - 0.01, False), (high + 0.01, False)):
        row = verdict(made, target=[target], within=within)
        assert (row["from"], row["to"]) == (pytest.approx(low), pytest.approx(high))
        assert row["agrees"] is agrees, made
        assert (row["target"], row["made"], row["error"]) == (target, made, 0)


def test_two_standard_errors_are_allowed_on_top():
    stars = giants(distance=RAMP)
    error = np.sqrt(0.2 * 0.8 / N)
    for errors, agrees in ((1.9, True), (2.1, False), (-1.9, True), (-2.1, False)):
        # So far from the 0.01 that the target itself allows
        target = float(0.2 + errors * error + np.copysign(0.01, errors))
        entry = {"quantity": "giants_beyond", "at": [80], "target": [target], **WHERE}
        (row,) = compare(check(stars=stars), [{**entry, "within": {"dex": 0.01}}], "targets.yaml")
        assert row["agrees"] is agrees, errors


def test_counts_scale_with_the_table_and_fractions_do_not():
    ratio = N / SURVEY_ROWS
    row = verdict(1000 * ratio, target=[1000], scales=True, within={"relative": 0.01})
    assert row["target"] == pytest.approx(1000 * ratio) and row["agrees"]
    assert row["to"] == pytest.approx(1010 * ratio)
    assert verdict(1000, target=[1000], within={"relative": 0.01})["agrees"]


GOOD = {"quantity": "feh", "at": [16, 84], "target": [1.0, 2.0], "within": {"dex": 1.0}, **WHERE}


@pytest.mark.parametrize(
    "change",
    [
        {"where": None},
        {"quantity": "fe"},
        {"target": [1.0]},
        {"within": {"about": 1}},
        {"within": {"dex": "many"}},
        {"within": {"spread": 1.0}, "at": [5, 95]},
        {"quantity": "giants_beyond", "at": None, "target": [1.0]},
    ],
    ids=str,
)
def test_a_malformed_target_is_named_with_its_file(change):
    entry = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(UserError) as caught:
        compare(check(), [GOOD, entry], "targets.yaml")
    assert str(caught.value).startswith("targets.yaml: ")
    assert str(entry.get("quantity") or "where") in str(caught.value)


def test_every_shipped_target_can_be_measured(repo):
    targets = yaml.safe_load((repo / "resources" / "h3_targets.yaml").read_text(encoding="utf-8"))
    counts = ("giants", "halo", "accreted", "insitu")
    counts += tuple(f"good_stars_beyond_{limit}_kpc" for limit in (5, 10))
    rows = compare(check(**dict.fromkeys(counts, 1)), targets, "h3_targets.yaml")
    assert len(rows) == sum(len(entry["target"]) for entry in targets)
    # All but what is counted relative to the size of the table is as the file has it.
    fixed = [entry for entry in targets if not entry.get("scales")]
    assert {row["target"] for row in rows} >= {t for entry in fixed for t in entry["target"]}
    for row in rows:
        assert row["from"] <= row["target"] <= row["to"]
