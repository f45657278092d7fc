"""Shards: the shares of the work that separate jobs do, and their files.

Recipes share the realisations: a shard has some of them, of all bins. The likelihood shares the
bins: a shard has all realisations of some. What `uncertainty.sound` measures beside the method lies
in the same files, under names of its own.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from icefire.errors import UserError
from icefire.files.writing import replacing
from icefire.measure.dispersion import Measurement
from icefire.measure.geometry import Geometry

_COORDINATE, _SOUND = "coordinate_", "sound_"
# Bins are stored in blocks, because a summary needs all realisations of a bin at once: at most so
# many bins, and with many realisations fewer, so that a block of all shards stays below 70 MB.
_BINS_AT_ONCE, _VALUES_AT_ONCE = 256, 256 * 65536 // 3


def _bins_at_once(realisations: int) -> int:
    """Give how many bins of a run of so many realisations are stored together."""
    return max(1, min(_BINS_AT_ONCE, _VALUES_AT_ONCE // realisations))


def share(realisations: int, shard: int, shards: int) -> range:
    """Give the numbers of the realisations that shard `shard` of `shards` measures."""
    return range(realisations * shard // shards, realisations * (shard + 1) // shards)


@dataclass(frozen=True)
class Shard:
    """One file of measurements; the variances stay in it until they are asked for.

    Attributes:
        path: The file.
        n_stars, bins: As in `dispersion.Measurement`.
        coordinates: Columns that describe the bins, each with its unit.
        numbers: The realisations measured.
        wanted: How many realisations all shards of the run have together.
        meta: The table's metadata.
        prefix: Of the names of its arrays in the file.
    """

    path: str
    n_stars: np.ndarray
    bins: np.ndarray
    coordinates: dict[str, tuple[np.ndarray, str | None]]
    numbers: np.ndarray
    wanted: int
    meta: dict
    prefix: str = ""

    @property
    def n_blocks(self) -> int:
        """Number of blocks that the measured bins are stored in."""
        return -(-len(self.bins) // _bins_at_once(self.wanted))

    def variance(self, block: int) -> np.ndarray:
        """Read the variances of one block of bins, bins x 3 x realisations."""
        return load(self.path, [f"{self.prefix}variance_{block}"])[0]


def write(
    path: str | os.PathLike,
    geometry: Geometry,
    measurement: Measurement,
    numbers: Sequence[int],
    meta: dict,
    sound: tuple[Measurement, Sequence[int]] | None = None,
) -> None:
    """Write one geometry's measurements of one shard as an npz file, whole or not at all.

    `sound` is another method's measurement of the same stars, with its realisations.
    """
    coordinates = geometry.coordinates()
    units = {name: unit for name, (_, unit) in coordinates.items()}
    arrays = {_COORDINATE + name: values for name, (values, _) in coordinates.items()}
    at_once = _bins_at_once(meta["parameters"]["run_realisations"]["montecarlo_realisations"])
    both = {"": (measurement, numbers)} | ({_SOUND: sound} if sound else {})
    for prefix, (one, its_numbers) in both.items():
        arrays[f"{prefix}bins"] = one.bins
        arrays[f"{prefix}numbers"] = np.asarray(its_numbers, dtype=np.int64)
        for start in range(0, len(one.bins), at_once):
            part = one.variance[start : start + at_once]
            arrays[f"{prefix}variance_{start // at_once}"] = part
    with replacing(path) as temporary, temporary.open("wb") as out:
        np.savez(
            out,
            n_stars=measurement.n_stars,
            units=np.array(json.dumps(units)),
            meta=np.array(json.dumps(meta)),
            **arrays,
        )


def load(
    path: str | os.PathLike, names: Sequence[str], made_by: str = "run_realisations.py"
) -> list[np.ndarray]:
    """Load arrays of a shard. Raises UserError naming the file when they are not there, whole."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return [stored[name] for name in names]
    except Exception as error:
        # zipfile checks the CRC of every array that is read; the rest raises what its parsers do.
        if isinstance(error, OSError) and error.filename is not None:
            raise
        raise UserError(
            f"{path}: not a whole shard of {made_by} ({error}); delete it and run again"
        ) from error


