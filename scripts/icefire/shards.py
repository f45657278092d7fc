"""Shards: the shares of the realisations that separate jobs measure, and their files."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from icefire.dispersion import Measurement
from icefire.errors import UserError
from icefire.geometry import Geometry
from icefire.tables import replacing

_COORDINATE = "coordinate_"


def share(realisations: int, shard: int, shards: int) -> range:
    """Give the numbers of the realisations that shard `shard` of `shards` measures."""
    return range(realisations * shard // shards, realisations * (shard + 1) // shards)


@dataclass
class Shard:
    """One file of measurements: bins, coordinates with units, realisations and metadata."""

    measurement: Measurement
    coordinates: dict[str, tuple[np.ndarray, str | None]]
    numbers: np.ndarray
    meta: dict


def write(
    path: str | os.PathLike,
    geometry: Geometry,
    measurement: Measurement,
    numbers: Sequence[int],
    meta: dict,
) -> None:
    """Write one geometry's measurements of one shard as an npz file, whole or not at all."""
    coordinates = geometry.coordinates()
    units = {name: unit for name, (_, unit) in coordinates.items()}
    arrays = {_COORDINATE + name: values for name, (values, _) in coordinates.items()}
    with replacing(path) as temporary, temporary.open("wb") as out:
        np.savez(
            out,
            n_stars=measurement.n_stars,
            bins=measurement.bins,
            variance=measurement.variance,
            numbers=np.asarray(numbers, dtype=np.int64),
            units=np.array(json.dumps(units)),
            meta=np.array(json.dumps(meta)),
            **arrays,
        )


def read(path: str | os.PathLike) -> Shard:
    """Read a shard.

    Raises UserError naming the file when it is damaged or not a shard.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        units = json.loads(str(arrays["units"]))
        return Shard(
            Measurement(arrays["n_stars"], arrays["bins"], arrays["variance"]),
            {name: (arrays[_COORDINATE + name], unit) for name, unit in units.items()},
            arrays["numbers"],
            json.loads(str(arrays["meta"])),
        )
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path}: not a whole shard of run_realisations.py ({error}); delete it and run again"
        ) from error


def join(paths: Sequence[str]) -> Shard:
    """Join all shards of one geometry and sample, in the order of their realisations.

    Raises UserError when realisations are missing or doubled, or shards of different runs meet.
    """
    parts = sorted(((read(path), path) for path in paths), key=lambda part: part[0].numbers[0])
    first = parts[0][0]
    numbers = np.concatenate([part.numbers for part, _ in parts])
    wanted = first.meta["parameters"]["run_realisations"]["realisations"]
    for part, path in parts:
        if part.meta != first.meta or not np.array_equal(
            part.measurement.n_stars, first.measurement.n_stars
        ):
            raise UserError(f"{path}: made with other stars or settings than {parts[0][1]}")
    if not np.array_equal(numbers, np.arange(wanted)):
        raise UserError(
            f"{paths[0]} and its fellows do not hold the realisations 0 to {wanted - 1} once each;"
            " give every shard of one run"
        )
    variance = np.concatenate([part.measurement.variance for part, _ in parts], axis=-1)
    measurement = Measurement(first.measurement.n_stars, first.measurement.bins, variance)
    return Shard(measurement, first.coordinates, numbers, first.meta)
