"""Units as files spell them, what turns a column's values into ours, what is laid over it."""

import argparse
import re
from collections.abc import Collection

import numpy as np
from astropy import units as u

from icefire import cli
from icefire.errors import UserError
from icefire.files.columns import CLEAN_COLUMNS

# Spellings that astropy does not know, without case. Of logarithms the number is what counts:
# many files give log g and say cm/s2, or give [Fe/H] and say nothing.
_SPELLINGS = {
    **dict.fromkeys(("degrees", "degs", "deg.", "angle[deg]", "d:m:s"), "deg"),
    **dict.fromkeys(("radians", "rads"), "rad"),
    **dict.fromkeys(("hours", "hrs", "hour", "h", "hr"), "hourangle"),
    **dict.fromkeys(("km/sec", "kms-1", "kms", "km s^-1", "kmps", "km/second"), "km/s"),
    **dict.fromkeys(("m/sec", "ms-1", "m s^-1", "m/second"), "m/s"),
    **dict.fromkeys(("mas/year", "masyr-1", "mas yr^-1", "milliarcsec/yr", "mas/a"), "mas/yr"),
    **dict.fromkeys(("arcsec/year", "arcsecyr-1", "arcsec yr^-1", '"/yr', '"/year'), "arcsec/yr"),
    **dict.fromkeys(("parsec", "parsecs"), "pc"),
    **dict.fromkeys(("kiloparsec", "kiloparsecs"), "kpc"),
    **dict.fromkeys(("magnitude", "magnitudes", "mags"), "mag"),
    **dict.fromkeys(("unitless", "dimensionless", "none", "-", "--", "---", "n/a", "1"), ""),
    **dict.fromkeys(("pct", "per cent", "percent"), "%"),
    **dict.fromkeys(("dex(cgs)", "cgs", "dex(log(cgs))", "log g"), "dex(cm/s2)"),
    **dict.fromkeys(("dex(-)", "dex(---)", "dex(sun)", "dex(solar)", "dex()"), "dex"),
}
# What is a logarithm to base 10: [x] is CDS's way, dex(x) astropy's.
_LOGARITHM = re.compile(r"(?:dex|log|log10|lg)\s*\((.*)\)|\[(.*)\]|(?:log|log10|lg)[ .]+(.+)", re.I)
_GRAVITY = u.dex(u.cm / u.s**2)
_DEX = {"dex(cm/s2)": _GRAVITY, "dex": u.dex(u.one)}


def known(text: str) -> u.UnitBase | u.function.FunctionUnitBase:
    """Give the astropy unit that a file's or a map's words stand for; `[x]`, log(x) are dex(x).

    Raises ValueError when they stand for none.
    """
    words = text.strip().strip("'").strip()
    if logarithm := _LOGARITHM.fullmatch(words):
        words = f"dex({next(part for part in logarithm.groups() if part is not None).strip()})"
    words = _SPELLINGS.get(words.lower(), words)
    try:
        return u.Unit(words)
    except (ValueError, TypeError) as error:
        raise ValueError(f"is {text[:40]!r}, which is no known unit") from error


def conversion(text: str, ours: str | None) -> tuple[float, float]:
    """Give factor and offset by which values in the unit `text` become values in `ours`.

    `ours` is None for a pure number, "dex(cm/s2)" for a gravity and "dex" for an abundance; of
    these two a file may also say no logarithm, or nothing (see above). Raises ValueError saying
    what is wrong.
    """
    given = known(text)
    logarithm = _DEX.get(ours)
    if logarithm is not None:
        if given in (u.one, u.dex, logarithm, logarithm.physical_unit):
            return 1.0, 0.0
        target = logarithm
    else:
        target = u.Unit(ours or "")
    # Magnitudes and logarithms of kpc are no multiples of it, though astropy converts them.
    alike = isinstance(given, u.function.FunctionUnitBase) == (logarithm is not None)
    if alike and given.is_equivalent(target):
        zero, unity = given.to(target, np.array([0.0, 1.0]))
        if 0 < unity - zero < np.inf:
            return float(unity - zero), float(zero)
    raise ValueError(f"is {text!r}, which does not convert to {ours or 'a number'!r}")


# --- scales and zero points ------------------------------------------------------------------

_ADJUSTED = tuple(n for n in CLEAN_COLUMNS if n not in ("star_id", "ra", "dec", "l", "b"))
_ADJUSTMENT = re.compile(rf"({'|'.join(_ADJUSTED)}) ?([*+-]) ?(\d[\d.]*)")


def adjustments(text: str) -> tuple[str, ...]:
    """Read adjustments with commas between them: `distance * 1.1`, `pmra + 0.02`, `rv - 1`."""
    found = cli.names(text)
    for one in found:
        if not _ADJUSTMENT.fullmatch(one) or one.count(".") > 1:
            raise argparse.ArgumentTypeError(
                f"{one!r} is no adjustment: write NAME * NUMBER, NAME + NUMBER or NAME - NUMBER,"
                f" of {', '.join(_ADJUSTED)}"
            )
    return found


CATALOG = cli.Section("catalog", {"adjust": adjustments}, optional=("adjust",))


def adjust(stars: dict[str, np.ndarray], given: Collection[str], has: Collection[str]) -> None:
    """Scale and shift columns of the clean table, in its units and in the order given.

    `has` names the columns that the survey has; raises UserError for another one.
    """
    for text in given:
        name, sign, number = _ADJUSTMENT.fullmatch(text).groups()
        if name not in has:
            raise UserError(f"catalog.adjust: the survey has no {name} ({text!r})")
        before = stars[name]
        stars[name] = before * float(number) if sign == "*" else before + float(sign + number)
