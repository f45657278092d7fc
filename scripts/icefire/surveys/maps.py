"""Column maps: which column of a survey's table is what, in which unit.

A map (config/surveys/NAME.yaml) says for each canonical column which source column holds it, in
which unit, with an optional scale and offset, or which constant stands for it. A column that the
survey lacks is left out of the map, and each cut that would need it is declared under `cuts_off`
with the reason: a cut never switches itself off.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy import units as u

from icefire.errors import UserError
from icefire.files.columns import CLEAN_COLUMNS, LOGARITHMS
from icefire.files.formats import open_table
from icefire.files.star_tables import BLOCK_ROWS
from icefire.files.text_tables import read_yaml

# Columns that only cleaning reads, beside those of the clean table: quality flag and field name.
_EXTRA = ("flag", "field")
CANONICAL = tuple(name for name in CLEAN_COLUMNS if name not in ("l", "b")) + _EXTRA
_TEXT = ("star_id", "field")
_REQUIRED = [
    "star_id", "ra", "dec", "distance", "distance_error", "rv", "rv_error", "pmra", "pmra_error",
    "pmdec", "pmdec_error", "pm_corr",
]  # fmt: skip

# What files say of the logarithm of a ratio, or of a gravity in cm/s2; the number is the same.
_GRAVITY = u.cm / u.s**2
_LOGARITHMIC_UNITS = (u.one, u.dex, u.dex(u.one), _GRAVITY, u.dex(_GRAVITY))
# A longer identifier is a damaged file's, or another column's.
_MAX_CHARACTERS = 1000

# Which columns each cut needs; a survey without one of them must declare the cut off.
CUTS = {
    "flag": ("flag",),
    "snr": ("snr",),
    "giants": ("logg",),
    "sagittarius_chemistry": ("feh", "afe"),
    "aleph": ("feh", "afe"),
    "unbound": (),
}


@dataclass(frozen=True)
class Source:
    """Where a canonical column comes from: a column times scale plus offset, or a constant."""

    column: str | None = None
    value: float | None = None
    unit: str | None = None
    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class SurveyMap:
    """A survey's name, its columns under canonical names, and the cuts it cannot have."""

    name: str
    columns: dict[str, Source]
    cuts_off: dict[str, str]
    synthetic: bool = False


def read_survey_map(path: str | os.PathLike) -> SurveyMap:
    """Read and check a column map.

    Raises UserError naming the file and the key when a key is unknown, missing or of a wrong type,
    and when a cut is neither possible nor declared off.
    """
    raw = read_yaml(path, kind=dict)
    _only(raw, {"name", "description", "columns", "cuts_off", "synthetic"}, path, "")
    for key, kind in (("name", str), ("columns", dict)):
        if not isinstance(raw.get(key), kind):
            raise UserError(f"{path}: {key} is missing or not a {kind.__name__}")
    cuts_off = raw.get("cuts_off") or {}
    if not isinstance(cuts_off, dict) or not all(isinstance(r, str) for r in cuts_off.values()):
        raise UserError(f"{path}: cuts_off must give the reason, a text, for each cut")
    _only(cuts_off, set(CUTS), path, "cuts_off.")
    if not isinstance(raw.get("synthetic", False), bool):
        raise UserError(f"{path}: synthetic must be true or false")
    _only(raw["columns"], set(CANONICAL), path, "columns.")
    columns = {name: _source(path, name, entry) for name, entry in raw["columns"].items()}
    for name in _REQUIRED:
        if name not in columns:
            raise UserError(f"{path}: columns.{name} is missing; the workflow cannot do without it")
    for cut, needs in CUTS.items():
        missing = [name for name in needs if name not in columns]
        if missing and cut not in cuts_off:
            raise UserError(
                f"{path}: the map has no {' and no '.join(missing)}, which the cut {cut!r} needs;"
                f" map the column or declare it off with a reason under cuts_off.{cut}"
            )
    return SurveyMap(raw["name"], columns, cuts_off, raw.get("synthetic", False))


