#!/usr/bin/env python
"""Measure what the stars answer to the paper's kinematic claims, and what permuted stars would.

Usage:
    python scripts/judge_claims.py --halo halo.fits --accreted accreted.fits \\
        --insitu insitu.fits --geometry-sky-nside 4 --geometry-radial-min-kpc 10 \\
        --geometry-radial-max-kpc 80 --geometry-radial-bins 15 --montecarlo-min-stars 10 \\
        --significance-permutations 2000 --significance-seed 1 --judged judged.yaml
"""

from __future__ import annotations

import sys

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import star_tables, text_tables
from icefire.judge import permuted
from icefire.judge.answers import answers
from icefire.measure.geometry import HealpixSky, RadialShells

_SAMPLES = ("halo", "accreted", "insitu")
_SOURCE = ("catalogue", "survey", "synthetic", "icefire_version")


def build_parser():
    parser = cli.parser(__doc__)
    for sample in _SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS)")
    parser.add_argument("--geometry-sky-nside", type=cli.count, required=True, help="HEALPix")
    parser.add_argument("--geometry-radial-min-kpc", type=cli.not_negative, required=True)
    parser.add_argument("--geometry-radial-max-kpc", type=cli.positive, required=True)
    parser.add_argument("--geometry-radial-bins", type=cli.count, required=True, help="shells")
    parser.add_argument(
        "--montecarlo-min-stars", type=cli.count, required=True, help="fewer have no value"
    )
    parser.add_argument(
        "--significance-permutations", type=cli.count, required=True, help="of every null"
    )
    parser.add_argument("--significance-seed", type=int, required=True)
    parser.add_argument("--judged", required=True, help="answers (YAML), written")
    return parser


def work(arguments) -> None:
    columns = {"halo": permuted.COLUMNS, "accreted": ("star_id",), "insitu": ("star_id",)}
    readers = {
        sample: star_tables.StarReader(getattr(arguments, sample), columns[sample])
        for sample in _SAMPLES
    }
    metas = {sample: {key: r.meta.get(key) for key in _SOURCE} for sample, r in readers.items()}
    for sample in ("accreted", "insitu"):
        if metas[sample] != metas["halo"]:
            raise UserError(f"{getattr(arguments, sample)}: is not of the run of the halo sample")
    stars = readers["halo"].all(permuted.COLUMNS)
    inside = {
        sample: np.isin(stars["star_id"], readers[sample].all(("star_id",))["star_id"])
        for sample in ("accreted", "insitu")
    }
    shells = (getattr(arguments, f"geometry_radial_{name}") for name in ("min_kpc", "max_kpc"))
    halo = permuted.halo_of(
        stars,
        **inside,
        sky=HealpixSky(arguments.geometry_sky_nside),
        shells=RadialShells(*shells, arguments.geometry_radial_bins),
    )
    settings = {
        "min_stars": arguments.montecarlo_min_stars,
        "permutations": arguments.significance_permutations,
        "seed": arguments.significance_seed,
    }
    text_tables.write_yaml(
        arguments.judged,
        {"catalogue": metas["halo"], **settings, "judged": answers(halo, **settings)},
    )
    cli.report("permutations of every null", arguments.significance_permutations)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
