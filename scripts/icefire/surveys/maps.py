"""Column maps: which columns of a survey's table are what, and in which unit.

A map (config/surveys/NAME.yaml) says for each canonical column where it comes from. A column that
the survey lacks is left out, and each cut that would need it is declared under `cuts_off` with the
reason: a cut never switches itself off.
"""

import operator
import os
import re
from dataclasses import dataclass, field

from icefire.errors import UserError
from icefire.files.columns import CLEAN_COLUMNS, LOGARITHMS
from icefire.files.text_tables import read_yaml
from icefire.surveys.units import conversion

# Columns that only cleaning reads, beside those of the clean table: quality flag and field name.
_EXTRA = ("flag", "field")
CANONICAL = tuple(name for name in CLEAN_COLUMNS if name not in ("l", "b")) + _EXTRA
TEXTS = ("star_id", "field")
# What a survey may give instead: positions and motions in Galactic longitude and latitude
GALACTIC = {"ra": "l", "dec": "b", "pmra": "pml", "pmdec": "pmb"}
GALACTIC |= {"pmra_error": "pml_error", "pmdec_error": "pmb_error"}
_REQUIRED = [
    "ra", "dec", "distance", "distance_error", "rv", "rv_error", "pmra", "pmra_error", "pmdec",
    "pmdec_error", "pm_corr",
]  # fmt: skip

_KEYS = {
    *("name", "description", "columns", "cuts_off", "synthetic", "table", "where"),
    *("tracer", "bounds"),
}

# Which columns each cut needs; a survey without one of them must declare the cut off.
CUTS = {
    "duplicates": ("star_id",),
    "flag": ("flag",),
    "snr": ("snr",),
    "giants": ("logg",),
    "sagittarius": (),
    "sagittarius_chemistry": ("feh", "afe"),
    "satellites": (),
    "aleph": ("feh", "afe"),
    "unbound": (),
}

# Where a column comes from: one of these. A distance or its error may come from a modulus or a
# parallax, an error from a fraction of its quantity or from two percentiles.
_WAYS = ("source", "value", "modulus", "parallax", "fraction", "percentiles")
_ONLY_OF = {
    "modulus": ("distance", "distance_error"),
    "parallax": ("distance", "distance_error"),
    "fraction": tuple(name for name in CANONICAL if name.endswith("_error")),
    "percentiles": tuple(name for name in CANONICAL if name.endswith("_error")),
}
_UNIT_OF_WAY = {"modulus": "mag", "parallax": "mas", "fraction": ""}
_COMPARISONS = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
    ">": operator.gt, "<": operator.lt,
}  # fmt: skip
_WHERE = re.compile(r"\s*(.+?)\s*(>=|<=|==|!=|>|<)\s*(.+?)\s*")


@dataclass(frozen=True)
class Source:
    """Where a canonical column comes from, and what is done to its values.

    `way` is one of source, value, modulus, parallax, fraction, percentiles; `columns` are one or
    two of the survey's. A value is multiplied by `scale` and `offset` is added, in our unit.
    """

    way: str
    columns: tuple[str, ...] = ()
    value: float | None = None
    unit: str | None = None
    override_unit: str | None = None
    scale: float = 1.0
    offset: float = 0.0
    missing: tuple[float, ...] = ()
    good: tuple = (0,)
    bits: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Where:
    """A simple cut on a column of the survey: stars stay where the comparison holds."""

    text: str
    column: str
    compare: object
    value: float | str


@dataclass(frozen=True)
class SurveyMap:
    """A survey's name, its columns under canonical names, its cuts, and those it cannot have.

    `tracer` is what its stars are called once the cut on giants is made, `bounds` the least
    declination and Galactic latitude of its fields (deg), where figure 1 is to draw them.
    """

    name: str
    columns: dict[str, Source]
    cuts_off: dict[str, str]
    synthetic: bool = False
    table: object = None
    where: tuple[Where, ...] = field(default=())
    tracer: str = "giants"
    bounds: dict[str, float] = field(default_factory=dict)

    def wanted(self) -> dict[str, type]:
        """List the survey's columns that are read, and whether as numbers or as texts."""
        found = {c: float for source in self.columns.values() for c in source.columns}
        found |= {w.column: float for w in self.where if w.column not in found}
        texts = [c for name in TEXTS if name in self.columns for c in self.columns[name].columns]
        texts += [w.column for w in self.where if isinstance(w.value, str)]
        if "flag" in self.columns and any(isinstance(g, str) for g in self.columns["flag"].good):
            texts += self.columns["flag"].columns
        return found | dict.fromkeys(texts, str)


