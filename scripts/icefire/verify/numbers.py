"""Whether quoted numbers are what the tables say: numbers.yaml, .tex, .rst and the comparison.

Every number is computed anew from the ledger, the samples and the summaries; the texts are read
back and held against numbers.yaml. As in verification.py, what is wrong is an error.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from icefire.errors import UserError
from icefire.files.star_tables import StarReader
from icefire.verify import recount
from icefire.verify.checks import Tally, broken, plain

# What numbers.yaml says of its catalogue, and what a row of the comparison answers
SOURCE = ("catalogue", "synthetic", "icefire_version")
ANSWER = ("value", "lo68", "hi68")
# numbers.yaml keeps six digits.
_TOLERANCE = 6e-6
# Below this a recomputed value is rounding (km/s, or of beta).
_NOTHING = 1e-6
# The fit of the hot direction holds its stars in memory: more are not fitted again.
FITTED_AT_MOST = 300_000
# km/s of a star at 1 kpc that moves 0.1 mas/yr; an au per Julian year is 4.7404705 km/s
_DRAWN_KM_S_PER_KPC = 0.47404705
_NUMBER = (int, float, type(None))
_ERRORS = ("v_r_error", "v_phi_error", "v_theta_error")
_MEDIANS = {
    "velocity_error.median_v_r": "km/s",
    "velocity_error.median_v_r_beyond_30_kpc": "km/s",
    "velocity_error.median_tangential_over_line_beyond_30_kpc": "",
}


def entries(group: dict, path, key: str = "") -> Iterator[tuple[str, dict]]:
    """Give every number of numbers.yaml with its dotted key.

    Raises UserError naming the file where it is not such a file.
    """
    for name, entry in group.items():
        where = f"{key}.{name}" if key else str(name)
        if not isinstance(entry, dict):
            raise UserError(f"{path}: {where} is no number; delete this file and run again")
        if "value" in entry:
            for end in ANSWER:
                if isinstance(entry.get(end), bool) or not isinstance(entry.get(end), _NUMBER):
                    raise broken(path, f"{where}, {end}", repr(entry[end]), "that is no number")
            yield where, entry
        elif where != "catalogue":
            yield from entries(entry, path, where)


# --- the same numbers again ------------------------------------------------------------------


def of_ledger(ledger, tally: Tally) -> dict[str, tuple]:
    """Count what the ledger and the good stars say; (value, low, high, unit) by key."""
    last = {str(step): row for row, step in enumerate(ledger["step"])}
    removed = {step: ledger["n_removed"][row] for step, row in last.items()}
    counts = {
        "rows": ledger["n_in"][0],
        "good": tally.n_good,
        **{f"good_beyond_{limit}_kpc": count for limit, count in tally.beyond.items()},
        "giants": ledger["n_out"][last["giants"]],
        **{
            f"removed_as_{step}": removed[step]
            for step in ("sagittarius", "satellites", "aleph", "unbound")
        },
        "halo": ledger["n_out"][last["halo"]],
        "insitu": removed["insitu"],
        "accreted": ledger["n_out"][last["accreted"]],
        "neither_accreted_nor_insitu": removed["chemistry"],
    }
    return {f"counts.{name}": (int(count), None, None, "") for name, count in counts.items()}


def of_samples(samples: Mapping[str, StarReader], slices: dict[str, tuple]) -> dict[str, tuple]:
    """Measure again what the samples' own columns tell; (value, low, high, unit) by key.

    `slices` are ranges of [Fe/H] by the name they have in numbers.yaml. Keys with None instead of a
    tuple cannot be computed anew.
    """

    def spreads(sample: str, columns: tuple[str, ...], masks: dict) -> dict:
        wanted = (*recount.COMPONENTS, *columns)
        return recount.spreads(lambda: samples[sample].blocks(wanted), masks)

    masks = {"plain_dispersion.halo": lambda s: slice(None)}
    for name, (low, high) in slices.items():
        key = f"plain_dispersion.{name}"
        masks[key] = lambda s, low=low, high=high: (s["feh"] >= low) & (s["feh"] < high)
    north = lambda s: (s["l"] >= 180) & (s["b"] > 0)  # noqa: E731
    masks["quadrant.first_beta"] = north
    masks["quadrant.fourth_beta"] = lambda s: (s["l"] >= 180) & (s["b"] <= 0)
    found = spreads("halo", ("feh", "l", "b"), masks)
    masks = {"plain_dispersion.accreted": lambda s: slice(None)}
    found |= spreads("accreted", (), masks)
    masks = {
        "plain_dispersion.insitu": lambda s: slice(None),
        "map.cold_insitu": lambda s: (s["x"] < -15) & (s["z"] > -10) & (s["z"] < 10),
        "map.hot_insitu": lambda s: (s["x"] > -8) & (s["z"] > 10),
        "map.hot_insitu_mirrored": lambda s: (s["x"] > -8) & (s["z"] < -10),
    }
    found |= spreads("insitu", ("x", "z"), masks)

    numbers: dict[str, tuple | None] = {}
    for key, spread in found.items():
        if key.startswith("quadrant."):
            numbers[key] = spread.numbers()["beta"]
        else:
            numbers |= {f"{key}.{name}": entry for name, entry in spread.numbers().items()}
    for name, (low, high) in slices.items():
        ends = {"feh_from": (low, None, None, "dex"), "feh_to": (high, None, None, "dex")}
        numbers |= {f"plain_dispersion.{name}.{end}": entry for end, entry in ends.items()}
    gap = _difference(numbers["quadrant.first_beta"], numbers["quadrant.fourth_beta"], "")
    numbers["quadrant.beta_difference"] = gap
    numbers["quadrant.beta_difference_in_errors"] = _in_errors(gap)
    numbers["map.hot_minus_cold_sigma_r"] = _difference(
        numbers["map.hot_insitu.sigma_r"], numbers["map.cold_insitu.sigma_r"], "km/s"
    )
    return numbers | _hot_direction(samples["accreted"])


def _difference(one: tuple | None, other: tuple | None, unit: str) -> tuple | None:
    """Subtract two numbers as they are quoted, with the digits of numbers.yaml."""
    if one is None or other is None:
        return None
    one, other = _quoted(one), _quoted(other)
    ends = np.array([*one[:3], *other[:3]], float)
    if not np.isfinite(ends).all():
        return None, None, None, unit
    error = np.hypot(one[2] - one[1], other[2] - other[1]) / 2
    value = one[0] - other[0]
    return _quoted((value, value - error, value + error, unit))


def _in_errors(gap: tuple | None) -> tuple | None:
    """Give a difference in units of its standard error."""
    if gap is None:
        return None
    nothing = gap[1] is None or not gap[2] > gap[1]
    return None if nothing else 2 * abs(gap[0]) / (gap[2] - gap[1]), None, None, ""


def _quoted(entry: tuple) -> tuple:
    """Round a number and its interval as numbers.yaml does."""
    return *(end if end is None else float(f"{end:.6g}") for end in entry[:3]), entry[3]


def _hot_direction(accreted: StarReader) -> dict[str, tuple | None]:
    names = ("xy_direction_deg", "azimuth_deg", "pitch_deg", "contrast", "chi_square_of_5")
    found = None
    if accreted.n_rows <= FITTED_AT_MOST:
        stars = accreted.all(("x", "y", "z", "v_r"))
        place = np.array([stars[name] for name in "xyz"])
        found = recount.hot_direction(place, stars["v_r"])
    return {f"map.accreted.{name}": found[name] if found else None for name in names}


def of_summaries(sky, accreted, insitu) -> dict[str, tuple]:
    """Read again what the summaries tell of lines of sight and profiles."""
    found = {"line_of_sight.n_measured": (int(np.isfinite(plain(sky["sigma_r"])).sum()), "")}
    fraction = plain(sky["accreted_fraction"])
    found = {key: (value, None, None, unit) for key, (value, unit) in found.items()}
    for name, unit in (("sigma_r", "km/s"), ("beta", "")):
        columns = [plain(sky[name + ending]) for ending in ("", "_lo68", "_hi68")]
        measured = [row for row in zip(*columns, strict=True) if np.isfinite(row[0])]
        nothing = (None, None, None)
        key = f"line_of_sight.{name}"
        found[f"{key}_min"] = (*min(measured, key=lambda row: row[0], default=nothing), unit)
        found[f"{key}_max"] = (*max(measured, key=lambda row: row[0], default=nothing), unit)
        found[f"{key}_rank_correlation"] = recount.rank_correlation(fraction, columns[0])
    shells = [
        (plain(a["r_mid"]), plain(a["n_stars"]), plain(a["sigma_r"]))
        for a in (table[plain(table["quadrant"]) == 0] for table in (accreted, insitu))
    ]
    (r, n_accreted, hot), (_, n_insitu, cold) = shells
    compared = [bool(c < h) for c, h in zip(cold, hot, strict=True) if np.isfinite(c + h)]
    shares = []
    for part in (r <= 40, r > 40):
        total = n_accreted[part].sum() + n_insitu[part].sum()
        shares.append(n_insitu[part].sum() / total if total else None)
    both = None not in shares and shares[0] > 0
    values = {
        "shells_with_both": len(compared),
        "insitu_colder_fraction": sum(compared) / len(compared) if compared else None,
        "insitu_share_within_40_kpc": shares[0],
        "insitu_share_beyond_40_kpc": shares[1],
        "insitu_share_drop": shares[1] / shares[0] if both else None,
    }
    return found | {f"profile.{name}": (v, None, None, "") for name, v in values.items()}


def slices_of(numbers: dict, path) -> dict[str, tuple]:
    """Find the [Fe/H] slices that numbers.yaml has, with their ends."""
    ends: dict[str, list] = {}
    for key, entry in entries(numbers, path):
        group, _, name = key.rpartition(".")
        if name in ("feh_from", "feh_to"):
            ends.setdefault(group.removeprefix("plain_dispersion."), []).append(entry["value"])
    for name, pair in ends.items():
        if len(pair) != 2 or None in pair:
            raise broken(path, f"plain_dispersion.{name}", pair, "a slice has feh_from and feh_to")
    return {name: tuple(pair) for name, pair in ends.items()}


# --- numbers.yaml against them ---------------------------------------------------------------


def check_numbers(path, numbers: dict, found: Mapping[str, tuple | None], halo: StarReader):
    """Make sure of every number; give how many there are, and how many were computed anew."""
    said = dict(entries(numbers, path))
    keys = {*found, *_MEDIANS}
    for key in sorted(keys ^ set(said)):
        what = "missing" if key in keys else "in it"
        raise broken(
            path, key, what, "it belongs in it" if key in keys else "no number is called so"
        )
    for key, entry in said.items():
        unit = _MEDIANS[key] if key in _MEDIANS else (found[key] or (None,) * 4)[3]
        if unit is not None and entry.get("unit", "") != unit:
            raise broken(
                path, f"{key}, unit", entry.get("unit", "none"), f"it is in {unit or 'none'}"
            )
        if found.get(key) is not None:
            for end, value in zip(ANSWER, found[key], strict=False):
                _hold(path, f"{key}, {end}", entry.get(end), value)
        _hold_order(path, key, entry)
    _check_medians(path, said, halo)
    return len(said), len(said) - sum(entry is None for entry in found.values())


def _hold(path, where: str, said, found) -> None:
    """Make sure that a number is the one found anew, to the digits that are written."""
    missing = found is None or not np.isfinite(found)
    if missing != (said is None):
        raise broken(path, where, said, f"the tables give {'none' if missing else f'{found:.6g}'}")
    if missing:
        return
    exact = isinstance(found, int)
    if abs(said - found) > (0 if exact else _NOTHING + _TOLERANCE * abs(found)):
        raise broken(path, where, said, f"the tables give {found if exact else f'{found:.6g}'}")


def _hold_order(path, key: str, entry: dict) -> None:
    ends = [entry.get(end) for end in ("lo68", "value", "hi68")]
    if None not in ends and not ends[0] <= ends[1] <= ends[2]:
        raise broken(path, f"{key}, value", ends[1], f"its interval is {ends[0]} to {ends[2]}")


def _check_medians(path, said: dict[str, dict], halo: StarReader) -> None:
    """Make sure of the median velocity errors, without holding the stars.

    As many values are below a median as above; one between two values is in their middle.
    """
    limits = {key: said[key]["value"] for key in _MEDIANS}
    counts = {key: np.zeros(3, np.int64) for key in _MEDIANS}  # below, above, all
    nearest = {key: [-np.inf, np.inf] for key in _MEDIANS}  # the largest below, the least above
    for stars in halo.blocks(("r", *_ERRORS)):
        far = stars["r"] > 30
        line = _DRAWN_KM_S_PER_KPC * stars["r"][far]
        tangential = np.concatenate([stars[name][far] / line for name in _ERRORS[1:]])
        values = (stars["v_r_error"], stars["v_r_error"][far], tangential)
        for (key, limit), some in zip(limits.items(), values, strict=True):
            if limit is not None:
                slack = _TOLERANCE * abs(limit)
                below, above = some[some < limit - slack], some[some > limit + slack]
                counts[key] += (len(below), len(above), 0)
                lowest, highest = nearest[key]
                nearest[key] = [below.max(initial=lowest), above.min(initial=highest)]
            counts[key][2] += len(some)
    for key, (below, above, n) in counts.items():
        limit = limits[key]
        if (limit is None) != (n == 0):
            raise broken(path, f"{key}, value", limit, f"there are {n} values")
        if 2 * max(below, above) > n:
            found = f"of {n} values {below} are smaller and {above} larger"
            raise broken(path, f"{key}, value", limit, found)
        if n and below + above == n:
            _hold(path, f"{key}, value", limit, sum(nearest[key]) / 2)


# --- the texts against numbers.yaml ----------------------------------------------------------

_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
_MACRO = re.compile(r"\\newcommand\{\\icefire([A-Za-z]+)\}\{([^{}]*)\}")
_QUOTE = re.compile(r"(\(not measured\)|\S+)(?: ([^ (]+))?(?: \((\S+) to (\S+)\))?")
_SUBSTITUTION = re.compile(r"\.\. \|([^|]+)\| replace:: (.*)")


def _read(path, pattern: re.Pattern, comment: str) -> dict[str, str]:
    """Read the names and texts of a file, each of which may be in it once."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is no text ({error}); delete it and run again") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line or (line.startswith(comment) and not pattern.fullmatch(line)):
            continue
        match = pattern.fullmatch(line)
        if match is None or match[1] in found:
            why = (
                "it is none that collect_numbers.py writes"
                if match is None
                else "it is there twice"
            )
            raise broken(path, f"line {number}", repr(line[:60]), why)
        found[match[1]] = match[2]
    return found


