#!/usr/bin/env python
"""Write what quotes a run's numbers: captions, tables for LaTeX, and all that an article prints.

Usage:
    python scripts/write_texts.py --numbers numbers.yaml --comparison paper_comparison.ecsv \\
        --ledger ledger.ecsv --asymmetry asymmetry.ecsv --halo-radial radial/halo.ecsv \\
        --accreted-radial radial/accreted.ecsv --insitu-radial radial/insitu.ecsv \\
        --claims resources/paper_claims.yaml \\
        --templates report/abstract.txt report/fig03_velocity_errors.txt \\
        --captions fig03_velocity_errors.txt \\
        --substitutions captions.rst --tables tables/claims.tex tables/claims_aastex.tex \\
        --figures-field-diameter-deg 1 --figures-error-bins 99 --figures-gse-xy-angle-deg 70 \\
        --article article.json
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from icefire import cli
from icefire.article import captions, tables
from icefire.errors import UserError
from icefire.files import metadata, text_tables, writing
from icefire.files.columns import SAMPLES
from icefire.judge import claims
from icefire.numbers import texts
from icefire.numbers.quoting import entries, probability, quoted, written

# Settings that captions quote and no table has
FIGURES = cli.Section("figures", {"field_diameter_deg": cli.positive, "error_bins": cli.count})
GSE = cli.Section("figures.gse", {"xy_angle_deg": cli.finite})
RADIAL = (*("quadrant", "r_lo", "r_hi", "n_stars"), "sigma_r", "beta")


def build_parser() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__)
    parser.add_argument("--numbers", required=True, help="of collect_numbers.py (YAML)")
    parser.add_argument("--comparison", required=True, help="of compare_with_paper.py (ECSV)")
    parser.add_argument("--claims", required=True, help="what the paper states (YAML)")
    parser.add_argument("--ledger", required=True, help="of select_samples.py (ECSV)")
    parser.add_argument("--asymmetry", required=True, help="of test_asymmetry.py (ECSV)")
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}-radial", required=True, help="radial summary (ECSV)")
    some = {"nargs": "+", "required": True, "metavar": "FILE"}
    parser.add_argument("--templates", **some, help="of the abstract and each figure's caption")
    parser.add_argument("--captions", **some, help="plain text, of the same names, written")
    parser.add_argument("--substitutions", required=True, help="captions as reST, written")
    parser.add_argument("--tables", **some, help="NAME.tex, NAME_aastex.tex, written")
    parser.add_argument("--article", required=True, help="for write_paper.py (JSON), written")
    for section in (FIGURES, GSE, metadata.BESIDE):
        section.add_flags(parser)
    return parser


def read_tables(arguments: argparse.Namespace) -> dict[str, tables.Printed]:
    """Read the tables that are printed."""
    radial = {
        sample: text_tables.read_ecsv(getattr(arguments, f"{sample}_radial"), RADIAL)
        for sample in SAMPLES
    }
    comparison = text_tables.read_ecsv(
        arguments.comparison, ("value", "p"), ("claim", "number", "verdict", "because")
    )
    ledger = text_tables.read_ecsv(arguments.ledger, ("n_removed", "n_out"), ("reason",))
    asymmetry = text_tables.read_ecsv(arguments.asymmetry, ("p", "p_worst"), ("test", "sample"))
    return {
        "claims": tables.claims(comparison),
        "sigma_r": tables.profiles(radial, "sigma_r", "σ_r", "km/s"),
        "beta": tables.profiles(radial, "beta", "β", ""),
        "ledger": tables.ledger(ledger),
        "significance": tables.significance(asymmetry),
    }, comparison


def judged(comparison, path: str) -> list[dict]:
    """List the claims with their verdicts, and as clauses, which the claims at `path` have."""
    clauses = {claim["claim"]: claim.get("short") for claim in claims.read(path)}
    rows = []
    for row in comparison:
        found = {name: str(row[name]) for name in ("claim", "number", "verdict", "because")}
        found["short"] = clauses.get(found["claim"]) or written(found["claim"])
        rows.append(found | {"judged": found["number"].startswith("judged.")})
    return rows


def article(numbers: dict, rows: list[dict], printed: dict, said: dict[str, str]) -> dict:
    """Gather what the printed article shows: numbers, verdicts, tables, abstract and captions."""
    said = {name: text.rpartition("\n\n")[0] for name, text in said.items()}
    return {
        "catalogue": numbers["catalogue"] | {"catalogue": texts.name_of(numbers)},
        "cuts_off": numbers["cuts_off"],
        "choices": numbers["choices"],
        "numbers": {".".join(keys): shown(quoted(entry)) for keys, entry in entries(numbers)},
        "claims": rows,
        "abstract": said.pop("abstract"),
        "tables": {
            name: {
                "caption": table.caption,
                "heads": table.heads,
                "texts": table.texts,
                "rows": [
                    [cell if isinstance(cell, str) else shown(cell) for cell in row]
                    for row in table.rows
                ],
            }
            for name, table in printed.items()
        },
        "captions": said,
    }


def shown(number) -> dict:
    """Give the parts of a rounded number that are there."""
    parts = {"text": str(number), "value": number.value, "unit": number.unit}
    if number.up:
        parts |= {"up": number.up, "down": number.down}
    if number.sound is not None:
        parts["sound"] = shown(number.sound)
    return parts | ({} if number.p is None else {"p": probability(number.p)})


def work(arguments: argparse.Namespace) -> None:
    if len(arguments.templates) != len(arguments.captions) + 1:
        raise UserError("--templates and --captions: one template for each, and the abstract's")
    numbers = text_tables.read_yaml(arguments.numbers, writing.REMEDY, dict)
    printed, comparison = read_tables(arguments)
    figures = FIGURES.values(arguments) | {"beside": arguments.figures_beside or ()}
    figures |= {"gse_xy_angle_deg": f"{arguments.figures_gse_xy_angle_deg:g}"}
    figures["field_diameter_deg"] = f"{figures['field_diameter_deg']:g}"
    rows, provenance = judged(comparison, arguments.claims), texts.provenance(numbers)
    names = captions.context(numbers, figures, rows)
    said = {
        Path(template).stem: captions.caption(template, names, provenance)
        for template in arguments.templates
    }
    if {"abstract", *(Path(path).stem for path in arguments.captions)} != set(said):
        raise UserError("--templates: are of other figures than --captions, or have no abstract")
    for path in arguments.captions:
        writing.write_text(path, said[Path(path).stem])
    rst = captions.substitutions(said)
    text_tables.write_sealed_text(arguments.substitutions, rst, "..")
    for path in map(Path, arguments.tables):
        name, aastex = path.stem.removesuffix("_aastex"), path.stem.endswith("_aastex")
        if name not in printed:
            raise UserError(f"{path}: no such table; there are {', '.join(printed)}")
        text = tables.latex(printed[name], name, aastex, provenance)
        text_tables.write_sealed_text(path, text, "%")
    whole = article(numbers, rows, printed, said)
    writing.write_text(arguments.article, json.dumps(whole, ensure_ascii=False, indent=1) + "\n")
    cli.report("captions", len(said))


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
