"""Memory and time that jobs ask of a cluster; a run on one machine takes no notice of them.

Rules give numbers measured for the step itself (`benchmarks/` of a run has them), grown with the
size of its input. Each further attempt at a job asks for twice as much.
"""

import math
import os
from collections.abc import Callable, Iterable

# Snakemake starts itself twice in each job of a cluster.
_SNAKEMAKE_MB = 500
# The slowest method, per star and realisation, with a margin of five
_SECONDS_PER_STAR = 1.5e-6
# A star of a sample's table, MB
_STAR_MB = 2.8e-4


def _size_mb(files: Iterable[str]) -> float:
    """Give the size of files together. Snakemake's `input.size_mb` cannot be asked in a report."""
    return sum(os.stat(file).st_size for file in files) / 1024**2


def memory_mb(own: float, per_input_mb: float = 0.0) -> Callable:
    """Make the function of a rule's `mem_mb`: MB of its own, and MB for each MB of input."""

    def needed(wildcards, input, attempt) -> int:
        return math.ceil(
            (_SNAKEMAKE_MB + own + per_input_mb * _size_mb(input)) * 2 ** (attempt - 1)
        )

    return needed


def catalogue_mb(path: str | None) -> Callable:
    """Make the function of `mem_mb` for a survey's table: of text the mapped columns are held.

    FITS, HDF5 and Parquet are streamed; a gzipped text is some times as large as its file. None is
    the synthetic table, FITS.
    """
    name = (path or ".fits").lower()
    plain, packed = name.removesuffix(".gz"), name.endswith(".gz")
    if plain.endswith((".fits", ".fit", ".h5", ".hdf5", ".hdf", ".parquet")):
        return memory_mb(300, 0.3)
    return memory_mb(300, 9.0 if packed else 3.0)


def minutes(own: float, per_input_mb: float = 0.0) -> Callable:
    """Make the function of a rule's `runtime`: minutes, and minutes for each MB of input."""

    def needed(wildcards, input, attempt) -> int:
        return math.ceil((own + per_input_mb * _size_mb(input)) * 2 ** (attempt - 1))

    return needed


def realisation_minutes(realisations: int, shards: int) -> Callable:
    """Make the function of `runtime` for a shard's share of a sample's realisations."""
    return minutes(20, realisations / shards * _SECONDS_PER_STAR / 60 / _STAR_MB)