def _only(mapping: dict, allowed: set[str], path, prefix: str) -> None:
    for key in mapping:
        if key not in allowed:
            raise UserError(
                f"{path}: unknown key {prefix}{key}; known are {', '.join(sorted(allowed))}"
            )


def _source(path, name: str, entry) -> Source:
    where = f"columns.{name}"
    if not isinstance(entry, dict):
        raise UserError(f"{path}: {where} must be a mapping such as {{source: COLUMN, unit: deg}}")
    _only(entry, {"source", "value", "unit", "scale", "offset"}, path, f"{where}.")
    if ("source" in entry) == ("value" in entry):
        raise UserError(f"{path}: {where} needs either a source column or a constant value")
    for key in ("source", "unit"):
        if key in entry and not isinstance(entry[key], str):
            raise UserError(f"{path}: {where}.{key} must be a text")
    for key in ("value", "scale", "offset"):
        number = entry.get(key, 0)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise UserError(f"{path}: {where}.{key} must be a number")
        # Neither NaN nor a whole number beyond every float
        if not abs(number) < 1e300:
            raise UserError(f"{path}: {where}.{key} must be finite")
    if name in _TEXT and "value" in entry:
        raise UserError(f"{path}: {where} needs a source column: stars cannot share one value")
    try:
        factor = _factor(entry["unit"], name) if "unit" in entry else 1.0
    except ValueError as error:
        raise UserError(f"{path}: {where}.unit {error}") from error
    return Source(
        column=entry.get("source"),
        value=entry["value"] * factor if "value" in entry else None,
        unit=entry.get("unit"),
        scale=float(entry.get("scale", 1.0)),
        offset=float(entry.get("offset", 0.0)),
    )


def _unit(name: str) -> str | None:
    if name in LOGARITHMS:
        return "dex"
    return CLEAN_COLUMNS[name].unit if name in CLEAN_COLUMNS else None


def _factor(unit: str, name: str) -> float:
    """Give what a canonical column's values in `unit` are multiplied by to be in our unit.

    Raises ValueError saying what is wrong with the unit.
    """
    canonical = _unit(name)
    try:
        given = u.Unit(unit)
    except (ValueError, TypeError) as error:
        raise ValueError(f"is {unit[:40]!r}, which is no known unit") from error
    factor = 0.0
    if canonical == "dex":
        factor = float(given in _LOGARITHMIC_UNITS)
    elif not isinstance(given, u.function.FunctionUnitBase):
        # Magnitudes and logarithms of kpc are no multiples of it, though astropy converts them.
        ours = u.Unit(canonical) if canonical else u.one
        factor = float(given.to(ours)) if given.is_equivalent(ours) else 0.0
    if not 0 < factor < np.inf:
        raise ValueError(f"is {unit!r}, which does not convert to {canonical or 'a number'!r}")
    return factor


