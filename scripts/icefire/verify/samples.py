"""Whether samples and ledger are those of the stars that they were chosen from."""

import itertools
from collections.abc import Mapping

import numpy as np

from icefire.files.columns import SAMPLES, STAR_COLUMNS
from icefire.files.star_tables import StarReader
from icefire.stars.cuts import CHEMISTRY, CUTS, HALO, chemical_split
from icefire.verify.bins import broken

LEDGER = ("n_in", "n_removed", "n_out")


def check_samples(
    stars: StarReader, samples: Mapping[str, StarReader], parameters: Mapping
) -> tuple[list[int], list[int]]:
    """Choose the halo anew from all good stars, and hold the three samples against it.

    The halo is every star that passes the cuts, in its order, unchanged and once; the accreted and
    the in-situ stars are of the halo, and none is both. Give how many stars each of CUTS takes out,
    and how many of the halo are in neither other sample, of unknown and of known chemistry.
    `parameters`: of select_samples.py.
    """
    columns = tuple(STAR_COLUMNS)
    read = {name: samples[name].blocks(columns) for name in SAMPLES}
    rest = {name: itertools.chain.from_iterable(map(_rows, read[name])) for name in SAMPLES}
    ahead, at = {name: next(rows, None) for name, rows in rest.items()}, dict.fromkeys(SAMPLES, 0)
    known = chemical_split(CHEMISTRY.values(parameters)).known
    removed, neither, start = np.zeros(len(CUTS), np.int64), [0, 0], 0
    for block in stars.blocks(columns):
        left = np.ones(len(block["ra"]), bool)
        for i, cut in enumerate(CUTS):
            out = cut.removes(block, HALO.values(parameters))
            removed[i] += np.count_nonzero(left & out)
            left &= ~out
        passing = _rows({name: values[left] for name, values in block.items()})
        for i, row in zip(np.flatnonzero(left), passing, strict=True):
            inside = [name for name in SAMPLES if ahead[name] == row]
            star = f"star {block['star_id'][i]}, row {start + i} of all stars"
            if "halo" not in inside:
                what = f"{star}, passes the cuts and should be there, unchanged"
                raise broken(samples["halo"].path, f"row {at['halo']}", "another or none", what)
            if len(inside) == len(SAMPLES):
                path = samples["insitu"].path
                raise broken(path, f"row {at['insitu']}", star, "it is accreted as well")
            if len(inside) == 1:
                neither[int(known(block["feh"][i], block["afe"][i]))] += 1
            for name in inside:
                ahead[name], at[name] = next(rest[name], None), at[name] + 1
        start += len(left)
    for name in SAMPLES:
        if ahead[name] is not None:
            what = "all stars before it are among those it is chosen from, in their order"
            raise broken(samples[name].path, f"row {at[name]}", "foreign, twice or changed", what)
    return removed.tolist(), neither


def _rows(stars: Mapping) -> list[bytes]:
    """Give every star's whole row as bytes, which are equal only where all columns are."""
    packed = np.rec.fromarrays([stars[name] for name in STAR_COLUMNS])
    content, width = packed.tobytes(), packed.dtype.itemsize
    return [content[start : start + width] for start in range(0, len(content), width)]


def check_ledger(path: str, ledger, counts: Mapping, removed: list[int]) -> None:
    """Make sure that the ledger adds up, from the survey's rows to those of the samples.

    `counts` are as in numbers.yaml, `removed` what each of CUTS takes out.
    """
    steps = [str(step) for step in ledger["step"]]
    n_clean = max(steps.count("clean"), 1)
    wanted = ["clean"] * n_clean + [cut.step for cut in CUTS]
    wanted += ["unknown_chemistry", "chemistry", "insitu", "accreted"]
    if steps != wanted:
        raise broken(path, "column step", ", ".join(steps), f"it should be {', '.join(wanted)}")
    cleaned = np.maximum(ledger["n_removed"][: n_clean - 1], 0)
    cleaned = [*cleaned, counts["rows"] - counts["good"] - sum(cleaned)]
    ends = ("unknown_chemistry", "neither_accreted_nor_insitu", "insitu")
    removed = [*cleaned, *removed, *(counts[name] for name in ends), 0]
    left = counts["rows"] - np.cumsum(removed)
    columns = {"n_in": [counts["rows"], *left[:-1]], "n_removed": removed, "n_out": left}
    for row, step in enumerate(steps):
        for name, column in columns.items():
            if (says := ledger[name][row]) != column[row]:
                raise broken(path, f"row {row} ({step}), {name}", says, f"{column[row]} is counted")
    sizes = {name: counts[name] for name in SAMPLES}
    if (says := ledger.meta.get("samples")) != sizes:
        raise broken(path, "metadata, samples", says, f"the samples have {sizes}")
