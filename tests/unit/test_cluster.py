"""What jobs ask of a cluster: grown with their input, doubled at each attempt."""

import os
import tempfile

import pytest

from icefire.snake import cluster


def ask(function, size_mb: float = 0.0, attempt: int = 1) -> int:
    with tempfile.NamedTemporaryFile() as file:
        # Without a byte on the disk
        file.truncate(int(size_mb * 1024**2))
        return function(None, input=[file.name, os.devnull], attempt=attempt)


def test_memory_grows_with_the_input_on_top_of_snakemakes_own():
    needed = cluster.memory_mb(300, 0.5)
    assert ask(needed) == 800
    assert ask(needed, 1000) == 1300
    assert isinstance(ask(needed, 0.3), int)


@pytest.mark.parametrize("make", [cluster.memory_mb, cluster.minutes])
def test_each_attempt_asks_for_twice_as_much(make):
    first, second, third = (ask(make(100, 0.5), 400, attempt) for attempt in (1, 2, 3))
    assert (second, third) == (2 * first, 4 * first)


def test_a_table_of_text_needs_more_than_one_that_is_streamed():
    # Measured: 124 MB of CSV take 285 MB, gzipped as 58 MB the same; 1,400 MB of FITS 320 MB.
    assert 285 + 260 < ask(cluster.catalogue_mb("a.csv"), 124) < 1300
    assert 285 + 260 < ask(cluster.catalogue_mb("a.csv.gz"), 58) < 1400
    assert 320 + 260 < ask(cluster.catalogue_mb("A.FITS"), 1400) < 1500
    assert ask(cluster.catalogue_mb(None), 1400) == ask(cluster.catalogue_mb("a.hdf5.gz"), 1400)


def test_a_shard_asks_for_time_by_its_share_and_its_stars():
    # 280 bytes a star: 28 MB are 100,000 stars; 1.5 microseconds each and realisation.
    assert ask(cluster.realisation_minutes(1000, 1), 0.0) == 20
    assert ask(cluster.realisation_minutes(100_000, 10), 28) == 20 + 25
    assert ask(cluster.realisation_minutes(100_000, 100), 28) == 20 + 3
