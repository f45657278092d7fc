"""FITS, HDF5 and Parquet tables, read in blocks of rows, and of the wanted columns only."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from icefire.errors import UserError
from icefire.files.star_tables import Rows, check_sum, meta_of, opened
from icefire.surveys.values import filled

_AGAIN = "fetch or make the file again"
REMEDY = f"{_AGAIN}, or if the workflow made it delete it and run again"
_ONE = "name the one to be used under `table` in the survey's map"


class FitsTable:
    """A FITS binary table, or several whose rows belong together, as one.

    `chosen` names the extension where there are several: by EXTNAME or number, or a list of them
    that is joined row by row; then EXTNAME.COLUMN names a column, too.
    """

    def __init__(self, path: Path, chosen=None):
        self.path = path
        with opened(path, REMEDY) as hdus:
            from astropy.io.fits import BinTableHDU

            tables = {n: hdu for n, hdu in enumerate(hdus) if isinstance(hdu, BinTableHDU)}
            used = [tables[number] for number in self._numbers(tables, chosen)]
            for hdu in used:
                check_sum(path, hdu, REMEDY)
            self._parts = [Rows(path, hdu) for hdu in used]
        first = self._parts[0]
        self.n_rows, self.meta = first.n_rows, meta_of(path, first.header, REMEDY)
        self._places: dict[str, tuple[Rows, str]] = {}
        self.names: tuple[str, ...] = first.names
        for part in self._parts:
            if part.n_rows != self.n_rows:
                raise UserError(
                    f"{self.path}: extension {part.name} has {part.n_rows:,} rows and {first.name}"
                    f" {self.n_rows:,}; only extensions of the same rows can be joined"
                )
            for name in part.names:
                self._places.setdefault(name, (part, name))
                if len(self._parts) > 1:
                    self._places[f"{part.name}.{name}"] = (part, name)
        if len(self._parts) > 1:
            self.names = tuple(self._places)
        self.units = {name: part.units[own] for name, (part, own) in self._places.items()}

    def _numbers(self, tables: dict, chosen) -> list[int]:
        names = {number: hdu.header.get("EXTNAME", "").strip() for number, hdu in tables.items()}
        listed = ", ".join(f"{n} {name}".strip() for n, name in names.items())
        if not tables:
            raise UserError(f"{self.path}: holds no FITS binary table; {REMEDY}")
        if chosen is None:
            if len(tables) > 1:
                raise UserError(
                    f"{self.path}: must hold one FITS binary table, but extensions {listed} are"
                    f" some; {_ONE}"
                )
            return list(tables)
        found = []
        for one in chosen if isinstance(chosen, list) else [chosen]:
            numbers = [n for n, name in names.items() if one in (n, name)]
            if not numbers:
                raise UserError(
                    f"{self.path}: has no table {one}, which the survey's map chooses; it has"
                    f" {listed}"
                )
            found.append(numbers[0])
        return found

    def read(self, start: int, stop: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        columns = {}
        for part in self._parts:
            own = {n: self._places[n][1] for n in names if self._places[n][0] is part}
            read = part.read(start, stop, tuple(own.values())) if own else {}
            columns |= {name: read[column] for name, column in own.items()}
        self._check_joined(start, stop, names)
        return columns

    def _check_joined(self, start: int, stop: int, names: tuple[str, ...]) -> None:
        """Make sure that joined extensions list the same stars: shared identifiers are equal."""
        first = self._parts[0]
        for part in self._parts[1:]:
            for name in {"TARGETID", "SOURCE_ID", *names} & set(part.names) & set(first.names):
                left, right = (p.read(start, stop, (name,))[name] for p in (first, part))
                if left.dtype.kind in "iu" and not np.array_equal(left, right):
                    raise UserError(
                        f"{self.path}: extensions {first.name} and {part.name} differ in {name}:"
                        " their rows are not of the same stars, and cannot be joined"
                    )


class Hdf5Table:
    """One table of an HDF5 file: a compound dataset, or a group of equally long columns."""

    def __init__(self, path: Path, chosen=None):
        import h5py

        self.path = path
        try:
            self._file = h5py.File(path, "r")
            found = _hdf5_tables(self._file)
            _refuse_layouts_of_others(self._file, self.path)
            if chosen is not None:
                found = {n: t for n, t in found.items() if n.strip("/") == str(chosen).strip("/")}
            if len(found) == 1:
                ((self._name, self._columns),) = found.items()
                self.units, self.meta = self._header()
        except UserError:
            raise
        except Exception as error:
            # h5py and the reader of astropy's header raise many kinds for a damaged file.
            what = str(error) or type(error).__name__
            raise UserError(f"{self.path}: not readable as HDF5 ({what}); {_AGAIN}") from error
        if len(found) != 1:
            names = ", ".join(found) or (f"none named {chosen}" if chosen else "none")
            raise UserError(f"{self.path}: must hold exactly one table, found {names}; {_ONE}")
        self._compound = not isinstance(self._columns, dict)
        self.names = self._columns.dtype.names if self._compound else tuple(self._columns)
        first = self._columns if self._compound else next(iter(self._columns.values()))
        self.n_rows = len(first)

    def _header(self) -> tuple[dict, dict]:
        """Read the units in attributes, and what astropy leaves beside a table it wrote."""
        from astropy.table.meta import get_header_from_yaml

        if isinstance(self._columns, dict):
            return {name: _unit_of(column.attrs) for name, column in self._columns.items()}, {}
        names = self._columns.dtype.names
        units = dict(zip(names, _texts(_attribute(self._columns.attrs), len(names)), strict=True))
        for number, name in enumerate(names):
            # As PyTables writes them, one attribute for each field
            units[name] = _unit_of(self._columns.attrs, f"FIELD_{number}_") or units[name]
        beside = self._file.get(f"{self._name}.__table_column_meta__")
        if beside is None:
            return units, {}
        header = get_header_from_yaml(line.decode("utf-8") for line in beside)
        units |= {c["name"]: str(c["unit"]) for c in header["datatype"] if c.get("unit")}
        return units, header.get("meta", {})

    def read(self, start: int, stop: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        try:
            if not self._compound:
                return {name: self._columns[name][start:stop] for name in names}
            masks = [f"{name}.mask" for name in names if f"{name}.mask" in self.names]
            rows = self._columns.fields([*names, *masks])[start:stop]
        except OSError as error:
            raise UserError(f"{self.path}: not readable as HDF5 ({error}); {_AGAIN}") from error
        # astropy writes the mask of a column as a column beside it.
        return {
            name: filled(np.ma.array(rows[name], mask=rows[f"{name}.mask"]))
            if f"{name}.mask" in masks
            else rows[name]
            for name in names
        }


def _attribute(attributes, prefix: str = ""):
    """Give the attribute that says a unit, however it is spelt; None where there is none."""
    written = {name.lower(): name for name in attributes}
    for name in (f"{prefix}unit", f"{prefix}units"):
        if name.lower() in written:
            return attributes[written[name.lower()]]
    return None


def _unit_of(attributes, prefix: str = "") -> str | None:
    return _texts(_attribute(attributes, prefix), 1)[0]


def _texts(value, count: int) -> list[str | None]:
    """Give so many texts of an attribute: one text, bytes, or an array of either."""
    values = np.atleast_1d(value if value is not None else "").tolist()
    texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]
    return [text.strip() or None for text in texts] if len(texts) == count else [None] * count


def _refuse_layouts_of_others(file, path: Path) -> None:
    """Refuse tables laid out in the way of pandas or vaex, and say how to turn them."""
    import h5py

    def visit(name: str, item):
        if isinstance(item, h5py.Group) and "pandas_type" in item.attrs:
            raise UserError(
                f"{path}: is laid out as pandas does; write it with"
                f" Table.from_pandas(pandas.read_hdf(FILE, {name!r})).write('stars.fits')"
            )
        if isinstance(item, h5py.Group) and item.attrs.get("type") in ("table", b"table"):
            raise UserError(
                f"{path}: is laid out as vaex does; write it with"
                " vaex.open(FILE).export_fits('stars.fits')"
            )

    file.visititems(visit)


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


class ParquetTable:
    """A Parquet table, of which the wanted columns of some rows are held at once."""

    def __init__(self, path: Path):
        self.path = path
        try:
            import pyarrow.parquet
        except ImportError as error:
            raise UserError(
                f"{self.path}: reading Parquet needs the package pyarrow; install it"
                " (python -m pip install pyarrow), or save the table as FITS"
            ) from error
        try:
            self._file = pyarrow.parquet.ParquetFile(path)
            schema = self._file.schema_arrow
            self.names = tuple(schema.names)
            self.units = {
                field.name: _unit_of({k.decode(): v for k, v in (field.metadata or {}).items()})
                for field in schema
            }
            self.meta = self._understand(schema.metadata or {})
        except Exception as error:
            # Arrow raises many kinds for a damaged file.
            raise UserError(f"{self.path}: not readable as Parquet ({error}); {_AGAIN}") from error
        self.n_rows = self._file.metadata.num_rows
        self._batches, self._next = iter(()), -1

    def _understand(self, metadata: dict[bytes, bytes]) -> dict:
        """Take units and metadata from the headers that astropy and VOParquet leave in a file."""
        import io

        from astropy.io import votable
        from astropy.table.meta import get_header_from_yaml

        if header := metadata.get(b"IVOA.VOTable-Parquet.content"):
            table = votable.parse(io.BytesIO(header)).get_first_table()
            self.units |= {f.name: str(f.unit) for f in table.fields if f.unit is not None}
        if header := metadata.get(b"table_meta_yaml"):
            header = get_header_from_yaml(header.decode("utf-8").split("\n"))
            self.units |= {c["name"]: str(c["unit"]) for c in header["datatype"] if c.get("unit")}
            return header.get("meta", {})
        return {}

    def read(self, start: int, stop: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        """Read rows `start` to `stop`; blocks are read one after the other, from the first."""
        stop = min(stop, self.n_rows)
        if start != self._next:
            self._batches = self._blocks(start, stop - start, names)
        self._next = stop
        return next(self._batches, {name: np.empty(0) for name in names})

    def _blocks(self, start: int, rows: int, names: tuple[str, ...]) -> Iterator[dict]:
        """Give blocks of so many rows, however many a batch of the file has; the last has fewer."""
        held, skip = {name: [] for name in names}, start
        try:
            for batch in self._file.iter_batches(max(rows, 1), columns=list(names)):
                skipped = min(skip, batch.num_rows)
                skip -= skipped
                for name in names:
                    held[name].append(_of_arrow(batch.column(name))[skipped:])
                whole = {name: np.concatenate(parts) for name, parts in held.items()}
                while len(whole[names[0]]) >= rows:
                    yield {name: values[:rows] for name, values in whole.items()}
                    whole = {name: values[rows:] for name, values in whole.items()}
                held = {name: [values] for name, values in whole.items()}
        except Exception as error:
            raise UserError(f"{self.path}: not readable as Parquet ({error}); {_AGAIN}") from error
        yield {name: np.concatenate(parts) for name, parts in held.items()}


def _of_arrow(column) -> np.ndarray:
    """Turn an Arrow column into an array: NaN where numbers miss, nothing where texts do."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    if pa.types.is_boolean(column.type) and column.null_count:
        column = column.cast(pa.float64())
    values = column.to_numpy(zero_copy_only=False)
    return (
        np.array(["" if v is None else v for v in values], object)
        if values.dtype == object
        else values
    )
