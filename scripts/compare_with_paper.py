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


# The forms that a rule of agreement may have, and what its values are.
_RULES = (
    {"about": (int, float), "within": (int, float)},
    {"about": (int, float), "within": (int, float), "axis": (bool,)},
    {"above": (int, float)},
    {"below": (int, float)},
)


def check_claim(claim, path: str) -> None:
    """Make sure that a claim says what, where and when it agrees.

    Raises UserError naming the file and what is missing or malformed.
    """
    if not isinstance(claim, dict):
        raise UserError(f"{path}: must be a list of claims, each a mapping")
    missing = {"claim", "where", "paper", "number", "agrees"} - set(claim)
    if missing:
        raise UserError(f"{path}: a claim has no {', '.join(sorted(missing))}")
    rule = claim["agrees"]
    for form in _RULES:
        if isinstance(rule, dict) and set(rule) == set(form):
            kinds = {key: type(value) in form[key] for key, value in rule.items()}
            if all(kinds.values()):
                return
    raise UserError(
        f"{path}: claim {claim['claim']!r}: agrees must be {{about: N, within: N}},"
        " {above: N} or {below: N}"
    )


def verdict(value: float | None, rule: dict) -> str:
    """Tell whether a value agrees with a claim: `yes`, `no` or `not measured`."""
    if value is None:
        return "not measured"
    if "about" in rule:
        gap = abs(value - rule["about"])
        if rule.get("axis"):
            gap = min(gap % 180, 180 - gap % 180)
        agrees = gap <= rule["within"]
    elif "above" in rule:
        agrees = value > rule["above"]
    else:
        agrees = value < rule["below"]
    return "yes" if agrees else "no"


def tolerance(rule: dict) -> str:
    """Say in words what counts as agreement."""
    if "about" in rule:
        return f"{rule['about']:g} +- {rule['within']:g}"
    (word, limit), *_ = rule.items()
    return f"{word} {limit:g}"


def entry(numbers: dict, key: str, path: str) -> dict:
    """Find one number by its dotted key."""
    found = numbers
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            raise UserError(f"{path}: number {key} is not in the run's numbers; correct the claim")
        found = found[part]
    if not isinstance(found, dict) or "value" not in found:
        raise UserError(f"{path}: {key} is no number of the run; correct the claim")
    return found


def _read(path: str, kind: type, remedy: str = "correct it"):
    content = text_tables.read_yaml(path, remedy)
    if not isinstance(content, kind):
        raise UserError(f"{path}: must hold a {kind.__name__}; {remedy}")
    return content


def answers(numbers: dict, claims: list, path: str) -> list[tuple]:
    """Give value, ends of the 68 % interval and verdict of every claim."""
    rows = []
    for claim in claims:
        found = entry(numbers, claim["number"], path)
        values = (found.get(key) for key in ("value", "lo68", "hi68"))
        values = [np.nan if value is None else float(value) for value in values]
        rows.append((*values, verdict(found["value"], claim["agrees"])))
    return rows


def add_second(table, arguments, claims: list) -> None:
    """Add the second method's answers as columns, and print what they change."""
    if len(arguments.second) != 1 or not arguments.figures_second_method:
        raise UserError(
            "--second takes the numbers of one run, and --figures-second-method its name"
        )
    rows = answers(_read(arguments.second[0], dict, writing.REMEDY), claims, arguments.claims)
    for name, values in zip(_ANSWER, zip(*rows, strict=True), strict=True):
        table[f"{name}_second"] = values
    print(f"By {arguments.figures_second_method} instead:")
    for row in table:
        before, after = row["value"], row["value_second"]
        if before != after and np.isfinite([before, after]).any():
            verdicts = f"{row['agrees']} -> {row['agrees_second']}"
            print(f"{verdicts:>12}  {before:>12.6g} -> {after:>12.6g}  {row['claim']}")


# What a run has to say to a claim
_ANSWER = ("value", "lo68", "hi68", "agrees")


def work(arguments) -> None:
    from astropy.table import Table

    numbers = _read(arguments.numbers, dict, writing.REMEDY)
    claims = _read(arguments.claims, list)
    source = numbers.get("catalogue")
    if not isinstance(source, dict) or not {"catalogue", "synthetic"} <= set(source):
        raise UserError(
            f"{arguments.numbers}: are no numbers of collect_numbers.py; {writing.REMEDY}"
        )
    catalogue = source["catalogue"]
    if numbers["catalogue"]["synthetic"]:
        catalogue += " (synthetic catalogue)"
    for claim in claims:
        check_claim(claim, arguments.claims)
    names = ("claim", "where", "paper", "value", "lo68", "hi68", "counts_as_agreement", "agrees")
    source = f"{arguments.claims} with {arguments.numbers}"
    found = answers(numbers, claims, source)
    rows = [
        (claim["claim"], claim["where"], claim["paper"], *ends, tolerance(claim["agrees"]), says)
        for claim, (*ends, says) in zip(claims, found, strict=True)
    ]
    table = Table(rows=rows, names=names)
    table["catalogue"] = catalogue
    meta = {**numbers["catalogue"], "tolerances": "our choice, resources/paper_claims.yaml"}
    quotes = [texts.quote(entry(numbers, claim["number"], source)) for claim in claims]
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