def _hold_names(path, found: Mapping, wanted: Mapping) -> None:
    for name in sorted(set(found) ^ set(wanted)):
        if name in wanted:
            raise broken(path, name, "missing", "numbers.yaml has it")
        raise broken(path, name, "in it", "numbers.yaml has no such number")


def _hold_synthetic(path, says: bool, numbers: dict) -> None:
    synthetic = bool(numbers["catalogue"]["synthetic"])
    if says != synthetic:
        words = {True: "synthetic", False: "not synthetic"}
        raise broken(path, "its catalogue", words[says], f"numbers.yaml says {words[synthetic]}")


def check_macros(path, numbers: dict, source) -> int:
    """Make sure that the LaTeX macros hold numbers.yaml, to four digits; give how many they are."""
    found = _read(path, _MACRO, "%")
    wanted = {}
    for key, entry in entries(numbers, source):
        words = "".join(word[:1].upper() + word[1:] for word in re.split(r"[._]", key))
        name = "".join(_DIGITS[int(c)] if c.isdigit() else c for c in words)
        endings = {"value": "", "lo68": "Low", "hi68": "High"}
        wanted |= {name + endings[end]: entry[end] for end in endings if end in entry}
    _hold_names(path, found, wanted)
    for name, value in wanted.items():
        digits = None if isinstance(value, int) else 4
        _hold_text(path, f"\\icefire{name}", found[name], value, digits, "\\ldots")
    _hold_synthetic(path, "SYNTHETIC" in Path(path).read_text(encoding="utf-8"), numbers)
    return len(wanted)


