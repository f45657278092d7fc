"""Two runs side by side: what differs, and errors of differences between runs that share stars."""

from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from icefire.compare import differences, shared_stars
from icefire.compare.runs import Run
from icefire.measure.geometry import RadialShells

KINDS = ("r", "phi", "theta")
REALISATIONS = 100


def velocities(rng, n_stars: int) -> dict[str, np.ndarray]:
    """Draw stars of a hot, radial halo with heavy tails, all of one quadrant."""
    scale = rng.choice([0.7, 1.3], n_stars)
    stars = {
        "star_id": rng.permutation(n_stars) + 1000,
        "ra": rng.uniform(0, 360, n_stars),
        "dec": rng.uniform(-80, 80, n_stars),
        "r": rng.uniform(10, 30, n_stars),
        "l": np.full(n_stars, 200.0),
        "b": np.full(n_stars, 40.0),
        **dict.fromkeys("xyz", rng.uniform(-20, 20, n_stars)),
    }
    for kind, sigma in zip(KINDS, (130, 70, 80), strict=True):
        stars[f"v_{kind}"] = 20 + sigma * scale * rng.standard_normal(n_stars)
    return stars


def rows(stars: dict, which) -> dict:
    return {name: values[which] for name, values in stars.items()}


class Reader:
    """What a run needs of a star table."""

    def __init__(self, stars: dict):
        self.stars, self.n_rows = stars, len(stars["ra"])

    def all(self, names) -> dict:
        return {name: self.stars[name] for name in names if name in self.stars}


def plain(stars: dict, inside) -> dict[str, float]:
    """Measure one bin with numpy's own standard deviation."""
    sigma = {kind: np.std(stars[f"v_{kind}"][inside]) for kind in KINDS}
    found = {f"sigma_{kind}": value for kind, value in sigma.items()}
    return found | {"beta": 1 - (sigma["phi"] ** 2 + sigma["theta"] ** 2) / (2 * sigma["r"] ** 2)}


def run_of(stars: dict, name="run", bins=2, half68=(0.0, 0.0), ledger=(), **parameters) -> Run:
    """Make a run of these stars whose summaries were measured bin by bin with numpy."""
    shells = RadialShells(10.0, 30.0, bins)
    coordinates = {key: values for key, (values, _) in shells.coordinates().items()}
    table = Table(coordinates)
    inside = [
        (stars["r"] >= row["r_lo"]) & (stars["r"] < row["r_hi"]) & (row["quadrant"] in (0, 1))
        for row in table
    ]
    table["n_stars"] = [np.count_nonzero(mask) for mask in inside]
    measured = [
        plain(stars, mask) if mask.sum() >= 10 else dict.fromkeys(plain(stars, slice(None)), np.nan)
        for mask in inside
    ]
    for quantity in measured[0]:
        table[quantity] = [one[quantity] for one in measured]
    for quantity, half in zip(("sigma_r", "beta"), half68, strict=True):
        table[f"{quantity}_lo68"], table[f"{quantity}_hi68"] = (
            table[quantity] - half,
            table[quantity] + half,
        )
    source = {"catalogue": "H3", "synthetic": False, "survey": "H3", "cuts_off": {}}
    return Run(
        Path(name),
        name,
        source | {"icefire_version": "0"},
        {"run_realisations": {"montecarlo_realisations": REALISATIONS}, **parameters},
        {"radial": shells},
        list(ledger),
        {"halo": Reader(stars)},
        {("radial", "halo"): table},
        {},
    )


def compare(a: Run, b: Run) -> Table:
    return differences.bins(a, b, "radial", "halo", shared_stars.stars(a, b, "halo"))


@pytest.fixture
def overlapping():
    """Two runs of which a part of the stars are the same, in another order."""
    rng = np.random.default_rng(8)
    stars = velocities(rng, 900)
    return run_of(rows(stars, slice(700)), "a"), run_of(
        rows(stars, rng.permutation(900)[:500]), "b"
    )


def test_stars_of_both_bins_are_counted(overlapping):
    a, b = overlapping
    ours, theirs = (run.samples["halo"].stars for run in (a, b))
    ids = [set(stars["star_id"].tolist()) for stars in (ours, theirs)]
    radius = dict(zip(ours["star_id"].tolist(), ours["r"].tolist(), strict=True))
    common = [radius[one] for one in ids[0] & ids[1]]
    found = compare(a, b)
    for row in found[found["quadrant"] <= 1]:
        wanted = sum(row["r_lo"] <= r < row["r_hi"] for r in common)
        assert row["n_stars_both"] == wanted > 100
    counts = shared_stars.stars(a, b, "halo").counts()
    assert counts == {
        "n_a": 700,
        "n_b": 500,
        "n_both": len(common),
        "n_moved": 0,
        "n_only_a": 700 - len(common),
        "n_only_b": 500 - len(common),
    }


