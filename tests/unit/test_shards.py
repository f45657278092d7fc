"""Shares of the realisations: an exact partition, files that are whole, joined without mistakes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icefire.errors import UserError
from icefire.measure import shards
from icefire.measure.dispersion import Measurement
from icefire.measure.geometry import HealpixSky, RadialShells

SHELLS = RadialShells(10.0, 80.0, 3)
REALISATIONS = 20


def meta(seed: int = 42) -> dict:
    return {
        "parameters": {"run_realisations": {"montecarlo_realisations": REALISATIONS, "seed": seed}}
    }


def measurement(numbers, n_stars: int = 50) -> Measurement:
    """Bins 0, 3 and 7, and variances that say which realisation they are of."""
    variance = np.arange(9.0).reshape(3, 3, 1) + 100 * np.asarray(numbers)
    return Measurement(np.full(SHELLS.n_bins, n_stars), np.array([0, 3, 7]), variance.astype("f4"))


def write(folder, shard: int, n_shards: int, n_stars: int = 50, seed: int = 42):
    numbers = shards.share(REALISATIONS, shard, n_shards)
    path = folder / f"{shard}-of-{n_shards}.npz"
    shards.write(path, SHELLS, measurement(numbers, n_stars), numbers, meta(seed))
    return path


@given(st.integers(1, 2000), st.data())
def test_shares_are_an_even_partition_in_order(realisations, data):
    n_shards = data.draw(st.integers(1, realisations))
    parts = [shards.share(realisations, shard, n_shards) for shard in range(n_shards)]
    assert [number for part in parts for number in part] == list(range(realisations))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert min(map(len, parts)) >= 1


@pytest.mark.parametrize("n_shards", [1, 3, 7, 20])
def test_joined_shards_are_the_whole_run_whatever_their_order(tmp_path, n_shards):
    paths = [str(write(tmp_path, shard, n_shards)) for shard in range(n_shards)]
    wanted = measurement(range(REALISATIONS))
    for order in (paths, paths[::-1], paths[1:] + paths[:1]):
        found = shards.join(order)
        ((bins, variance),) = found.blocks()
        np.testing.assert_array_equal(variance, wanted.variance)
        np.testing.assert_array_equal(bins, wanted.bins)


def test_many_bins_come_in_blocks_and_in_order(tmp_path):
    sky = HealpixSky(8)
    variance = np.random.default_rng(0).random((700, 3, 5)).astype("f4")
    measured = Measurement(np.full(sky.n_bins, 50), np.arange(10, 710), variance)
    shards.write(
        tmp_path / "a.npz",
        sky,
        measured,
        range(5),
        {"parameters": {"run_realisations": {"montecarlo_realisations": 5}}},
    )
    blocks = list(shards.join([str(tmp_path / "a.npz")]).blocks())
    assert len(blocks) == 3
    np.testing.assert_array_equal(np.concatenate([bins for bins, _ in blocks]), measured.bins)
    np.testing.assert_array_equal(np.concatenate([part for _, part in blocks]), variance)


def test_the_first_shard_names_its_fellows():
    assert shards.all_of(["a/0-of-3.npz"]) == ["a/0-of-3.npz", "a/1-of-3.npz", "a/2-of-3.npz"]
    for paths in (["a/0-of-1.npz"], ["1-of-3.npz"], ["0-of-3.npz", "b.npz"], ["shard.npz"]):
        assert shards.all_of(paths) == paths


def write_bins(folder, bins, numbers=range(REALISATIONS)):
    """Write a likelihood's shard: all realisations of some of the bins 0 to 6."""
    n_stars = np.where(np.arange(SHELLS.n_bins) < 7, 50, 3)
    variance = np.asarray(bins, float)[:, None, None] + np.zeros((len(bins), 3, len(numbers)))
    found = Measurement(n_stars, np.asarray(bins, int), variance.astype("f4"))
    parameters = {
        "montecarlo_realisations": REALISATIONS,
        "uncertainty_method": "likelihood",
        "montecarlo_min_stars": 10,
    }
    path = folder / f"{'-'.join(map(str, bins))}.npz"
    shards.write(path, SHELLS, found, numbers, {"parameters": {"run_realisations": parameters}})
    return str(path)


@pytest.mark.parametrize(
    "shares", [[range(7)], [(0, 2, 4, 6), (1, 3, 5)], [(6, 0), (1, 2, 3, 4, 5)]]
)
def test_shards_of_bins_are_joined_whatever_their_order(tmp_path, shares):
    paths = [write_bins(tmp_path, list(bins)) for bins in shares]
    for order in (paths, paths[::-1]):
        found = shards.join(order)
        assert (found.n_measured, found.n_blocks) == (7, len(shares))
        measured = {}
        for bins, variance in found.blocks():
            assert variance.shape == (len(bins), 3, REALISATIONS)
            measured |= dict(zip(bins.tolist(), variance[:, 0, 0].tolist(), strict=True))
        assert measured == {number: float(number) for number in range(7)}


@pytest.mark.parametrize("shares", [[(0, 1, 2)], [(0, 1, 2, 3), (3, 4, 5, 6)], [range(8)]], ids=str)
def test_missing_doubled_and_unwanted_bins_are_refused(tmp_path, shares):
    paths = [write_bins(tmp_path, list(bins)) for bins in shares]
    with pytest.raises(UserError, match="every bin with at least 10 stars once"):
        shards.join(paths)