def check_substitutions(path, numbers: dict, source) -> int:
    """Make sure that the substitutions hold numbers.yaml, to three digits; give how many."""
    found = _read(path, _SUBSTITUTION, "..")
    wanted = dict(entries(numbers, source))
    _hold_names(path, found, {**wanted, "catalogue": None, "provenance": None})
    for key, entry in wanted.items():
        values = [entry["value"]]
        unit = entry.get("unit") if entry["value"] is not None else None
        if entry["value"] is not None and entry.get("lo68") is not None:
            values += [entry["lo68"], entry["hi68"]]
        match = _QUOTE.fullmatch(found[key])
        said = [text for text in match.group(1, 3, 4) if text] if match else []
        if not match or match[2] != unit or len(said) != len(values):
            has = f"{values} {unit or ''}".rstrip()
            raise broken(path, f"|{key}|", found[key], f"numbers.yaml has {has}")
        for text, value in zip(said, values, strict=True):
            digits = None if isinstance(value, int) else 3
            _hold_text(path, f"|{key}|", text.replace(",", ""), value, digits, "(not measured)")
    _hold_synthetic(path, "Synthetic catalogue" in found["provenance"], numbers)
    return len(wanted)


def _hold_text(path, where: str, text: str, value, digits: int | None, nothing: str) -> None:
    """Make sure that a text is a value of numbers.yaml, exactly or rounded to so many digits."""
    wanted = nothing if value is None else str(value) if digits is None else f"{value:.{digits}g}"
    if text != wanted:
        raise broken(path, where, text, f"numbers.yaml has {nothing if value is None else value}")


