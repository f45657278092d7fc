#!/usr/bin/env python
"""Measure the dispersions of every bin in one shard's share of the realisations (section 2).

The likelihood's realisations are points of the posterior distribution; its shards share the bins.

Usage:
    python scripts/run_realisations.py --stars halo.fits --sample halo --shard 0 --shards 2 \\
        --method han2024 --realisations 1000 --exclude-fraction 0.1 --min-stars 10 --seed 42 \\
        --xy-half-width-kpc 30 --xy-step-kpc 1 --xy-radius-kpc 2 \\
        --xz-half-width-kpc 30 --xz-step-kpc 1 --xz-radius-kpc 2 --sky-nside 4 \\
        --radial-min-kpc 10 --radial-max-kpc 80 --radial-bins 15 \\
        --xy xy.npz --xz xz.npz --sky sky.npz --radial radial.npz
"""

from __future__ import annotations

import argparse
import sys

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables
from icefire.measure import dispersion, likelihood, recipes, shards
from icefire.measure.geometry import configured


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--stars", required=True, help="the sample, of select_samples.py")
    parser.add_argument("--sample", required=True, help="its name; part of the random streams")
    parser.add_argument("--shard", type=int, required=True, help="which share, from 0")
    parser.add_argument("--shards", type=cli.count, required=True, help="into how many shares")
    parser.add_argument("--method", choices=("han2024", "bootstrap", "likelihood"), required=True)
    parser.add_argument(
        "--deconvolve",
        action=argparse.BooleanOptionalAction,
        help="take measurement errors off the dispersions (default: as the method has it)",
    )
    parser.add_argument("--correlated", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument(
        "--realisations", type=cli.count, required=True, help="of all shards together"
    )
    parser.add_argument("--exclude-fraction", type=cli.finite, default=0.1)
    parser.add_argument("--min-stars", type=cli.count, required=True, help="fewer: no measurement")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--max-memory-mb", type=cli.positive, default=1000.0)
    for plane in ("xy", "xz"):
        parser.add_argument(f"--{plane}-half-width-kpc", type=cli.positive, required=True)
        parser.add_argument(f"--{plane}-step-kpc", type=cli.positive, required=True)
        parser.add_argument(f"--{plane}-radius-kpc", type=cli.positive, required=True)
    parser.add_argument("--sky-nside", type=cli.count, required=True)
    parser.add_argument("--radial-min-kpc", type=cli.not_negative, required=True)
    parser.add_argument("--radial-max-kpc", type=cli.positive, required=True)
    parser.add_argument("--radial-bins", type=cli.count, required=True)
    for geometry in ("xy", "xz", "sky", "radial"):
        parser.add_argument(f"--{geometry}", required=True, help="its shard (npz), written")
    return parser


def check(arguments) -> None:
    """Refuse numbers that no measurement can be made with, naming the flag."""
    if not 0 <= arguments.shard < arguments.shards <= arguments.realisations:
        raise UserError("--shard must be below --shards, and --shards not above --realisations")
    if not 0 <= arguments.exclude_fraction < 1:
        raise UserError("--exclude-fraction must be at least 0 and below 1")
    if arguments.seed < 0:
        raise UserError("--seed must not be negative")
    if arguments.sky_nside & (arguments.sky_nside - 1):
        raise UserError("--sky-nside must be a power of two")
    if arguments.radial_min_kpc >= arguments.radial_max_kpc:
        raise UserError("--radial-min-kpc must be below --radial-max-kpc")


def measure(arguments, stars: star_tables.StarReader, columns: tuple, bins: list) -> tuple:
    """Measure this shard's share; give the realisations that it holds and what it measured."""
    common = {
        "blocks": lambda: stars.blocks(columns, dispersion.STARS_AT_ONCE),
        "n_stars": stars.n_rows,
        "geometries": bins,
        "min_stars": arguments.min_stars,
        "max_memory_mb": arguments.max_memory_mb,
        "progress": cli.progress,
    }
    if arguments.method == "likelihood":
        found = likelihood.measure(
            deconvolve=arguments.deconvolve is not False,
            correlated=arguments.correlated,
            realisations=arguments.realisations,
            shard=arguments.shard,
            shards=arguments.shards,
            **common,
        )
        return range(arguments.realisations), found
    numbers = shards.share(arguments.realisations, arguments.shard, arguments.shards)
    recipe = recipes.recipe(
        arguments.method, arguments.exclude_fraction, arguments.correlated, arguments.deconvolve
    )
    found = dispersion.measure(
        recipe=recipe, seed=arguments.seed, sample=arguments.sample, numbers=numbers, **common
    )
    return numbers, found


def work(arguments) -> None:
    check(arguments)
    bins = configured(vars(arguments))
    columns = {name for geometry in bins for name in geometry.columns}
    needed = (*recipes.COLUMNS, *sorted(columns))
    stars = star_tables.StarReader(arguments.stars, needed)
    numbers, found = measure(arguments, stars, needed, bins)
    # What shapes the result; how the work was cut up does not.
    left_out = ("stars", "shard", "shards", "max_memory_mb", "xy", "xz", "sky", "radial")
    parameters = {key: value for key, value in vars(arguments).items() if key not in left_out}
    if arguments.deconvolve is None:
        del parameters["deconvolve"]
    meta = metadata.add_step(stars.meta, "run_realisations", parameters)
    for geometry in bins:
        measurement = found[geometry.name]
        path = getattr(arguments, geometry.name)
        shards.write(path, geometry, measurement, numbers, meta)
        cli.report(f"{geometry.name}: bins measured", len(measurement.bins), geometry.n_bins)
    cli.report("stars", stars.n_rows)
    cli.report("realisations", len(numbers), arguments.realisations)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