def read_survey_map(path: str | os.PathLike) -> SurveyMap:
    """Read and check a column map.

    Raises UserError naming the file and the key when a key is unknown, missing or of a wrong type,
    and when a cut is neither possible nor declared off.
    """
    raw = read_yaml(path, kind=dict)
    _only(raw, _KEYS, path, "")
    for key, kind in (("name", str), ("columns", dict)):
        if not isinstance(raw.get(key), kind):
            raise UserError(f"{path}: {key} is missing or not a {kind.__name__}")
    cuts_off = raw.get("cuts_off") or {}
    if not isinstance(cuts_off, dict) or not all(isinstance(r, str) for r in cuts_off.values()):
        raise UserError(f"{path}: cuts_off must give the reason, a text, for each cut")
    _only(cuts_off, set(CUTS), path, "cuts_off.")
    if not isinstance(raw.get("synthetic", False), bool):
        raise UserError(f"{path}: synthetic must be true or false")
    _only(raw["columns"], {*CANONICAL, *GALACTIC.values()}, path, "columns.")
    columns = {name: _source(path, name, entry) for name, entry in raw["columns"].items()}
    _check_needed(path, columns, cuts_off)
    synthetic, table = raw.get("synthetic", False), raw.get("table")
    listed = table if isinstance(table, list) else [table]
    if not listed or not all(isinstance(t, str | int | None) for t in listed):
        raise UserError(f"{path}: table must be a name, a number or a list of FITS extensions")
    words = _tracer(path, raw, cuts_off), _bounds(path, raw)
    return SurveyMap(raw["name"], columns, cuts_off, synthetic, table, _where(path, raw), *words)


def _tracer(path, raw: dict, cuts_off: dict) -> str:
    tracer = raw.get("tracer", "stars" if "giants" in cuts_off else "giants")
    if not isinstance(tracer, str) or not tracer.isprintable() or not 0 < len(tracer) <= 40:
        raise UserError(f"{path}: tracer must be a word for the survey's stars, such as K giants")
    return tracer


def _bounds(path, raw: dict) -> dict[str, float]:
    bounds = raw.get("bounds") or {}
    if not isinstance(bounds, dict):
        raise UserError(f"{path}: bounds must be a mapping such as {{min_dec_deg: -20}}")
    _only(bounds, {"min_dec_deg", "min_abs_b_deg"}, path, "bounds.")
    for key, value in bounds.items():
        _number(f"{path}: bounds.{key}", value)
        if abs(value) > 90:
            raise UserError(f"{path}: bounds.{key} must be an angle from -90 to 90")
    return {key: float(value) for key, value in sorted(bounds.items())}


def _check_needed(path, columns: dict[str, Source], cuts_off: dict[str, str]) -> None:
    for name in _REQUIRED:
        other = GALACTIC.get(name)
        if name in columns and other in columns:
            raise UserError(
                f"{path}: columns.{name} and columns.{other} say the same twice; keep one"
            )
        if name not in columns and other not in columns:
            instead = f", nor columns.{other}" if other else ""
            raise UserError(
                f"{path}: columns.{name} is missing{instead}; the workflow cannot do without it"
            )
    for pair in (("ra", "dec"), ("pmra", "pmdec"), ("pmra", "pmra_error"), ("pmra", "pmdec_error")):
        if len({GALACTIC[name] in columns for name in pair}) > 1:
            raise UserError(
                f"{path}: columns.{pair[0]} and columns.{pair[1]} must be of one kind, equatorial"
                " or Galactic"
            )
    for cut, needs in CUTS.items():
        missing = [name for name in needs if name not in columns]
        if missing and cut not in cuts_off and cut.partition("_")[0] not in cuts_off:
            raise UserError(
                f"{path}: the map has no {' and no '.join(missing)}, which the cut {cut!r} needs;"
                f" map the column or declare it off with a reason under cuts_off.{cut}"
            )


def _only(mapping: dict, allowed: set[str], path, prefix: str) -> None:
    for key in mapping:
        if key not in allowed:
            raise UserError(
                f"{path}: unknown key {prefix}{key}; known are {', '.join(sorted(allowed))}"
            )


