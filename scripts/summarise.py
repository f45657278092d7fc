#!/usr/bin/env python
"""Join shards and write medians with 68 % and 95 % intervals for every bin (section 2).

Usage:
    python scripts/summarise.py --shards 0-of-2.npz 1-of-2.npz --summary halo.ecsv
    python scripts/summarise.py --shards 0-of-2.npz --summary halo.ecsv
    python scripts/summarise.py --shards halo_0.npz halo_1.npz \\
        --fraction-of accreted_0.npz insitu_0.npz --summary halo.ecsv
"""

from __future__ import annotations

import sys

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import text_tables
from icefire.measure import dispersion, shards

# Decimals of dispersions in km/s and of the anisotropy: far below any uncertainty
_DECIMALS = 6


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--shards",
        nargs="+",
        required=True,
        help="all shards of one geometry, or the first, 0-of-N.npz, where all lie beside it",
    )
    parser.add_argument(
        "--fraction-of",
        nargs="*",
        default=[],
        metavar="SHARD",
        help="a shard of the accreted and one of the in-situ sample: adds accreted_fraction",
    )
    text = "of count_unbound.py: adds cut_fraction to shells"
    parser.add_argument("--unbound", nargs="*", default=[], metavar="TABLE", help=text)
    parser.add_argument("--summary", required=True, help="one row per bin (ECSV), written")
    return parser


def accreted_fraction(accreted: np.ndarray, insitu: np.ndarray, min_stars: int) -> np.ndarray:
    """Compute the share of accreted among the stars that chemistry can tell (paper, figure 7).

    Counts per bin in, fraction per bin out; NaN where fewer than `min_stars` such stars are.
    """
    both = accreted + insitu
    return np.divide(accreted, both, out=np.full(len(both), np.nan), where=both >= min_stars)


def cut_fraction(path: str, sample: str, coordinates: dict) -> np.ndarray:
    """Read which share of each shell the cut of unbound stars took, or nearly took."""
    names = ("quadrant", "r_lo", "r_hi", "cut_fraction")
    table = text_tables.read_ecsv(path, names, ("sample",))
    table = table[table["sample"] == sample]
    for name in names[:3]:
        if not np.array_equal(np.round(coordinates[name][0], 9), np.asarray(table[name])):
            raise UserError(f"{path}: column {name} has other shells than the shards; make it anew")
    return np.asarray(table["cut_fraction"])


def work(arguments) -> None:
    from astropy.table import Table

    run = shards.join(shards.all_of(arguments.shards))
    first = run.first
    table = Table()
    for name, (values, unit) in first.coordinates.items():
        # Grid points and edges are round numbers; the last digits of their sums are not.
        table[name] = np.round(values, 9)
        table[name].unit = unit
    table["n_stars"] = first.n_stars
    for quantity in dispersion.QUANTITIES:
        for ending in dispersion.QUANTILES:
            table[quantity + ending] = np.full(len(table), np.nan)
            table[quantity + ending].unit = None if quantity == "beta" else "km/s"
    for bins, variance in cli.progress(run.blocks(), run.n_blocks, "summaries"):
        for name, values in dispersion.summarise(variance).items():
            table[name][bins] = np.round(values, _DECIMALS)
    if arguments.fraction_of:
        given = [shards.read(path) for path in arguments.fraction_of]
        samples = [one.meta["parameters"]["run_realisations"].get("sample") for one in given]
        alike = all(len(one.n_stars) == len(table) for one in given)
        if samples != ["accreted", "insitu"] or not alike:
            raise UserError(
                "--fraction-of needs two shards of the same geometry: accreted, then in situ"
            )
        least = first.meta["parameters"]["run_realisations"]["montecarlo_min_stars"]
        fraction = accreted_fraction(*(one.n_stars for one in given), least)
        table["accreted_fraction"] = np.round(fraction, _DECIMALS)
    for path in arguments.unbound:
        sample = first.meta["parameters"]["run_realisations"]["sample"]
        table["cut_fraction"] = cut_fraction(path, sample, first.coordinates)
    text_tables.write_ecsv(arguments.summary, table, first.meta)
    cli.report("bins measured", run.n_measured, of=len(table))


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
