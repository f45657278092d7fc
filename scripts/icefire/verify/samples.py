"""Whether the samples and the ledger are those of the stars that they were chosen from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from icefire.files.columns import STAR_COLUMNS
from icefire.files.metadata import SAMPLES
from icefire.files.star_tables import StarReader
from icefire.verify.broken import broken

# Parameters of select_samples.py
MIN_ABS_Z, MIN_RADIUS = "min_abs_z_kpc", "min_radius_kpc"
# The ledger's steps between cleaning and chemistry, each with the stars that it takes out
CUTS = (
    ("giants", lambda s, parameters: ~s["is_giant"]),
    ("sagittarius", lambda s, parameters: s["is_sagittarius"]),
    ("satellites", lambda s, parameters: s["is_satellite"]),
    ("aleph", lambda s, parameters: s["is_aleph"]),
    ("unbound", lambda s, parameters: s["is_unbound"]),
    ("halo", lambda s, parameters: ~(np.abs(s["z"]) > parameters[MIN_ABS_Z])),
    ("halo", lambda s, parameters: ~(s["r"] > parameters[MIN_RADIUS])),
)


@dataclass(frozen=True)
class Counts:
    """Stars counted anew: rows of the survey's table, good stars, taken out by each cut, halo stars
    of neither sample, and the rows of each sample."""

    rows: int
    good: int
    removed: tuple[int, ...]
    neither: int
    samples: dict[str, int]


class _Follower:
    """A sample, read along with the stars that it was chosen from, in their order."""

    def __init__(self, reader: StarReader):
        self.reader, self.at = reader, 0

    def inside(self, rows: list[bytes]) -> np.ndarray:
        """Tell which of these rows are the next ones of the sample, and pass those."""
        ahead = _rows(self.reader.read(self.at, self.at + len(rows), tuple(STAR_COLUMNS)))
        inside, passed = np.zeros(len(rows), bool), 0
        for i, row in enumerate(rows):
            if passed < len(ahead) and row == ahead[passed]:
                inside[i] = True
                passed += 1
        self.at += passed
        return inside

    def star(self, at: int) -> str:
        """Name the star in a row of the sample."""
        stars = self.reader.read(at, at + 1, ("star_id",))
        return f"star {_name(stars, 0)}" if at < self.reader.n_rows else "missing"


def _rows(stars: dict[str, np.ndarray]) -> list[bytes]:
    """Give every star's whole row as bytes, which are equal only where all columns are."""
    table = np.rec.fromarrays([stars[name] for name in STAR_COLUMNS])
    content, width = table.tobytes(), table.dtype.itemsize
    return [content[start : start + width] for start in range(0, len(content), width)]


def _name(stars: Mapping, row: int) -> str:
    star_id = stars["star_id"][row]
    return star_id.decode("ascii", "replace") if isinstance(star_id, bytes) else str(star_id)


def check_samples(
    stars: StarReader, samples: Mapping[str, StarReader], parameters: Mapping, n_rows: int
) -> Counts:
    """Choose the halo anew from all good stars, and hold the three samples against it.

    The halo is every star that passes, in its order, unchanged and once; the accreted and the
    in-situ sample are stars of the halo, and none is in both. `parameters` are those of
    select_samples.py, `n_rows` the rows of the survey's table.
    """
    _check_unique(samples["halo"])
    follow = {name: _Follower(reader) for name, reader in samples.items()}
    removed, neither, start = np.zeros(len(CUTS), np.int64), 0, 0
    for block in stars.blocks(tuple(STAR_COLUMNS)):
        left = np.ones(len(block["ra"]), bool)
        for i, (_, takes) in enumerate(CUTS):
            out = takes(block, parameters)
            removed[i] += np.count_nonzero(left & out)
            left &= ~out
        halo = _rows({name: values[left] for name, values in block.items()})
        inside = {name: sample.inside(halo) for name, sample in follow.items()}
        for row in np.flatnonzero(~inside["halo"])[:1]:
            at = follow["halo"].at - np.count_nonzero(inside["halo"][row:])
            star = np.flatnonzero(left)[row]
            wanted = f"star {_name(block, star)}, row {start + star} of all stars, passes the cuts"
            says = follow["halo"].star(at)
            where = samples["halo"].path, f"row {at}"
            raise broken(*where, says, f"{wanted} and should stand there, unchanged")
        for row in np.flatnonzero(inside["accreted"] & inside["insitu"])[:1]:
            star = f"star {_name(block, np.flatnonzero(left)[row])}"
            raise broken(samples["insitu"].path, star, "in it", "it is accreted as well")
        neither += int(np.count_nonzero(~inside["accreted"] & ~inside["insitu"]))
        start += len(left)
    for name, sample in follow.items():
        if sample.at < sample.reader.n_rows:
            of = "the stars that pass the cuts" if name == "halo" else "the halo sample"
            what = f"it is not the next of {of}: not among them, twice, or changed"
            raise broken(sample.reader.path, f"row {sample.at}", sample.star(sample.at), what)
    sizes = {name: reader.n_rows for name, reader in samples.items()}
    return Counts(n_rows, stars.n_rows, tuple(removed.tolist()), neither, sizes)