def _source(path, name: str, entry) -> Source:
    where = f"{path}: columns.{name}"
    if not isinstance(entry, dict):
        raise UserError(f"{where} must be a mapping such as {{source: COLUMN, unit: deg}}")
    modifiers = {"unit", "override_unit", "scale", "offset", "missing"}
    ways = {way for way in _WAYS if name in _ONLY_OF.get(way, (name,))}
    _only(
        entry,
        ways | modifiers | ({"good", "bits"} if name == "flag" else set()),
        path,
        f"columns.{name}.",
    )
    given = [way for way in _WAYS if way in entry]
    if len(given) != 1:
        raise UserError(
            f"{where} needs either a source column or a constant value"
            + (
                f", or one of {', '.join(sorted(ways - {'source', 'value'}))}"
                if len(ways) > 2
                else ""
            )
        )
    (way,) = given
    for key in ("unit", "override_unit"):
        if key in entry and not isinstance(entry[key], str):
            raise UserError(f"{where}.{key} must be a text")
    for key in {"value", "scale", "offset"} & entry.keys():
        _number(f"{where}.{key}", entry[key])
    missing = _listed(entry.get("missing", []))
    for one in missing:
        _number(f"{where}.missing", one)
    if name in TEXTS and way == "value":
        raise UserError(f"{where} needs a source column: stars cannot share one value")
    columns = () if way == "value" else _column_names(f"{where}.{way}", name, way, entry[way])
    said = entry.get("override_unit", entry.get("unit"))
    try:
        factor, offset = conversion(said, unit_of(name, way)) if said is not None else (1.0, 0.0)
    except ValueError as error:
        key = "override_unit" if "override_unit" in entry else "unit"
        raise UserError(f"{where}.{key} {error}") from error
    return Source(
        way=way,
        columns=columns,
        value=entry["value"] * factor + offset if way == "value" else None,
        unit=entry.get("unit"),
        override_unit=entry.get("override_unit"),
        scale=float(entry.get("scale", 1.0)),
        offset=float(entry.get("offset", 0.0)),
        missing=tuple(map(float, missing)),
        good=_good(where, entry),
        bits=_bits(where, entry),
    )


def _number(where: str, number) -> None:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise UserError(f"{where} must be a number")
    # Neither NaN nor a whole number beyond every float
    if not abs(number) < 1e300:
        raise UserError(f"{where} must be finite")


def _listed(value) -> list:
    return value if isinstance(value, list) else [value]


def _column_names(where: str, name: str, way: str, given) -> tuple[str, ...]:
    """Check the survey's columns: one, or lower and upper for an error and for percentiles."""
    names = _listed(given)
    two = way == "percentiles" or (way == "source" and name.endswith("_error") and len(names) > 1)
    if not all(isinstance(n, str) for n in names) or len(names) != 1 + two:
        how = "a lower and an upper column" if way == "percentiles" else "a text"
        raise UserError(f"{where} must be {how}")
    return tuple(names)


def _good(where: str, entry: dict) -> tuple:
    good = _listed(entry.get("good", 0))
    if not good or not all(isinstance(g, bool | int | float | str) for g in good):
        raise UserError(f"{where}.good must be the value of good stars, or a list of such values")
    return tuple(good)


def _bits(where: str, entry: dict) -> tuple[int, ...] | None:
    if "bits" not in entry:
        return None
    bits = entry["bits"]
    if "good" in entry:
        raise UserError(f"{where} has both good and bits; keep one")
    if (
        not isinstance(bits, list)
        or not all(type(b) is int and 0 <= b < 63 for b in bits)
        or not bits
    ):
        raise UserError(f"{where}.bits must list the bits (0 to 62) that only bad stars have")
    return tuple(bits)


def unit_of(name: str, way: str = "source") -> str | None:
    """Give the unit into which a survey's column is converted; None for a pure number."""
    if way in _UNIT_OF_WAY:
        return _UNIT_OF_WAY[way]
    if name in LOGARITHMS:
        return "dex(cm/s2)" if name == "logg" else "dex"
    equatorial = {galactic: name for name, galactic in GALACTIC.items()}
    name = equatorial.get(name, name)
    return CLEAN_COLUMNS[name].unit if name in CLEAN_COLUMNS else None


def _where(path, raw: dict) -> tuple[Where, ...]:
    """Understand simple cuts, such as `snr > 5`."""
    cuts = []
    for text in _listed(raw.get("where") or []):
        parts = _WHERE.fullmatch(text) if isinstance(text, str) else None
        if parts is None:
            raise UserError(
                f"{path}: where must list texts such as 'snr > 5', of a column, one of"
                f" {' '.join(_COMPARISONS)}, and a number or a word; not {text!r}"
            )
        column, sign, value = parts.groups()
        value = _constant(value)
        if isinstance(value, str) and sign not in ("==", "!="):
            raise UserError(f"{path}: where {text!r} compares with {value}, which is no number")
        cuts.append(Where(text, column, _COMPARISONS[sign], value))
    return tuple(cuts)


def _constant(text: str) -> float | str:
    truth = {"true": 1.0, "false": 0.0}
    if text.lower() in truth:
        return truth[text.lower()]
    try:
        return float(text)
    except ValueError:
        return text.strip("'\"")
