"""Test whether sigma_r is the same among stars that a null hypothesis calls alike, and map it."""

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables, text_tables
from icefire.files.columns import SAMPLES
from icefire.judge import asymmetry
from icefire.measure.recipes import MONTECARLO

_DECIMALS = 6
_UNITS = {"_deg": "deg", "_kpc": "kpc", "R_lo": "kpc", "R_hi": "kpc", "phi_lo": "deg"}
_UNITS |= {"phi_hi": "deg"}


def build_parser():
    parser = cli.parser(__doc__)
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS)")
    asymmetry.SIGNIFICANCE.add_flags(parser)
    MONTECARLO.add_flags(parser, "min_stars")
    parser.add_argument("--table", required=True, help="one row per test (ECSV), written")
    parser.add_argument("--map", required=True, help="sigma_r over R and azimuth (ECSV), written")
    return parser


def check(arguments) -> None:
    """Refuse numbers that nothing can be tested with, naming the flag."""
    if arguments.significance_stratum_stars < 4:
        raise UserError("--significance-stratum-stars must be at least 4")
    if arguments.montecarlo_min_stars < 2:
        raise UserError("--montecarlo-min-stars must be at least 2")


def table_of(columns: dict):
    """Make an astropy table, numbers rounded so that their last bits cannot differ.

    Not p, which is a ratio of whole numbers, and may be small.
    """
    from astropy.table import Table

    table = Table()
    for name, values in columns.items():
        values = np.asarray(values)
        rounded = values.dtype.kind == "f" and name not in ("p", "p_worst")
        table[name] = np.round(values, _DECIMALS) if rounded else values
        table[name].unit = next((u for end, u in _UNITS.items() if name.endswith(end)), None)
    return table


def work(arguments) -> None:
    check(arguments)
    wanted = (*asymmetry.COLUMNS, *asymmetry.COMPOSITION, "l", "b")
    tables = {
        sample: star_tables.StarReader(getattr(arguments, sample), wanted) for sample in SAMPLES
    }
    settings = asymmetry.Settings.of(arguments)
    groups = asymmetry.compositions(
        *(asymmetry.read(tables[sample], asymmetry.COMPOSITION) for sample in SAMPLES)
    )
    parameters = cli.parameters(arguments, asymmetry.SIGNIFICANCE, MONTECARLO)
    meta = metadata.add_step(tables["halo"].meta, "test_asymmetry", parameters)
    # As read: what a sample's metadata say may be of another selection.
    meta["samples"] = {sample: table.n_rows for sample, table in tables.items()}
    rows = []
    for sample in cli.progress(SAMPLES, len(SAMPLES), "samples"):
        stars = asymmetry.read(tables[sample])
        rows += asymmetry.run_sample(sample, stars, groups, settings)
        if sample == "halo":
            bins = asymmetry.azimuth_map(stars, settings)
            meta["bands_kpc"] = asymmetry.band_edges(stars)
    rows = asymmetry.in_order(rows)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    text_tables.write_ecsv(arguments.table, table_of(columns), meta)
    text_tables.write_ecsv(arguments.map, table_of(bins), meta)
    for row in rows:
        where = f"{row['sample']}, {row['fixed']} fixed"
        print(f"{row['test']}: {where}: p {row['p']:.4g}, worst {row['p_worst']:.4g}")
    cli.report("bins of the map with a value", np.count_nonzero(np.isfinite(bins["ln_sigma_r"])))


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
