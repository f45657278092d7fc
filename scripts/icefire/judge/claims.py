"""The paper's claims (resources/paper_claims.yaml), and the verdict of a run on each.

A claim about velocities is judged by its value and by how often permuted stars give as much; a
count, which no permutation changes, by its value alone.
"""

import math

import numpy as np

from icefire.errors import UserError
from icefire.files import text_tables

# Supported: p below, after Holm's (1979) correction over all claims that have a p.
LEVEL = 0.01
VERDICTS = ("supported", "compatible", "contradicted", "not measurable", "not applicable")
# What a run answers to a claim, beside its verdict
ANSWER = ("value", "lo68", "hi68", "null", "null_lo95", "null_hi95", "p")

_NUMBER = (int, float)
# The forms that a rule may have, and what its values are.
_RULES = (
    {"about": _NUMBER, "within": _NUMBER},
    {"about": _NUMBER, "within": _NUMBER, "axis": (bool,)},
    {"above": _NUMBER},
    {"below": _NUMBER},
    {"differs_from": _NUMBER},
)


def read(path: str) -> list[dict]:
    """Read the paper's claims.

    Raises UserError naming the file, the claim, and what is missing or malformed.
    """
    claims = text_tables.read_yaml(path, "correct it")
    if not isinstance(claims, list) or not all(isinstance(claim, dict) for claim in claims):
        raise UserError(f"{path}: must hold a list of claims, each a mapping; correct it")
    for claim in claims:
        missing = {"claim", "where", "paper", "number", "range"} - set(claim)
        if missing:
            raise UserError(f"{path}: a claim has no {', '.join(sorted(missing))}")
        rule = claim["range"]
        if not any(
            isinstance(rule, dict)
            and set(rule) == set(form)
            and all(type(value) in form[key] for key, value in rule.items())
            for form in _RULES
        ):
            raise UserError(
                f"{path}: claim {claim['claim']!r}: range must be {{about: N, within: N}},"
                " {above: N}, {below: N} or {differs_from: N}"
            )
    return claims


def entry(numbers: dict, key: str, path: str) -> dict:
    """Find one number by its dotted key."""
    group = numbers
    for part in key.split("."):
        if not isinstance(group, dict) or part not in group:
            raise UserError(f"{path}: number {key} is not in the run's numbers; correct the claim")
        group = group[part]
    if not isinstance(group, dict) or "value" not in group:
        raise UserError(f"{path}: {key} is no number of the run; correct the claim")
    return group


def bounds(rule: dict) -> tuple[float, float]:
    """Give the lower and the upper end of what the paper states."""
    if "about" in rule:
        return rule["about"] - rule["within"], rule["about"] + rule["within"]
    return rule.get("above", -np.inf), rule.get("below", np.inf)


def reaches(rule: dict, low: float, high: float) -> bool:
    """Tell whether anything from `low` to `high` is in the claimed range; both may be one value."""
    if "differs_from" in rule:
        return low != rule["differs_from"] or high != rule["differs_from"]
    first, last = bounds(rule)
    if rule.get("axis"):
        # An axis at -10 deg is one at 170 deg.
        turns = 180 * np.round(((low + high) / 2 - rule["about"]) / 180)
        first, last = first + turns, last + turns
    if "about" in rule:
        return bool(low <= last and high >= first)
    return bool(low < last and high > first)


def holm(p_values: list[float]) -> list[float]:
    """Correct p-values for their number (Holm 1979); NaN is no test."""
    tested = sorted((p, i) for i, p in enumerate(p_values) if np.isfinite(p))
    corrected, largest = [np.nan] * len(p_values), 0.0
    for rank, (p, i) in enumerate(tested):
        largest = max(largest, min(1.0, (len(tested) - rank) * p))
        corrected[i] = largest
    return corrected


def too_few(permutations: int, p_values) -> str:
    """Say why no claim can be supported, where there are too few permutations for that; else "".

    No p is below one over the permutations and one, which Holm's correction multiplies by the
    number of claims.
    """
    n_tests = int(np.count_nonzero(np.isfinite(np.asarray(p_values, float))))
    if not n_tests or n_tests < LEVEL * (permutations + 1):
        return ""
    return (
        f"This run judges nothing: {permutations:,} permutations are too few for {n_tests} claims"
        f" at p < {LEVEL:g}, of which none can be supported. A verdict needs"
        f" significance.permutations of {math.ceil(n_tests / LEVEL):,} or more, better 10,000"
    )


def applies(claim: dict, survey: str, rows: int) -> bool:
    """Tell whether a claim can be asked of a survey and its table of so many rows."""
    return claim.get("survey", survey) == survey and claim.get("rows", rows) == rows


def verdict(claim: dict, answer: dict, corrected: float) -> tuple[str, str]:
    """Judge a claim that applies; give the verdict and the reason for it.

    `answer` is an entry of numbers.yaml, `corrected` its p after `holm`.
    """
    value, rule = answer["value"], claim["range"]
    if value is None:
        if answer.get("p") is not None:
            often = f"a featureless halo gives as much in {answer['p']:.2g} of permutations"
            return "not measurable", f"no direction: {often}"
        return "not measurable", "too few stars"
    inside = reaches(rule, value, value)
    if np.isnan(corrected):
        what = "a number that no permutation changes"
        return ("compatible" if inside else "contradicted"), what
    often = f"p {corrected:.2g} after Holm's correction"
    low, high = answer.get("lo95"), answer.get("hi95")
    if inside and corrected < LEVEL:
        return "supported", often
    if inside:
        return "compatible", f"a featureless halo is not excluded: {often}"
    if low is not None and reaches(rule, low, high):
        return "compatible", f"only the 95 % interval, {low:.3g} to {high:.3g}, reaches the range"
    return "contradicted", "the 95 % interval is outside the range"


def judge(claims: list[dict], numbers: dict, path: str) -> list[dict]:
    """Judge all claims: the columns ANSWER, `verdict` and `because` of each.

    Raises UserError naming `path` where a claim names no number of the run.
    """
    answers = [entry(numbers, claim["number"], path) for claim in claims]
    table = numbers["catalogue"]["survey"], numbers["counts"]["rows"]["value"]
    p_values = [
        np.nan if answer.get("p") is None or not applies(claim, *table) else answer["p"]
        for claim, answer in zip(claims, answers, strict=True)
    ]
    rows = []
    for claim, answer, p in zip(claims, answers, holm(p_values), strict=True):
        values = {name: answer.get(name) for name in ANSWER}
        row = {name: np.nan if value is None else float(value) for name, value in values.items()}
        row["verdict"], row["because"] = "not applicable", "a number of another table"
        if applies(claim, *table):
            row["verdict"], row["because"] = verdict(claim, answer, p)
        rows.append(row)
    return rows
