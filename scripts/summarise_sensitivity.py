"""Join what all variations shift, sorted by size, and say which of them exceed the error bars."""

import dataclasses
from pathlib import Path

import numpy as np

from icefire import cli
from icefire.article import captions
from icefire.compare import sensitivity
from icefire.errors import UserError
from icefire.files import metadata, text_tables, writing
from icefire.numbers import texts

SENSITIVITY = cli.Section("sensitivity", {"max_radius_kpc": cli.positive})


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--shifts", nargs="+", required=True, help="tables of run_variation.py")
    text = "what readers call each, in their order"
    parser.add_argument("--label", action="append", required=True, help=text)
    SENSITIVITY.add_flags(parser)
    parser.add_argument("--template", required=True, help="of the figure's caption")
    parser.add_argument("--table", required=True, help="all rows (ECSV), written")
    parser.add_argument("--words", required=True, help="caption and what matters (reST), written")
    parser.add_argument("--caption", required=True, help="the same as plain text, written")
    return parser


def work(arguments) -> None:
    from astropy.table import vstack

    names = [Path(path).stem for path in arguments.shifts]
    numbers = (*sensitivity.COLUMNS, *sensitivity.COUNTS, *sensitivity.NUMBERS)
    tables = {
        name: text_tables.read_ecsv(path, numbers, sensitivity.TEXTS)
        for name, path in zip(names, arguments.shifts, strict=True)
    }
    if len(arguments.label) != len(names):
        raise UserError(f"--label: {len(arguments.label)} for {len(names)} tables of --shifts")
    labels = dict(zip(names, arguments.label, strict=True))
    paths = dict(zip(names, arguments.shifts, strict=True))
    metas = {paths[name]: table.meta for name, table in tables.items()}
    said = metadata.agreed(metas, dict.fromkeys(metas, "run_realisations"))
    radius = arguments.sensitivity_max_radius_kpc
    sizes = sensitivity.ranked(tables, radius)
    words = sensitivity.words(sizes, labels, radius)
    meta = said.pop("source") | {"parameters": said, "words": words.split("\n\n")}
    meta["max_radius_kpc"] = radius
    meta["variations"] = [
        {
            "variation": name,
            "label": labels[name],
            "changed": tables[name].meta["changed"],
            **{quantity: _rounded(one) for quantity, one in both.items()},
        }
        for name, both in sizes.items()
    ]
    quoted = sensitivity.words(
        sizes, {n: texts.escaped(label) for n, label in labels.items()}, radius
    )
    caption, quoted = captions.of_table(arguments.template, meta, quoted)
    for name, table in tables.items():
        table.meta = {}
        table.add_column(np.full(len(table), name), 0, "variation")
    text_tables.write_ecsv(arguments.table, vstack([tables[name] for name in sizes]), meta)
    writing.write_text(arguments.words, quoted)
    writing.write_text(arguments.caption, caption)
    print(words, end="")


def _rounded(one: sensitivity.Size) -> dict:
    """Write a size for the metadata; None is no value."""
    values = dataclasses.asdict(one).items()
    return {key: round(value, 3) if np.isfinite(value) else None for key, value in values}


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
