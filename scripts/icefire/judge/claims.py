"""The paper's claims (resources/paper_claims.yaml), and what a run's numbers answer."""

from __future__ import annotations

import numpy as np

from icefire.errors import UserError
from icefire.files import text_tables

# What a run has to say to a claim
ANSWER = ("value", "lo68", "hi68", "agrees")

# The forms that a rule of agreement may have, and what its values are.
_RULES = (
    {"about": (int, float), "within": (int, float)},
    {"about": (int, float), "within": (int, float), "axis": (bool,)},
    {"above": (int, float)},
    {"below": (int, float)},
)


def read(path: str) -> list[dict]:
    """Read the paper's claims; raises UserError as `check_claim` does."""
    claims = text_tables.read_yaml(path, "correct it")
    if not isinstance(claims, list):
        raise UserError(f"{path}: must hold a list; correct it")
    for claim in claims:
        check_claim(claim, path)
    return claims


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


def answers(numbers: dict, claims: list, path: str) -> list[tuple]:
    """Give value, ends of the 68 % interval and verdict of every claim."""
    rows = []
    for claim in claims:
        found = entry(numbers, claim["number"], path)
        values = (found.get(key) for key in ("value", "lo68", "hi68"))
        values = [np.nan if value is None else float(value) for value in values]
        rows.append((*values, verdict(found["value"], claim["agrees"])))
    return rows