def say(counts: Counts) -> list[tuple[str, str]]:
    """Say what `check_samples` made sure of."""
    sizes = counts.samples
    return [
        ("halo", f"{sizes['halo']} rows, each once: of {counts.good} good stars those that pass"),
        ("accreted", f"{sizes['accreted']} rows of the halo"),
        ("insitu", f"{sizes['insitu']} rows of the halo, none of them accreted"),
        ("neither", f"{counts.neither} rows of the halo, as the ledger says"),
    ]


def _check_unique(halo: StarReader) -> None:
    """Make sure that no star is in the halo twice; eight bytes of memory for each star."""
    ids = np.concatenate([block["star_id"] for block in halo.blocks(("star_id",))])
    known, count = np.unique(ids, return_counts=True)
    # Rows without an identifier are nobody's duplicates.
    for twice in np.flatnonzero((count > 1) & (known != known.dtype.type()))[:1]:
        star = f"star {_name({'star_id': known}, twice)}"
        raise broken(halo.path, star, f"in {count[twice]} rows", "each star may be in one")


def check_ledger(path: str | os.PathLike, ledger, counts: Counts) -> str:
    """Make sure that the ledger adds up, from the survey's rows to those of the samples."""
    n_in, n_removed, n_out = (np.asarray(ledger[name]) for name in ("n_in", "n_removed", "n_out"))
    steps = [str(step) for step in ledger["step"]]
    n_clean = max(steps.count("clean"), 1)
    wanted = ["clean"] * n_clean + [step for step, _ in CUTS] + ["chemistry", "insitu", "accreted"]
    if steps != wanted:
        raise broken(path, "column step", ", ".join(steps), f"it should be {', '.join(wanted)}")

    def hold(row: int, name: str, count: int, what: str) -> None:
        if (says := ledger[name][row]) != count:
            raise broken(path, f"row {row} ({steps[row]}), {name}", says, what.format(count))

    hold(0, "n_in", counts.rows, "the survey's table has {} rows")
    for row in range(len(steps)):
        if row:
            hold(row, "n_in", n_out[row - 1], "the row before leaves {}")
        hold(row, "n_out", n_in[row] - n_removed[row], "n_in - n_removed is {}")
        if n_removed[row] < 0:
            raise broken(path, f"row {row} ({steps[row]}), n_removed", n_removed[row], "below zero")
    hold(n_clean - 1, "n_out", counts.good, "there are {} good stars")
    counted = (*counts.removed, counts.neither, counts.samples["insitu"], 0)
    for row, count in enumerate(counted, n_clean):
        hold(row, "n_removed", count, "{} stars are counted anew")
    if (says := ledger.meta.get("samples")) != counts.samples:
        raise broken(path, "metadata, samples", says, f"the samples have {counts.samples}")
    halo, accreted, insitu = (counts.samples[name] for name in SAMPLES)
    return (
        f"{len(steps)} rows add up, from the {counts.rows} rows of the survey's table to {halo}"
        f" halo stars: {accreted} accreted, {insitu} in situ, {counts.neither} neither"
    )
