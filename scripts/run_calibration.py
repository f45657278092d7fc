#!/usr/bin/env python
"""Measure halos of known truth by every method and count how often the intervals hold it.

Usage:
    python scripts/run_calibration.py --stars halo.fits --shard 0 --shards 2 --halos 200 \\
        --halo-stars 10000 --realisations 400 --seed 1 --min-stars 10 --exclude-fraction 0.1 \\
        --radial-min-kpc 10 --radial-max-kpc 80 --radial-bins 15 --min-abs-z-kpc 5 \\
        --min-radius-kpc 10 --galcen-distance-kpc 8.122 --sun-height-pc 20.8 \\
        --sun-velocity-km-s=12.9,245.6,7.78 --counts 0-of-2.npz
"""

from __future__ import annotations

import sys

import numpy as np

from icefire import cli
from icefire.calibrate import coverage, halos
from icefire.errors import UserError
from icefire.files import metadata, star_tables
from icefire.measure import shards
from icefire.measure.geometry import RadialShells
from icefire.stars import kinematics

_ERRORS = ("v_r_error", "v_phi_error", "v_theta_error", "cov_rphi", "cov_rtheta", "cov_phitheta")
_COLUMNS = ("r", "l", "b", *_ERRORS)


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--stars", required=True, help="the halo sample, of select_samples.py")
    parser.add_argument("--shard", type=int, required=True, help="which share, from 0")
    parser.add_argument("--shards", type=cli.count, required=True, help="into how many shares")
    parser.add_argument(
        "--halos", type=cli.count, required=True, help="per scenario, of all shards together"
    )
    parser.add_argument(
        "--halo-stars",
        type=cli.count,
        required=True,
        help="stars of a made-up halo, and at most of the sample",
    )
    parser.add_argument("--realisations", type=cli.count, required=True)
    parser.add_argument("--seed", type=int, required=True, help="of halos and realisations")
    parser.add_argument("--min-stars", type=cli.count, required=True, help="fewer: no measurement")
    parser.add_argument("--exclude-fraction", type=cli.finite, required=True)
    parser.add_argument("--radial-min-kpc", type=cli.not_negative, required=True)
    parser.add_argument("--radial-max-kpc", type=cli.positive, required=True)
    parser.add_argument("--radial-bins", type=cli.count, required=True)
    parser.add_argument("--min-abs-z-kpc", type=cli.not_negative, required=True)
    parser.add_argument("--min-radius-kpc", type=cli.not_negative, required=True)
    parser.add_argument("--galcen-distance-kpc", type=cli.positive, required=True)
    parser.add_argument("--sun-height-pc", type=cli.finite, required=True, help="above the plane")
    parser.add_argument("--sun-velocity-km-s", type=cli.triple, required=True, metavar="X,Y,Z")
    parser.add_argument("--counts", required=True, help="of this shard (npz), written")
    return parser


def check(arguments) -> None:
    """Refuse numbers that nothing can be measured with, naming the flag."""
    if not 0 <= arguments.shard < arguments.shards <= arguments.halos:
        raise UserError("--shard must be below --shards, and --shards not above --halos")
    if not 0 <= arguments.exclude_fraction < 1:
        raise UserError("--exclude-fraction must be at least 0 and below 1")
    if arguments.seed < 0:
        raise UserError("--seed must not be negative")
    if arguments.min_stars < 2:
        raise UserError("--min-stars must be at least 2")
    if arguments.radial_min_kpc >= arguments.radial_max_kpc:
        raise UserError("--radial-min-kpc must be below --radial-max-kpc")


def thinned(stars: dict[str, np.ndarray], most: int) -> dict[str, np.ndarray]:
    """Take at most so many stars, evenly spread over the table."""
    n_stars = len(stars["r"])
    if n_stars <= most:
        return stars
    kept = np.arange(most) * n_stars // most
    return {name: values[kept] for name, values in stars.items()}


def work(arguments) -> None:
    check(arguments)
    sample = star_tables.StarReader(arguments.stars, _COLUMNS)
    catalogue = thinned(sample.all(_COLUMNS), arguments.halo_stars)
    frame = kinematics.frame(
        arguments.galcen_distance_kpc, arguments.sun_height_pc, arguments.sun_velocity_km_s
    )
    shells = RadialShells(arguments.radial_min_kpc, arguments.radial_max_kpc, arguments.radial_bins)
    numbers = shards.share(arguments.halos, arguments.shard, arguments.shards)
    counts = np.zeros((len(halos.SCENARIOS), *coverage.SHAPE), np.int64)
    for number in cli.progress(numbers, len(numbers), "halos"):
        for total, scenario in zip(counts, halos.SCENARIOS, strict=True):
            stars, true = halos.make(
                scenario, arguments.seed, number, arguments.halo_stars, catalogue, frame
            )
            if scenario == "distances":
                inside = np.abs(stars["z"]) > arguments.min_abs_z_kpc
                inside &= stars["r"] > arguments.min_radius_kpc
                stars = {name: values[inside] for name, values in stars.items()}
                true = true[:, inside]
            total += coverage.try_methods(
                stars,
                true,
                shells,
                f"{scenario} {number}",
                arguments.seed,
                arguments.realisations,
                arguments.min_stars,
                arguments.exclude_fraction,
            )
    left_out = ("stars", "shard", "shards", "counts")
    parameters = {key: value for key, value in vars(arguments).items() if key not in left_out}
    meta = metadata.add_step(sample.meta, "run_calibration", parameters)
    coverage.write(arguments.counts, counts, numbers, meta)
    cli.report("halos of each scenario", len(numbers), arguments.halos)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
