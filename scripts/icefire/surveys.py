"""Foreign survey tables: opening any format, and the column maps that give them our names.

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
from icefire.tables import BLOCK_ROWS, CLEAN_COLUMNS, StarReader, read_yaml

# Columns that only cleaning reads, beside those of the clean table: quality flag and field name.
_EXTRA = ("flag", "field")
CANONICAL = tuple(name for name in CLEAN_COLUMNS if name not in ("l", "b")) + _EXTRA
_TEXT = ("star_id", "field")
_LOGARITHMS = ("logg", "feh", "feh_error", "afe", "afe_error")
_REQUIRED = [
    "star_id",
    "ra",
    "dec",
    "distance",
    "distance_error",
    "rv",
    "rv_error",
    "pmra",
    "pmra_error",
    "pmdec",
    "pmdec_error",
    "pm_corr",
]

# Which columns each cut needs; a survey without one of them must declare the cut off.
CUTS = {
    "flag": ("flag",),
    "snr": ("snr",),
    "giants": ("logg",),
    "sagittarius_chemistry": ("feh", "afe"),
    "aleph": ("feh", "afe"),
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
    raw = _read_yaml(path)
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


def _read_yaml(path) -> dict:
    raw = read_yaml(path)
    if not isinstance(raw, dict):
        raise UserError(f"{path}: must be a mapping of keys to values")
    return raw


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
    factor = _factor(entry["unit"], _unit(name), path, where) if "unit" in entry else 1.0
    return Source(
        column=entry.get("source"),
        value=entry["value"] * factor if "value" in entry else None,
        unit=entry.get("unit"),
        scale=float(entry.get("scale", 1.0)),
        offset=float(entry.get("offset", 0.0)),
    )


def _unit(name: str) -> str | None:
    if name in _LOGARITHMS:
        return "dex"
    return CLEAN_COLUMNS[name].unit if name in CLEAN_COLUMNS else None


def _factor(unit: str, canonical: str | None, path, where: str) -> float:
    """Give what a value in `unit` is multiplied by to be in our unit."""
    try:
        given = u.Unit(unit)
    except (ValueError, TypeError) as error:
        raise UserError(f"{path}: {where} has the unknown unit {unit!r}") from error
    if canonical == "dex":
        if given in (u.dex, u.one) or isinstance(given, u.DexUnit):
            return 1.0
    elif canonical is None:
        if given.is_equivalent(u.one):
            return float(given.to(u.one))
    elif given.is_equivalent(u.Unit(canonical)):
        return float(given.to(u.Unit(canonical)))
    raise UserError(
        f"{path}: {where} is in {unit!r}, which does not convert to {canonical or 'a number'!r}"
    )


class Catalogue:
    """A survey table read through its map, block by block, under canonical names and units.

    Raises UserError naming file and column for a missing, text-valued or unit-less column.
    """

    def __init__(self, path: str | os.PathLike, survey: SurveyMap):
        self.path = Path(path)
        self.survey = survey
        self._table = open_table(self.path)
        self.n_rows = self._table.n_rows
        self.meta = self._table.meta
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
            if name in _LOGARITHMS:
                # Files say dex, [-], [cm/s2], log(cm.s**-2) or nothing; the number is the same.
                continue
            canonical = _unit(name)
            unit = self._table.units.get(source.column) or source.unit
            if unit:
                self._factors[name] = _factor(unit, canonical, self.path, source.column)
            elif canonical:
                raise UserError(
                    f"{self.path}: column {source.column} declares no unit, and neither does the"
                    f" survey's map; add columns.{name}.unit to the map"
                )

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
        if name in _TEXT:
            return self._identifier(values, source.column)
        if values.ndim != 1 or values.dtype.kind not in "fiub":
            raise UserError(
                f"{self.path}: column {source.column}, mapped to {name}, does not hold numbers"
            )
        values = values.astype(float) * self._factors.get(name, 1.0)
        return values * source.scale + source.offset

    def _identifier(self, values: np.ndarray, column: str) -> np.ndarray:
        if values.dtype.kind == "u" and values.size and values.max() > np.iinfo(np.int64).max:
            raise UserError(f"{self.path}: column {column} exceeds 64-bit signed integers")
        if values.dtype.kind in "iu":
            return values.astype(np.int64)
        if values.dtype.kind in "SUO":
            try:
                texts = [v.decode() if isinstance(v, bytes) else str(v) for v in values]
                return np.array([t.encode("ascii") for t in texts], dtype=bytes)
            except (UnicodeEncodeError, UnicodeDecodeError) as error:
                raise UserError(
                    f"{self.path}: column {column} holds identifiers that are not plain ASCII"
                ) from error
        raise UserError(f"{self.path}: column {column} must hold integers or texts, not decimals")


# --- opening tables of any format ------------------------------------------------------------

_ASTROPY_FORMATS = {
    ".ecsv": "ascii.ecsv",
    ".csv": "ascii.csv",
    ".vot": "votable",
    ".xml": "votable",
    ".votable": "votable",
    ".parquet": "parquet",
}
_FITS = (".fits", ".fit")
_HDF5 = (".h5", ".hdf5", ".hdf")


def open_table(path: Path):
    """Open a table by its ending, as something with `n_rows names units meta` and `read`."""
    if not path.is_file():
        path.stat()  # says which of missing, forbidden or broken it is
        raise UserError(f"{path}: is not a file")
    suffix = path.suffix.lower()
    if suffix in _FITS:
        return StarReader(path)
    if suffix in _HDF5:
        return _Hdf5Reader(path)
    if suffix in _ASTROPY_FORMATS:
        return _WholeReader(path, _ASTROPY_FORMATS[suffix])
    known = " ".join((*_FITS, *_HDF5, *_ASTROPY_FORMATS))
    raise UserError(f"{path}: unknown kind of table; the ending must be one of {known}")


class _WholeReader:
    """Any other format that astropy reads; such a table has to fit in memory."""

    def __init__(self, path: Path, format: str):
        from astropy.table import Table

        try:
            self._table = Table.read(path, format=format)
        except ImportError as error:
            raise UserError(f"{path}: reading this format needs a package: {error}") from error
        except Exception as error:
            # astropy's readers raise whatever their parsers do for a malformed file.
            raise UserError(f"{path}: not readable as {format} ({error})") from error
        self.n_rows = len(self._table)
        self.names = tuple(self._table.colnames)
        self.units = {name: _unit_text(self._table[name].unit) for name in self.names}
        self.meta = dict(self._table.meta)

    def read(self, start: int, stop: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        return {name: _filled(self._table[name][start:stop]) for name in names}


class _Hdf5Reader:
    """One table of an HDF5 file: a compound dataset, or a group of equally long columns."""

    def __init__(self, path: Path):
        import h5py

        self.path = path
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise UserError(f"{path}: not a readable HDF5 file ({error})") from error
        compound, groups = [], []

        def visit(name, item):
            if isinstance(item, h5py.Dataset) and item.dtype.names:
                compound.append(item)
            elif isinstance(item, h5py.Group):
                columns = [c for c in item.values() if isinstance(c, h5py.Dataset) and c.ndim == 1]
                if len(columns) > 1 and len({len(c) for c in columns}) == 1:
                    groups.append(item)

        visit("", self._file)
        self._file.visititems(visit)
        found = compound or groups
        if len(found) != 1:
            names = ", ".join(item.name for item in found) or "none"
            raise UserError(f"{path}: must hold exactly one table, found {names}")
        self._item, self._compound = found[0], bool(compound)
        if compound:
            self.names = tuple(self._item.dtype.names)
            self.n_rows = len(self._item)
        else:
            self.names = tuple(self._item)
            self.n_rows = len(next(iter(self._item.values())))
        self.units, self.meta = self._astropy_header()

    def _astropy_header(self) -> tuple[dict, dict]:
        """Read the units and metadata that astropy leaves beside a table it wrote."""
        from astropy.table.meta import get_header_from_yaml

        beside = self._file.get(f"{self._item.name}.__table_column_meta__")
        if beside is None:
            return {}, {}
        header = get_header_from_yaml(line.decode("utf-8") for line in beside)
        units = {c["name"]: _unit_text(c.get("unit")) for c in header["datatype"]}
        return units, header.get("meta", {})

    def read(self, start: int, stop: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        if self._compound:
            rows = self._item[start:stop]
            return {name: self._unmasked(rows, name) for name in names}
        return {name: self._item[name][start:stop] for name in names}

    def _unmasked(self, rows: np.ndarray, name: str) -> np.ndarray:
        # astropy writes the mask of a column as a column beside it.
        if f"{name}.mask" not in self.names:
            return rows[name]
        return _filled(np.ma.array(rows[name], mask=rows[f"{name}.mask"]))


def _unit_text(unit) -> str | None:
    return str(unit) if unit is not None and str(unit) else None


def _filled(column) -> np.ndarray:
    """Turn a column into an array, with NaN where numbers are masked."""
    values = np.asarray(column)
    mask = getattr(column, "mask", None)
    if mask is not None and np.any(mask):
        if values.dtype.kind in "fiub":
            values = np.where(mask, np.nan, values.astype(float))
        else:
            values = np.where(mask, np.zeros((), values.dtype), values)
    return values
