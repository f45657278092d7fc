"""Join the shards of a calibration: coverage and bias of every method, and what to make of them."""

import dataclasses

import numpy as np

from icefire import cli
from icefire.article import captions
from icefire.calibrate import advice, coverage, halos
from icefire.files import text_tables, writing

_DECIMALS = 6
_AXES = ("scenario", "method", "quantity", "group")


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--counts", nargs="+", required=True, help="all shards")
    parser.add_argument("--template", required=True, help="of the figure's caption")
    parser.add_argument("--table", required=True, help="one row per group of bins (ECSV), written")
    parser.add_argument("--advice", required=True, help="caption and advice (reST), written")
    parser.add_argument("--caption", required=True, help="the same as plain text, written")
    return parser


def flat(columns: dict[str, np.ndarray]):
    """Write the results out as one row per scenario, method, quantity and group with bins."""
    from astropy.table import Table

    places = np.argwhere(columns["bins"] > 0)
    names = (halos.SCENARIOS, coverage.METHODS, coverage.QUANTITIES)
    table = Table()
    for axis, known in enumerate(names):
        table[_AXES[axis]] = np.array(known)[places[:, axis]]
    limits = np.array([dataclasses.astuple(group) for group in coverage.GROUPS])
    for field, values in zip(dataclasses.fields(coverage.Group), limits.T, strict=True):
        table[field.name] = values[places[:, 3]]
        table[field.name].unit = "kpc" if field.name.startswith("r_") else None
    for name, values in columns.items():
        found = values[tuple(places.T)]
        table[name] = np.round(found, _DECIMALS) if found.dtype.kind == "f" else found
    return table


def work(arguments) -> None:
    total, meta = coverage.join(arguments.counts)
    columns = coverage.results(total)
    parameters = meta["parameters"]["run_calibration"]
    catalogue = str(meta.get("catalogue", "an unnamed catalogue"))
    if meta.get("synthetic"):
        catalogue += " (synthetic catalogue)"
    words = advice.text(
        advice.Results(columns),
        parameters["calibration_halos"],
        parameters["montecarlo_min_stars"],
        catalogue,
    )
    plain, quoted = captions.of_table(arguments.template, meta, words)
    text_tables.write_ecsv(arguments.table, flat(columns), meta)
    writing.write_text(arguments.advice, quoted)
    writing.write_text(arguments.caption, plain)
    cli.report("groups with bins", np.count_nonzero(columns["bins"]), columns["bins"].size)
    print(words, end="")


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
