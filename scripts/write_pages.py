"""Write tables and texts as pages that a browser shows, for the report."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from icefire import cli
from icefire.errors import UserError
from icefire.files import text_tables, writing
from icefire.numbers import quoting, texts

STYLE = """
body { font: 13px/1.4 sans-serif; color: #1e293b; margin: 1em; }
h1 { font-size: 1.6em; }
table { border-collapse: collapse; }
div { overflow-x: auto; }
th, td { padding: .2em .5em; text-align: left; vertical-align: top; overflow-wrap: break-word; }
th { border-bottom: 2px solid #64748b; }
td { border-bottom: 1px solid #e2e8f0; }
td:first-child { min-width: 9em; }
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


# Columns stand in the table's order, where no function puts some of them together.
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


# What is shown as it is
TEXTS = {
    "verified": "What was counted again in this run's files, and found to hold",
    "runs_beside": "This run and those beside it",
}


def all_titles() -> dict[str, str]:
    """Give the headings of all pages, by name."""
    return {
        **{name: page.title for name, page in PAGES.items()},
        "numbers": "The numbers of this run, by their names in numbers.yaml",
        "configuration": "What this run's tables were made with",
        **TEXTS,
    }


def build_parser():
    parser = cli.parser(__doc__)
    for name, title in all_titles().items():
        flag = "--" + name.replace("_", "-")
        parser.add_argument(flag, metavar="FILE", help=title)
        parser.add_argument(f"{flag}-page", metavar="HTML", help="its page, written")
    return parser


def _finite(value) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _text(value) -> str:
    """Write a number, a dash where there is none."""
    if _finite(value) is None:
        return "–"
    whole = float(value).is_integer() or abs(value) >= 1000
    return f"{value:,.0f}" if whole else f"{value:.4g}"


def cell(value) -> str:
    """Write one value; whatever a catalogue's text holds, the browser shows it as text."""
    if isinstance(value, str):
        kind = f' class="{value}"' if value in _COLOURED else ""
        return f"<td{kind}>{escape(quoting.written(value))}</td>"
    return f'<td class="number">{_text(value)}</td>'


def html(title: str, meta: dict, body: str) -> str:
    """Write the whole page: what it is, of which catalogue, and what it shows."""
    catalogue = f"<p>Catalogue: {escape(str(meta['catalogue']))}</p>"
    if meta["synthetic"]:
        catalogue += f'<p class="warning">{texts.SYNTHETIC}</p>'
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        catalogue,
        f"<div>{body}</div>",
        "</body></html>",
    ]
    return "\n".join(lines) + "\n"


def compared(row: dict) -> dict:
    """Put a claim's numbers together with their intervals, its verdict first."""
    here = quoting.quoted({name: _finite(row[name]) for name in ("value", "lo68", "hi68")})
    middle, low, high = (_finite(row[f"null{end}"]) for end in ("", "_lo95", "_hi95"))
    null = "" if middle is None else quoting.digits(middle)
    if low is not None and high is not None:
        null += f" ({quoting.digits(low)} to {quoting.digits(high)})"
    said = {"claim": row["claim"], "verdict": row["verdict"], "paper": row["paper"]}
    said |= {"this run (68 %)": str(here), "featureless halo (95 %)": null}
    said |= {name: text for name, text in row.items() if name.startswith("beside_")}
    return said | {"p": row["p"], "where": row["where"], "because": row["because"]}


def checked(row: dict) -> dict:
    """Put units beside what they are of, and both ends of what agrees together."""
    unit = f" ({row['unit']})" if row["unit"] else ""
    ends = " to ".join(_text(row[end]) for end in ("from", "to"))
    return {
        "quantity": f"{row['quantity'].replace('_', ' ')}{unit}",
        "at": f"{_text(row['at'])} {row['at_unit'] or ''}",
        "published": row["target"],
        "this table": row["made"],
        "agrees": row["agrees"],
        "from … to": ends,
        "because": row["because"] or "",
        "where": row["where"] or "",
    }


def rows_of(table, reads: Callable | None) -> str:
    """Write a table's rows below the names of its columns, each row as `reads` puts it together."""
    columns = zip(*(column.tolist() for column in table.itercols()), strict=True)
    rows = [dict(zip(table.colnames, row, strict=True)) for row in columns]
    units = {c.name: f" ({c.unit})" if c.unit else "" for c in table.itercols()}
    rows = [reads(row) for row in rows] if reads else rows
    heads = [
        f"<th{'' if isinstance(value, str | None) else ' class=number'}>"
        f"{escape(name.replace('_', ' ') + units.get(name, ''))}</th>"
        for name, value in (rows[0] if rows else dict.fromkeys(table.colnames)).items()
    ]
    lines = ["<tr>" + "".join(map(cell, row.values())) + "</tr>" for row in rows]
    head = "<table><thead><tr>" + "".join(heads) + "</tr></thead><tbody>"
    return "\n".join([head, *lines, "</tbody></table>"])


def in_rows(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Write rows of texts, as they are, below their heads."""
    lines = [[f"<td>{escape(cell)}</td>" for cell in row] for row in rows]
    lines.insert(0, [f"<th>{head}</th>" for head in heads])
    return "<table>" + "\n".join(f"<tr>{''.join(line)}</tr>" for line in lines) + "</table>"


def of_table(name: str, path: str) -> tuple[str, dict]:
    """Give the body of a table's page, and the table's metadata."""
    wanted = PAGES[name].texts.split(), PAGES[name].numbers.split()
    table = text_tables.read_ecsv(path, wanted[1], wanted[0])
    known = {*wanted[0], *wanted[1]}
    shown = [c for c in table.colnames if c in known or c.startswith("beside_")]
    cli.report(f"{name}: rows", len(table))
    reads = {"paper_comparison": compared, "synthetic_check": checked}.get(name)
    return rows_of(table[shown], reads), table.meta


def of_numbers(path: str) -> tuple[str, dict]:
    """Give the body of the page of numbers.yaml, rounded, and its source."""
    numbers = text_tables.read_yaml(path, writing.REMEDY, dict)
    rows = [
        (".".join(keys), str(quoting.quoted(entry)), quoting.probability(entry.get("p")))
        for keys, entry in quoting.entries(numbers)
    ]
    return in_rows(("name", "number", "p"), rows), numbers.get("catalogue", {})


def of_parameters(path: str) -> tuple[str, dict]:
    """Give the body of the page of a table's parameters, and the table's metadata."""
    meta = text_tables.read_ecsv(path).meta
    rows = [
        (step, key, json.dumps(value, ensure_ascii=False).strip('"'))
        for step, parameters in meta.get("parameters", {}).items()
        for key, value in parameters.items()
        if key != "sample"
    ]
    return in_rows(("step", "parameter", "value"), rows), meta


def body_of(name: str, path: str) -> tuple[str, dict]:
    """Give the body of a page and what says where its stars are from; of a text nothing does."""
    if name in PAGES:
        return of_table(name, path)
    if name in TEXTS:
        text = text_tables.read_text(path, writing.REMEDY)
        return f"<pre>{escape(quoting.written(text))}</pre>", {}
    return of_numbers(path) if name == "numbers" else of_parameters(path)


def work(arguments) -> None:
    titles, bodies, metas = all_titles(), {}, {}
    for name in titles:
        path, written = getattr(arguments, name), getattr(arguments, f"{name}_page")
        if (path is None) != (written is None):
            flag = "--" + name.replace("_", "-")
            raise UserError(f"{flag} and {flag}-page go together; give both or none")
        if path is None:
            continue
        bodies[name], metas[name] = body_of(name, path)
        for key in ("catalogue", "synthetic"):
            if key not in metas[name] and name not in TEXTS:
                raise UserError(f"{path}: its metadata have no {key}; make it anew")
    # A text is of the same run as the tables.
    meta = next(filter(None, metas.values()), None)
    if metas and meta is None:
        raise UserError("a text's page says the catalogue of a table; give one of these, too")
    # None where one of the tables is bad
    for name, body in bodies.items():
        page = html(titles[name], metas[name] or meta, body)
        writing.write_text(getattr(arguments, f"{name}_page"), page)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
