#!/usr/bin/env python
"""Join the shards of the permutation tests: p-values, effects, and a map of the halo.

Usage:
    python scripts/summarise_asymmetry.py --scores 0-of-2.npz 1-of-2.npz --halo halo.fits \\
        --table asymmetry.ecsv --map asymmetry_map.ecsv
"""

from __future__ import annotations

import sys

import numpy as np

from icefire import cli
from icefire.files import star_tables, text_tables
from icefire.judge import asymmetry

_DECIMALS = 6
_UNITS = {"_deg": "deg", "_kpc": "kpc", "R_lo": "kpc", "R_hi": "kpc", "phi_lo": "deg"}
_UNITS |= {"phi_hi": "deg"}


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--scores", nargs="+", required=True, help="all shards")
    parser.add_argument("--halo", required=True, help="the halo sample (FITS), for the map")
    parser.add_argument("--table", required=True, help="one row per test (ECSV), written")
    parser.add_argument("--map", required=True, help="sigma_r over R and azimuth (ECSV), written")
    return parser


def table_of(columns: dict):
    """Make an astropy table, numbers rounded so that their last bits cannot differ."""
    from astropy.table import Table

    table = Table()
    for name, values in columns.items():
        values = np.asarray(values)
        table[name] = np.round(values, _DECIMALS) if values.dtype.kind == "f" else values
        table[name].unit = next((u for end, u in _UNITS.items() if name.endswith(end)), None)
    return table


def work(arguments) -> None:
    paths, meta = asymmetry.read_shards(arguments.scores)
    rows = asymmetry.results(paths, meta)
    sample = star_tables.StarReader(arguments.halo, asymmetry.COLUMNS)
    given = meta["parameters"]["test_asymmetry"]
    settings = asymmetry.Settings(
        given["significance_permutations"],
        given["significance_seed"],
        given["significance_stratum_stars"],
        given["montecarlo_min_stars"],
    )
    halo = asymmetry.read(sample)
    meta["bands_kpc"] = asymmetry.band_edges(halo)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    text_tables.write_ecsv(arguments.table, table_of(columns), meta)
    bins = asymmetry.azimuth_map(halo, settings)
    text_tables.write_ecsv(arguments.map, table_of(bins), meta)
    for row in rows:
        where = f"{row['sample']}, {row['fixed']} fixed"
        print(f"{row['test']}: {where}: p {row['p']:.4g}, worst {row['p_worst']:.4g}")
    cli.report("bins of the map with a value", np.count_nonzero(np.isfinite(bins["ln_sigma_r"])))


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