def check_claims(path, claims, numbers: dict, source) -> None:
    """Make sure that a list of claims can be read, and that its numbers are there."""
    said = dict(entries(numbers, source))
    for number, claim in enumerate(claims if isinstance(claims, list) else [None]):
        whole = isinstance(claim, dict) and {"claim", "number", "agrees"} <= set(claim)
        if not whole or claim["number"] not in said or not isinstance(claim["agrees"], dict):
            raise UserError(f"{path}: entry {number} is no claim about a number of {source}")


def check_comparison(
    path, table, claims: list, numbers: dict, source, claims_path, ending: str = ""
) -> int:
    """Make sure that every claim is answered by its number; give how many agree.

    `ending` is `_second` for the columns of a second method.
    """
    said = dict(entries(numbers, source))
    texts, wanted = [str(text) for text in table["claim"]], [claim["claim"] for claim in claims]
    for row, (text, claim) in enumerate(itertools.zip_longest(texts, wanted)):
        if text != claim:
            raise broken(path, f"row {row}, claim", repr(text), f"{claims_path} has {claim!r}")
    agree = 0
    for row, claim in enumerate(claims):
        entry = said[claim["number"]]
        for end in ANSWER:
            value, found = entry.get(end), plain(table[end + ending])[row]
            if not (np.isnan(found) if value is None else found == value):
                where = f"row {row} ({claim['claim']}), {end}{ending}"
                what = f"{source} has {value} as {claim['number']}"
                raise broken(path, where, found, what)
        verdict = _verdict(entry["value"], claim["agrees"])
        agree += verdict == "yes"
        if str(table["agrees" + ending][row]) != verdict:
            where = f"row {row} ({claim['claim']}), agrees{ending}"
            raise broken(path, where, table["agrees" + ending][row], f"it is {verdict}")
    return agree


def _verdict(value, rule: dict) -> str:
    if value is None:
        return "not measured"
    if "above" in rule or "below" in rule:
        return "yes" if rule.get("below", np.inf) > value > rule.get("above", -np.inf) else "no"
    gap = abs(value - rule["about"])
    if rule.get("axis"):  # an axis points both ways
        gap = min(gap % 180, -gap % 180)
    return "yes" if gap <= rule["within"] else "no"
