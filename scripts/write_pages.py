#!/usr/bin/env python
"""Write tables as pages that a browser shows, for the report.

Usage:
    python scripts/write_pages.py --ledger ledger.ecsv --ledger-page ledger.html
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Page:
    """What a page shows of its table: a heading, and columns of texts and of numbers."""

    title: str
    texts: str
    numbers: str


# All columns stand in the table's order.
PAGES = {
    "ledger": Page("Every removed star under one reason", "step reason", "n_in n_removed n_out"),
    "unbound": Page(
        "Stars that the cut of unbound stars took, or nearly took",
        "sample",
        "quadrant r_lo r_hi n_stars n_taken n_near cut_fraction",
    ),
    "paper_comparison": Page(
        "The paper and this run",
        "claim where paper verdict because",
        "value lo68 hi68 null null_lo95 null_hi95 p",
    ),
    "synthetic_check": Page(
        "The synthetic table beside what is published of the survey",
        "quantity at_unit unit agrees because where",
        "at target made from to",
    ),
    "synthetic_cuts": Page(
        "Purity and completeness of the cuts",
        "cut",
        "n_members n_flagged n_both purity completeness",
    ),
}


def build_parser():
    parser = cli.parser(__doc__)
    for name, page in PAGES.items():
        flag = "--" + name.replace("_", "-")
        parser.add_argument(flag, metavar="TABLE", help=f"table (ECSV): {page.title.lower()}")
        parser.add_argument(f"{flag}-page", metavar="HTML", help="its page, written")
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


def html(title: str, table) -> str:
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
    pages = {}
    for name, page in PAGES.items():
        path, written = getattr(arguments, name), getattr(arguments, f"{name}_page")
        if (path is None) != (written is None):
            flag = "--" + name.replace("_", "-")
            raise UserError(f"{flag} and {flag}-page go together; give both or none")
        if path is None:
            continue
        texts, numbers = page.texts.split(), page.numbers.split()
        table = text_tables.read_ecsv(path, numbers, texts)
        for key in ("catalogue", "synthetic"):
            if key not in table.meta:
                raise UserError(f"{path}: its metadata have no {key}; make it anew")
        shown = [
            column
            for column in table.colnames
            if column in {*numbers, *texts} or column.startswith("beside_")
        ]
        pages[written] = html(page.title, table[shown])
        cli.report(f"{name}: rows", len(table))
    # None where one of the tables is bad
    for written, text in pages.items():
        writing.write_text(written, text)


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
