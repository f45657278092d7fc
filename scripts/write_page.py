#!/usr/bin/env python
"""Write a table as a page that a browser shows, for the report.

Usage:
    python scripts/write_page.py --table ledger.ecsv --title "The ledger" \\
        --texts=step,reason --numbers=n_in,n_removed,n_out --html ledger.html
"""

from __future__ import annotations

import math
import sys
from html import escape

from icefire import cli
from icefire.errors import UserError
from icefire.files import text_tables, writing

STYLE = """
body { font: 14px/1.45 sans-serif; color: #1e293b; margin: 1.5em; }
table { border-collapse: collapse; }
th, td { padding: .25em .6em; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid #64748b; }
td { border-bottom: 1px solid #e2e8f0; }
td:first-child { min-width: 12em; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.yes, .supported { background: #dcfce7; }
.no, .contradicted { background: #fee2e2; }
.warning { color: #a50f15; font-weight: bold; }
"""


# Answers that stand out
_COLOURED = ("yes", "no", "supported", "contradicted")


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--table", required=True, help="table (ECSV)")
    parser.add_argument("--title", required=True, help="heading of the page")
    for kind in ("texts", "numbers"):
        text = f"columns of {kind} to show; all stand in the table's order"
        parser.add_argument(f"--{kind}", required=True, metavar="NAME,...", help=text)
    parser.add_argument("--html", required=True, help="page (HTML), written")
    return parser


def cell(value) -> str:
    """Write one value; whatever a catalogue's text holds, the browser shows it as text."""
    if isinstance(value, str):
        kind = f' class="{value}"' if value in _COLOURED else ""
        return f"<td{kind}>{escape(value)}</td>"
    text = "–"
    if value is not None and math.isfinite(value):
        text = f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"
    return f'<td class="number">{text}</td>'


def page(title: str, table) -> str:
    """Write the whole page: what it is, of which catalogue, and the rows."""
    catalogue = f"<p>Catalogue: {escape(str(table.meta['catalogue']))}</p>"
    if table.meta["synthetic"]:
        catalogue += (
            '<p class="warning">Synthetic catalogue:'
            " nothing here is a measurement of the Galaxy.</p>"
        )
    names = []
    for column in table.itercols():
        unit = f" ({column.unit})" if column.unit else ""
        kind = "" if column.dtype.kind == "U" else ' class="number"'
        names.append(f"<th{kind}>{escape(column.name.replace('_', ' ') + unit)}</th>")
    rows = [
        "<tr>" + "".join(map(cell, row)) + "</tr>"
        for row in zip(*(column.tolist() for column in table.itercols()), strict=True)
    ]
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        catalogue,
        "<table><thead><tr>" + "".join(names) + "</tr></thead><tbody>",
        *rows,
        "</tbody></table></body></html>",
    ]
    return "\n".join(lines) + "\n"


def work(arguments) -> None:
    numbers, texts = arguments.numbers.split(","), arguments.texts.split(",")
    table = text_tables.read_ecsv(arguments.table, numbers, texts)
    for key in ("catalogue", "synthetic"):
        if key not in table.meta:
            raise UserError(f"{arguments.table}: its metadata have no {key}; make it anew")
    shown = [name for name in table.colnames if name in {*numbers, *texts}]
    writing.write_text(arguments.html, page(arguments.title, table[shown]))
    cli.report("rows", len(table))


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
