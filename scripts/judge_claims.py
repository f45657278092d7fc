#!/usr/bin/env python
"""Measure what the stars answer to the paper's kinematic claims, and what permuted stars would.

Usage:
    python scripts/judge_claims.py --halo halo.fits --accreted accreted.fits \\
        --insitu insitu.fits --asymmetry asymmetry.ecsv --geometry-sky-nside 4 \\
        --geometry-radial-min-kpc 10 --geometry-radial-max-kpc 80 --geometry-radial-bins 15 \\
        --judged judged.yaml
"""

from __future__ import annotations

import sys
from dataclasses import asdict

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables, text_tables
from icefire.files.columns import SAMPLES
from icefire.judge.answers import answers
from icefire.judge.asymmetry import Settings, compositions
from icefire.judge.permuted import COLUMNS, halo_of
from icefire.measure.geometry import SECTIONS, HealpixSky, RadialShells

_SOURCE = ("catalogue", "survey", "synthetic", "icefire_version")


def build_parser():
    parser = cli.parser(__doc__)
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS)")
    parser.add_argument("--asymmetry", required=True, help="of test_asymmetry.py (ECSV)")
    for name in ("sky", "radial"):
        SECTIONS[name].add_flags(parser)
    parser.add_argument("--judged", required=True, help="answers (YAML), written")
    return parser


def work(arguments) -> None:
    paths = {sample: getattr(arguments, sample) for sample in SAMPLES}
    readers = {name: star_tables.StarReader(path, COLUMNS) for name, path in paths.items()}
    table = text_tables.read_ecsv(arguments.asymmetry, ("p", "n"), ("test", "sample", "fixed"))
    source = {key: readers["halo"].meta.get(key) for key in _SOURCE}
    metas = {paths[name]: readers[name].meta for name in SAMPLES}
    for path, meta in (metas | {arguments.asymmetry: table.meta}).items():
        if meta.get("samples") != readers["halo"].meta.get("samples"):
            raise UserError(f"{path}: is not of the run of {paths['halo']}")
    stars = {name: reader.all(COLUMNS) for name, reader in readers.items()}
    halo = halo_of(
        stars["halo"],
        compositions(*stars.values())["population"],
        HealpixSky(**SECTIONS["sky"].values(arguments)),
        RadialShells(**SECTIONS["radial"].values(arguments)),
    )
    # The same stars are permuted in the same way: the table of the tests says how.
    settings = Settings.of(
        metadata.parameters_of(table.meta, "test_asymmetry", arguments.asymmetry)
    )
    judged = answers(halo, table, settings)
    content = {"catalogue": source, "settings": asdict(settings), "judged": judged}
    text_tables.write_yaml(arguments.judged, content)
    cli.report("permutations of every null", settings.permutations)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