def read(path: str | os.PathLike, sound: bool = False) -> Shard:
    """Open a shard: what the method measured, or what `uncertainty.sound` did.

    Raises UserError naming the file when it is damaged or not a shard.
    """
    prefix = _SOUND if sound else ""
    n_stars, bins, numbers, units, meta = load(
        path, ("n_stars", f"{prefix}bins", f"{prefix}numbers", "units", "meta")
    )
    try:
        units, meta = json.loads(str(units)), json.loads(str(meta))
        wanted = meta["parameters"]["run_realisations"]["montecarlo_realisations"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: has no metadata of run_realisations.py ({error})") from error
    values = load(path, [_COORDINATE + name for name in units])
    coordinates = dict(zip(units, zip(values, units.values(), strict=True), strict=True))
    return Shard(os.fspath(path), n_stars, bins, coordinates, numbers, wanted, meta, prefix)


@dataclass(frozen=True)
class Run:
    """All shards of one geometry and sample.

    Each group is of the same bins, its shards in the order of their realisations.
    """

    groups: tuple[tuple[Shard, ...], ...]

    @property
    def first(self) -> Shard:
        """A shard, for what all have in common."""
        return self.groups[0][0]

    @property
    def n_measured(self) -> int:
        """Number of measured bins."""
        return sum(len(group[0].bins) for group in self.groups)

    @property
    def n_blocks(self) -> int:
        """Number of blocks that `blocks` gives."""
        return sum(group[0].n_blocks for group in self.groups)

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give bins and their variances in all realisations (bins x 3 x R), block by block."""
        for group in self.groups:
            for block in range(group[0].n_blocks):
                at_once = _bins_at_once(self.first.wanted)
                bins = group[0].bins[block * at_once : (block + 1) * at_once]
                yield bins, np.concatenate([one.variance(block) for one in group], axis=-1)


def all_of(paths: Sequence[str]) -> list[str]:
    """List the shards that are given; for only the first, 0-of-N.npz, all N that lie beside it.

    A command line holds no more than some thousand paths.
    """
    first = Path(paths[0])
    named = re.fullmatch(r"0-of-(\d+)\.npz", first.name)
    if len(paths) > 1 or not named:
        return list(paths)
    return [str(first.with_name(f"{i}-of-{named[1]}.npz")) for i in range(int(named[1]))]


def join(paths: Sequence[str], sound: bool = False) -> Run:
    """Join all shards of one geometry and sample; as `read` has `sound`.

    Raises UserError when realisations or bins are missing or doubled, or shards of different runs
    meet.
    """
    first = read(paths[0], sound)
    found = [first]
    for shard in (read(path, sound) for path in paths[1:]):
        if shard.meta != first.meta or not np.array_equal(shard.n_stars, first.n_stars):
            raise UserError(f"{shard.path}: made with other stars or settings than {first.path}")
        # Thousands of shards hold what they have in common once.
        bins = first.bins if np.array_equal(shard.bins, first.bins) else shard.bins
        common = {"n_stars": first.n_stars, "coordinates": first.coordinates, "meta": first.meta}
        found.append(replace(shard, bins=bins, **common))
    found.sort(key=lambda shard: shard.numbers[0])
    parameters = first.meta["parameters"]["run_realisations"]
    if parameters.get(f"uncertainty_{'sound' if sound else 'method'}") == "likelihood":
        bins = np.sort(np.concatenate([shard.bins for shard in found]))
        if not np.array_equal(
            bins, np.flatnonzero(first.n_stars >= parameters["montecarlo_min_stars"])
        ):
            raise UserError(
                f"{paths[0]} and its fellows do not hold every bin with at least"
                f" {parameters['montecarlo_min_stars']} stars once; give every shard of one run"
            )
        groups = [(shard,) for shard in found]
    else:
        groups = [tuple(found)]
    for group in groups:
        numbers = np.concatenate([shard.numbers for shard in group])
        if not np.array_equal(numbers, np.arange(first.wanted)):
            raise UserError(
                f"{paths[0]} and its fellows do not hold the realisations 0 to {first.wanted - 1}"
                " once each; give every shard of one run"
            )
    return Run(tuple(groups))
