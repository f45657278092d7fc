"""Foreign tables of any format, opened as something with `n_rows names units meta` and `read`."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from icefire.errors import UserError
from icefire.files.star_tables import StarReader
from icefire.files.text_tables import lines_of
from icefire.files.writing import check_file

_AGAIN = "fetch or make the file again"
_ASTROPY_FORMATS = {
    ".ecsv": "ascii.ecsv",
    ".csv": "ascii.csv",
    ".vot": "votable",
    ".xml": "votable",
    ".votable": "votable",
    ".parquet": "parquet",
}
_REMEDY = "fetch or make the file again, or if the workflow made it delete it and run again"
_FITS = (".fits", ".fit")
_HDF5 = (".h5", ".hdf5", ".hdf")
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")


def open_table(path: Path):
    """Open a table by its ending, as something with `n_rows names units meta` and `read`."""
    check_file(path)
    suffix = path.suffix.lower()
    if suffix in _FITS:
        return StarReader(path, remedy=_REMEDY)
    if suffix in _HDF5:
        return _Hdf5Reader(path)
    if suffix in _ASTROPY_FORMATS:
        return _WholeReader(path, _ASTROPY_FORMATS[suffix])
    if suffix in _COMPRESSED:
        raise UserError(f"{path}: is compressed; decompress it first")
    known = " ".join((*_FITS, *_HDF5, *_ASTROPY_FORMATS))
    raise UserError(f"{path}: unknown kind of table; the ending must be one of {known}")


class _WholeReader:
    """Any other format that astropy reads; such a table has to fit in memory."""

    def __init__(self, path: Path, format: str):
        try:
            # What astropy warns of and we need, such as a unit, is refused further on.
            with warnings.catch_warnings(action="ignore"):
                names, self._table = _READERS[format](path)
        except UserError:
            raise
        except ImportError as error:
            raise UserError(
                f"{path}: reading this format needs a package: {error}; install it, or save the"
                " table as FITS"
            ) from error
        except Exception as error:
            # astropy's readers raise whatever their parsers do for a malformed file.
            raise UserError(f"{path}: not readable as {format} ({error}); {_AGAIN}") from error
        self.n_rows = len(self._table)
        self.names = tuple(names)
        # astropy renames the second of two columns of one name; Catalogue refuses such names.
        self.units = {name: _unit_text(self._table[name].unit) for name in self._table.colnames}
        self.meta = dict(self._table.meta)

    def read(self, start: int, stop: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        return {name: _filled(self._table[name][start:stop]) for name in names}


def _read_text(path: Path, format: str):
    """Read CSV or ECSV, and make sure that no row is lost in it.

    astropy fills up short rows, and a quotation mark that is never closed swallows what follows.
    """
    from astropy.table import Table

    with path.open(encoding="utf-8-sig", newline="") as lines:
        header = []
        line = next(lines, "")
        while format == "ascii.ecsv" and line.startswith("#"):
            header.append(line.strip())
            line = next(lines, "")
        delimiter = " " if header and "# delimiter: ','" not in header else ","
        names = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        n_rows = 0
        rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
        for row in _closed(rows):
            if len(row) != len(names):
                number = len(header) + 1 + rows.line_num
                raise ValueError(f"line {number} has {len(row)} cells, the header {len(names)}")
            n_rows += 1
    table = Table.read(lines_of(path), format=format, guess=False)
    if len(table) != n_rows:
        raise ValueError(
            f"{n_rows} rows are read as {len(table)}: one that begins with # needs quotation marks"
        )
    return names, table


def _closed(rows) -> Iterator[list[str]]:
    try:
        yield from filter(None, rows)
    except csv.Error as error:
        raise ValueError(f"{error}: is a quotation mark never closed?") from error


def _read_votable(path: Path):
    from astropy.io import votable

    tables = list(votable.parse(path).iter_tables())
    if len(tables) != 1:
        raise UserError(
            f"{path}: must hold exactly one table, found {len(tables)}; copy the one to be used"
            " into a file of its own"
        )
    table = tables[0].to_table()
    fields = [field.name for field in tables[0].fields]
    doubled = [name for name in fields if fields.count(name) > 1]
    return [*table.colnames, *doubled], table


def _read_parquet(path: Path):
    from astropy.table import Table

    table = Table.read(path, format="parquet")
    return table.colnames, table


_READERS = {
    "ascii.csv": lambda path: _read_text(path, "ascii.csv"),
    "ascii.ecsv": lambda path: _read_text(path, "ascii.ecsv"),
    "votable": _read_votable,
    "parquet": _read_parquet,
}


class _Hdf5Reader:
    """One table of an HDF5 file: a compound dataset, or a group of equally long columns."""

    def __init__(self, path: Path):
        import h5py

        self.path = path
        try:
            self._file = h5py.File(path, "r")
            found = _hdf5_tables(self._file)
            if len(found) == 1:
                ((self._name, self._columns),) = found.items()
                self.units, self.meta = self._astropy_header()
        except Exception as error:
            # h5py and the reader of astropy's header raise many kinds for a damaged file.
            what = str(error) or type(error).__name__
            raise UserError(f"{path}: not readable as HDF5 ({what}); {_AGAIN}") from error
        if len(found) != 1:
            names = ", ".join(found) or "none"
            raise UserError(
                f"{path}: must hold exactly one table, found {names}; copy the one to be used into"
                " a file of its own"
            )
        first = next(iter(self._columns.values())) if isinstance(self._columns, dict) else None
        self._compound = first is None
        self.names = self._columns.dtype.names if self._compound else tuple(self._columns)
        self.n_rows = len(self._columns if self._compound else first)

    def _astropy_header(self) -> tuple[dict, dict]:
        """Read the units beside the columns, and what astropy leaves beside a table it wrote."""
        from astropy.table.meta import get_header_from_yaml

        if isinstance(self._columns, dict):
            texts = {name: column.attrs.get("unit") for name, column in self._columns.items()}
            return {name: _unit_text(_text(text)) for name, text in texts.items()}, {}
        beside = self._file.get(f"{self._name}.__table_column_meta__")
        if beside is None:
            return {}, {}
        header = get_header_from_yaml(line.decode("utf-8") for line in beside)
        units = {c["name"]: _unit_text(c.get("unit")) for c in header["datatype"]}
        return units, header.get("meta", {})

    def read(self, start: int, stop: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        try:
            if self._compound:
                rows = self._columns[start:stop]
                return {name: self._unmasked(rows, name) for name in names}
            return {name: self._columns[name][start:stop] for name in names}
        except OSError as error:
            raise UserError(f"{self.path}: not readable as HDF5 ({error}); {_AGAIN}") from error

    def _unmasked(self, rows: np.ndarray, name: str) -> np.ndarray:
        # astropy writes the mask of a column as a column beside it.
        if f"{name}.mask" not in self.names:
            return rows[name]
        return _filled(np.ma.array(rows[name], mask=rows[f"{name}.mask"]))


def _hdf5_tables(file) -> dict:
    """Find the tables of an HDF5 file: name to a compound dataset, or else to columns by name."""
    import h5py

    compound, groups = {}, {}

    def visit(_, item):
        if isinstance(item, h5py.Dataset) and item.dtype.names and item.ndim == 1:
            compound[item.name] = item
        elif isinstance(item, h5py.Group):
            columns = {
                name: column
                for name, column in item.items()
                if isinstance(column, h5py.Dataset) and column.ndim >= 1
            }
            lengths = {len(column) for column in columns.values()}
            if len(columns) > 1 and len(lengths) == 1:
                groups[item.name] = columns

    visit("", file)
    file.visititems(visit)
    return compound or groups


def _text(value) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


def _unit_text(unit) -> str | None:
    return str(unit) if unit is not None and str(unit) else None


def _filled(column) -> np.ndarray:
    """Turn a column into an array: NaN where numbers are masked, nothing where texts are."""
    values = np.asarray(column)
    mask = getattr(column, "mask", None)
    if mask is not None and np.any(mask):
        if values.dtype.kind in "fiub":
            values = np.where(mask, np.nan, values.astype(float))
        else:
            nothing = "" if values.dtype.kind == "O" else np.zeros((), values.dtype)
            values = np.where(mask, nothing, values)
    return values
