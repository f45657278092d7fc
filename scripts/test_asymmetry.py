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
from icefire.judge import asymmetry
from icefire.measure import shards

SAMPLES = ("halo", "accreted", "insitu")


def build_parser():
    parser = cli.parser(__doc__)
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS)")
    parser.add_argument("--shard", type=int, required=True, help="which share, from 0")
    parser.add_argument("--shards", type=cli.count, required=True, help="into how many shares")
    parser.add_argument(
        "--significance-permutations", type=cli.count, required=True, help="of all shards together"
    )
    parser.add_argument("--significance-seed", type=int, required=True, help="of permutations")
    parser.add_argument(
        "--significance-stratum-stars", type=cli.count, required=True, help="fewest called alike"
    )
    parser.add_argument(
        "--montecarlo-min-stars", type=cli.count, required=True, help="fewer: not tested"
    )
    parser.add_argument("--scores", required=True, help="of this shard (npz), written")
    return parser


def check(arguments) -> None:
    """Refuse numbers that nothing can be tested with, naming the flag."""
    if not 0 <= arguments.shard < arguments.shards <= arguments.significance_permutations:
        raise UserError(
            "--shard must be below --shards, and --shards not above --significance-permutations"
        )
    for flag, least in (("seed", 0), ("stratum_stars", 4)):
        if getattr(arguments, f"significance_{flag}") < least:
            name = flag.replace("_", "-")
            raise UserError(f"--significance-{name} must be at least {least}")
    if arguments.montecarlo_min_stars < 2:
        raise UserError("--montecarlo-min-stars must be at least 2")


def work(arguments) -> None:
    check(arguments)
    tables = {
        sample: star_tables.StarReader(getattr(arguments, sample), asymmetry.COLUMNS)
        for sample in SAMPLES
    }
    settings = asymmetry.Settings(
        arguments.significance_permutations,
        arguments.significance_seed,
        arguments.significance_stratum_stars,
        arguments.montecarlo_min_stars,
    )
    numbers = shards.share(settings.permutations, arguments.shard, arguments.shards)
    samples = {sample: asymmetry.read(table) for sample, table in tables.items()}
    cases = list(asymmetry.cases(samples, settings))
    arrays = {
        asymmetry.case_name(*case[:3]): asymmetry.run_case(*case, settings, numbers)
        for case in cli.progress(cases, len(cases), "tests")
    }
    left_out = (*SAMPLES, "shard", "shards", "scores")
    parameters = {key: value for key, value in vars(arguments).items() if key not in left_out}
    meta = metadata.add_step(tables["halo"].meta, "test_asymmetry", parameters)
    # As read: what a sample's metadata say may be of another selection.
    meta["samples"] = {sample: table.n_rows for sample, table in tables.items()}
    asymmetry.write_shard(arguments.scores, arrays, numbers, meta)
    cli.report("nulls tested, by sample and composition", len(cases))
    cli.report("permutations of each", len(numbers), settings.permutations)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
