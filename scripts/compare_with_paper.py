#!/usr/bin/env python
"""Compare a run's numbers with what the paper states, claim by claim.

Usage:
    python scripts/compare_with_paper.py --numbers numbers.yaml \\
        --claims resources/paper_claims.yaml --comparison paper_comparison.ecsv
    python scripts/compare_with_paper.py ... --second second/numbers.yaml \\
        --figures-second-method bootstrap
"""

from __future__ import annotations

import sys

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import text_tables, writing
from icefire.judge import claims as judged
from icefire.numbers import texts

FIGURES = cli.Section("figures", {"second_method": str}, optional=("second_method",))


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--numbers", required=True, help="of collect_numbers.py (YAML)")
    parser.add_argument(
        "--second", nargs="*", default=[], metavar="YAML", help="the same by a second method"
    )
    FIGURES.add_flags(parser)
    parser.add_argument("--claims", required=True, help="what the paper states (YAML)")
    parser.add_argument("--comparison", required=True, help="one row per claim (ECSV), written")
    return parser


def _numbers(path: str) -> dict:
    content = text_tables.read_yaml(path, writing.REMEDY)
    if not isinstance(content, dict):
        raise UserError(f"{path}: must hold a dict; {writing.REMEDY}")
    return content


def add_second(table, arguments, claims: list) -> None:
    """Add the second method's answers as columns, and print what they change."""
    if len(arguments.second) != 1 or not arguments.figures_second_method:
        raise UserError(
            "--second takes the numbers of one run, and --figures-second-method its name"
        )
    rows = judged.answers(_numbers(arguments.second[0]), claims, arguments.claims)
    for name, values in zip(judged.ANSWER, zip(*rows, strict=True), strict=True):
        table[f"{name}_second"] = values
    print(f"By {arguments.figures_second_method} instead:")
    for row in table:
        before, after = row["value"], row["value_second"]
        if before != after and np.isfinite([before, after]).any():
            verdicts = f"{row['agrees']} -> {row['agrees_second']}"
            print(f"{verdicts:>12}  {before:>12.6g} -> {after:>12.6g}  {row['claim']}")


def work(arguments) -> None:
    from astropy.table import Table

    numbers = _numbers(arguments.numbers)
    claims = judged.read(arguments.claims)
    source = numbers.get("catalogue")
    if not isinstance(source, dict) or not {"catalogue", "synthetic"} <= set(source):
        raise UserError(
            f"{arguments.numbers}: are no numbers of collect_numbers.py; {writing.REMEDY}"
        )
    catalogue = source["catalogue"]
    if numbers["catalogue"]["synthetic"]:
        catalogue += " (synthetic catalogue)"
    names = ("claim", "where", "paper", "value", "lo68", "hi68", "counts_as_agreement", "agrees")
    source = f"{arguments.claims} with {arguments.numbers}"
    found = judged.answers(numbers, claims, source)
    rows = [
        (
            claim["claim"],
            claim["where"],
            claim["paper"],
            *ends,
            judged.tolerance(claim["agrees"]),
            says,
        )
        for claim, (*ends, says) in zip(claims, found, strict=True)
    ]
    table = Table(rows=rows, names=names)
    table["catalogue"] = catalogue
    meta = {**numbers["catalogue"], "tolerances": "our choice, resources/paper_claims.yaml"}
    quotes = [texts.quote(judged.entry(numbers, claim["number"], source)) for claim in claims]
    print_out(table, quotes)
    agree = int(np.count_nonzero(table["agrees"] == "yes"))
    print(f"{agree} of {len(table)} agree; catalogue: {catalogue}")
    if arguments.second:
        add_second(table, arguments, claims)
        meta["second_method"] = arguments.figures_second_method
    text_tables.write_ecsv(arguments.comparison, table, meta)


def print_out(table, quotes: list[str]) -> None:
    """Print the claims for a reader; a run shows them at its end."""
    line = "{:<14}{:<18}{:<30}{}".format
    print(line("agrees", "paper", "this run (68 %)", "claim"))
    for row, quote in zip(table, quotes, strict=True):
        print(line(row["agrees"], row["paper"], quote, row["claim"]))


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