class Catalogue:
    """A survey table read through its map, block by block, under canonical names and units.

    Raises UserError naming file and column for a missing, doubled, text-valued or unit-less column.
    """

    def __init__(self, path: str | os.PathLike, survey: SurveyMap):
        self.path = Path(path)
        self.survey = survey
        self._table = open_table(self.path)
        self.n_rows = self._table.n_rows
        self.meta = _provenance(self._table.meta, self.path)
        self._factors: dict[str, float] = {}
        for name, source in survey.columns.items():
            if source.column is None:
                continue
            if source.column not in self._table.names:
                near = [n for n in self._table.names if n.lower() == source.column.lower()]
                hint = f" (the file has {near[0]})" if near else ""
                raise UserError(
                    f"{self.path}: column {source.column}, mapped to {name}, is missing{hint};"
                    " correct the survey's column map"
                )
            if self._table.names.count(source.column) > 1:
                raise UserError(
                    f"{self.path}: two columns are named {source.column}, mapped to {name}; rename"
                    " one of them"
                )
            self._factors[name] = self._factor(name, source)

    def _factor(self, name: str, source: Source) -> float:
        """Give what turns a column's values into our unit; the file's unit wins over the map's."""
        where = f"{self.path}: column {source.column}, mapped to {name},"
        given = self._table.units.get(source.column)
        if name in LOGARITHMS and not (given and _is_unit(given)):
            # Files say [-], [cm/s2], log(cm.s**-2) or nothing.
            return 1.0
        if given:
            try:
                return _factor(given, name)
            except ValueError as error:
                raise UserError(
                    f"{where} is in a unit that {error}; correct the unit in the file"
                ) from error
        if source.unit:
            return _factor(source.unit, name)
        if _unit(name):
            raise UserError(
                f"{where} declares no unit, and neither does the survey's map; add"
                f" columns.{name}.unit to the map"
            )
        return 1.0

    def blocks(self, rows: int = BLOCK_ROWS) -> Iterator[dict[str, np.ndarray]]:
        """Give blocks of rows; columns that the survey lacks are all NaN."""
        wanted = tuple(dict.fromkeys(s.column for s in self.survey.columns.values() if s.column))
        for start in range(0, max(self.n_rows, 1), rows):
            raw = self._table.read(start, start + rows, wanted)
            n_rows = len(next(iter(raw.values())))
            yield {name: self._canonical(name, raw, n_rows) for name in CANONICAL}

    def _canonical(self, name: str, raw: dict, n_rows: int) -> np.ndarray:
        source = self.survey.columns.get(name)
        if source is None:
            return np.full(n_rows, np.nan)
        if source.column is None:
            return np.full(n_rows, float(source.value))
        values = raw[source.column]
        if values.ndim != 1:
            raise self._wrong(source.column, name, "holds several values per star")
        if name in _TEXT:
            return self._identifier(values, source.column, name)
        if values.dtype.kind not in "fiub":
            raise self._wrong(source.column, name, "does not hold numbers")
        values = values.astype(float) * self._factors[name]
        return values * source.scale + source.offset

    def _wrong(self, column: str, name: str, what: str) -> UserError:
        return UserError(
            f"{self.path}: column {column}, mapped to {name}, {what}; correct the file, or map"
            f" {name} to another column"
        )

    def _identifier(self, values: np.ndarray, column: str, name: str) -> np.ndarray:
        kind = values.dtype.kind
        if kind == "u" and values.size and values.max() > np.iinfo(np.int64).max:
            raise self._wrong(column, name, "exceeds 64-bit signed integers")
        if kind in "iu":
            return values.astype(np.int64)
        if kind == "f" and np.isnan(values).any():
            raise self._wrong(column, name, "is empty in some rows")
        if kind not in "SUO":
            raise self._wrong(column, name, "must hold integers or texts, not decimals")
        try:
            # Fixed widths are filled up with blanks, by some writers and not by others.
            texts = [_ascii(value).rstrip(b" \0") for value in values]
        except UnicodeError as error:
            raise self._wrong(column, name, "holds texts that are not plain ASCII") from error
        if any(len(text) > _MAX_CHARACTERS for text in texts):
            raise self._wrong(column, name, f"holds texts of over {_MAX_CHARACTERS} characters")
        return np.array(texts, dtype=bytes)


def _ascii(value) -> bytes:
    return (value.decode("ascii") if isinstance(value, bytes) else str(value)).encode("ascii")


def _is_unit(text: str) -> bool:
    try:
        return bool(u.Unit(text))
    except (ValueError, TypeError):
        return False


def _provenance(meta: dict, path) -> dict:
    """Give a table's metadata if they are such as a synthetic table of ours carries."""
    if not isinstance(meta, dict) or meta.get("synthetic") is not True:
        return {}
    if not isinstance(meta.get("catalogue"), str) or not isinstance(meta.get("parameters"), dict):
        raise UserError(
            f"{path}: its metadata say synthetic, but not (catalogue, parameters) what made it;"
            " remove that word, or make the table with simulate_survey.py"
        )
    return meta