def jackknife(a: dict, b: dict) -> dict[str, float]:
    """Leave each star out of both runs and add up how much the differences move."""
    found: dict[str, list] = {"sigma_r": [], "beta": []}
    for star in np.union1d(a["star_id"], b["star_id"]):
        ours, theirs = (plain(stars, stars["star_id"] != star) for stars in (a, b))
        for quantity, values in found.items():
            values.append(theirs[quantity] - ours[quantity])
    return {
        quantity: np.sqrt(np.sum((values - np.mean(values)) ** 2))
        for quantity, values in found.items()
    }


@pytest.mark.parametrize(
    ("in_a", "in_b"),
    [
        (slice(0, 400), slice(0, 250)),
        (slice(0, 250), slice(100, 400)),
        (slice(0, 200), slice(200, 400)),
    ],
    ids=["cut", "overlap", "no star in common"],
)
def test_errors_agree_with_leaving_out_one_star_after_the_other(in_a, in_b):
    stars = velocities(np.random.default_rng(5), 400)
    a, b = rows(stars, in_a), rows(stars, in_b)
    (found, *_) = compare(run_of(a, bins=1), run_of(b, bins=1))
    for quantity, wanted in jackknife(a, b).items():
        assert found[f"{quantity}_difference_error"] == pytest.approx(wanted, rel=0.04)


def test_differences_of_runs_that_share_stars_scatter_by_their_errors():
    """Where the sum in quadrature would make too little of a difference."""
    rng = np.random.default_rng(11)
    in_errors, in_quadrature = [], []
    for _ in range(100):
        stars = velocities(rng, 1500)
        a, b = run_of(stars, bins=1), run_of(rows(stars, slice(1000)), bins=1)
        (found, *_) = compare(a, b)
        in_errors.append([found[f"{q}_difference_in_errors"] for q in ("sigma_r", "beta")])
        alone = [found[f"sigma_r_{end}"] / np.sqrt(2 * found[f"n_stars_{end}"]) for end in "ab"]
        in_quadrature.append(found["sigma_r_difference"] / np.hypot(*alone))
    assert np.std(in_errors, axis=0) == pytest.approx([1, 1], abs=0.12)
    assert np.std(in_quadrature) < 0.75


def test_the_same_stars_leave_the_noise_of_the_realisations():
    stars = velocities(np.random.default_rng(4), 300)
    a, b = run_of(stars, half68=(3.0, 0.03)), run_of(stars, half68=(4.0, 0.04))
    found = compare(a, b)[:1]
    factor = np.sqrt(np.pi / 2 / REALISATIONS)
    assert found["sigma_r_difference_error"] == pytest.approx(5.0 * factor, rel=1e-5)
    assert found["beta_difference_error"] == pytest.approx(0.05 * factor, abs=1e-6)
    # That much the median of so many draws really scatters.
    draws = np.random.default_rng(1).normal(0, 5, (4000, REALISATIONS))
    assert np.std(np.median(draws, axis=1)) == pytest.approx(5.0 * factor, rel=0.05)


def n_both(a: Run, b: Run) -> int:
    return shared_stars.stars(a, b, "halo").counts()["n_both"]


def test_a_star_in_another_place_is_another_star():
    stars = velocities(np.random.default_rng(4), 50)
    moved = {name: values.copy() for name, values in stars.items()}
    moved["dec"][:20] += 2 / 3600
    moved["ra"][20:30] += 0.9 / 3600 / np.cos(np.radians(moved["dec"][20:30]))
    moved["dec"][30:] -= 0.5 / 3600
    assert n_both(run_of(stars), run_of(moved)) == 30


def test_rows_of_two_ledgers_belong_together_by_step_and_place():
    def ledger(*rows):
        names = ("step", "reason", "n_in", "n_removed", "n_out")
        return [dict(zip(names, row, strict=True)) for row in rows]

    stars = velocities(np.random.default_rng(4), 30)
    a = run_of(stars, ledger=ledger(("halo", "|Z| 5", 9, 2, 7), ("halo", "r 10", 7, 1, 6)))
    theirs = ledger(("halo", "|Z| 8", 9, 4, 5), ("halo", "r 10", 5, 0, 5), ("age", "new", 5, 1, 4))
    found = differences.ledgers({"a": a, "b": run_of(stars, ledger=theirs)})
    names = ("step", *(f"{name}_{x}" for name in differences.LEDGER for x in "ab"))
    assert [[row[name] for name in names] for row in found] == [
        ["halo", "|Z| 5", "|Z| 8", 2, 4, 7, 5],
        ["halo", "r 10", "r 10", 1, 0, 6, 5],
        ["age", None, "new", None, 1, None, 4],
    ]
