#!/usr/bin/env python
"""Permute radial velocities among stars that a null hypothesis calls alike: a shard of it.

Usage:
    python scripts/test_asymmetry.py --halo halo.fits --accreted accreted.fits \\
        --insitu insitu.fits --shard 0 --shards 2 --significance-permutations 10000 \\
        --significance-seed 7 --significance-stratum-stars 40 --montecarlo-min-stars 10 \\
        --scores 0-of-2.npz
"""

from __future__ import annotations

import sys

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables
from icefire.files.columns import SAMPLES
from icefire.judge import asymmetry
from icefire.measure import shards
from icefire.measure.recipes import MONTECARLO


def build_parser():
    parser = cli.parser(__doc__)
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS)")
    parser.add_argument("--shard", type=int, required=True, help="which share, from 0")
    parser.add_argument("--shards", type=cli.count, required=True, help="into how many shares")
    asymmetry.SIGNIFICANCE.add_flags(parser)
    MONTECARLO.add_flags(parser, "min_stars")
    parser.add_argument("--scores", required=True, help="of this shard (npz), written")
    return parser


def check(arguments) -> None:
    """Refuse numbers that nothing can be tested with, naming the flag."""
    if not 0 <= arguments.shard < arguments.shards <= arguments.significance_permutations:
        raise UserError(
            "--shard must be below --shards, and --shards not above --significance-permutations"
        )
    if arguments.significance_stratum_stars < 4:
        raise UserError("--significance-stratum-stars must be at least 4")
    if arguments.montecarlo_min_stars < 2:
        raise UserError("--montecarlo-min-stars must be at least 2")


def work(arguments) -> None:
    check(arguments)
    wanted = (*asymmetry.COLUMNS, *asymmetry.COMPOSITION, "l", "b")
    tables = {
        sample: star_tables.StarReader(getattr(arguments, sample), wanted) for sample in SAMPLES
    }
    settings = asymmetry.Settings.of(arguments)
    numbers = shards.share(settings.permutations, arguments.shard, arguments.shards)
    groups = asymmetry.compositions(
        *(asymmetry.read(tables[sample], asymmetry.COMPOSITION) for sample in SAMPLES)
    )
    arrays = {}
    for sample in cli.progress(SAMPLES, len(SAMPLES), "samples"):
        stars = asymmetry.read(tables[sample])
        arrays |= asymmetry.run_sample(sample, stars, groups, settings, numbers)
    parameters = cli.parameters(arguments, asymmetry.SIGNIFICANCE, MONTECARLO)
    meta = metadata.add_step(tables["halo"].meta, "test_asymmetry", parameters)
    # As read: what a sample's metadata say may be of another selection.
    meta["samples"] = {sample: table.n_rows for sample, table in tables.items()}
    asymmetry.write_shard(arguments.scores, arrays, numbers, meta)
    cli.report("tests, of every null, sample and composition", len(arrays))
    cli.report("permutations of each", len(numbers), settings.permutations)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
