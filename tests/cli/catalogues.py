"""Small survey tables and what can be wrong with them, for the tests of bad catalogues."""

import gzip
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import yaml
from astropy.io import fits
from astropy.table import Column, MaskedColumn, Table
from changes import GONE
from changes import changed as changed_keys
from table_formats import FORMATS

from .needed import SURVEY

N_ROWS = 24
UNITS = {
    c["source"]: c["unit"] for c in SURVEY["columns"].values() if c.get("unit", "dex") != "dex"
}

Build = Callable[[Path], Path]


def good() -> Table:
    """Bound halo giants under the names and units of the H3 map; each is a good star."""
    rng = np.random.default_rng(7)

    def between(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, N_ROWS).round(4)

    distance = between(15, 40)
    proper = {name: (between(-40, 40) / (4.74 * distance)).round(4) for name in ("RA", "DEC")}
    columns = {
        "H3_ID": 3_830_749_024_282_130_176 + np.arange(N_ROWS),
        "RA": between(150, 230),
        "DEC": between(5, 60),
        "dist_adpt": distance,
        "dist_adpt_err": (0.1 * distance).round(4),
        "Vrad": between(-90, 90),
        "Vrad_err": between(0.2, 0.5),
        "GAIAEDR3_PMRA": proper["RA"],
        "GAIAEDR3_PMRA_ERROR": between(0.03, 0.1),
        "GAIAEDR3_PMDEC": proper["DEC"],
        "GAIAEDR3_PMDEC_ERROR": between(0.03, 0.1),
        "GAIAEDR3_PMRA_PMDEC_CORR": between(-0.3, 0.3),
        "SNR": between(5, 30),
        "logg": between(0.5, 3),
        "FeH": between(-2, -1.2),
        "FeH_err": between(0.02, 0.06),
        "aFe": between(0.1, 0.2),
        "aFe_err": between(0.02, 0.06),
        "FLAG": np.zeros(N_ROWS, int),
        "tileID": 100 + np.arange(N_ROWS) % 3,
    }
    table = Table(columns)
    for name, unit in UNITS.items():
        table[name].unit = unit
    return table


def some(*values, after: int = 0):
    """Change rows of a column to these values: the first, or those after some."""

    def change(column):
        changed = np.array(
            column, dtype=np.result_type(column.dtype, *map(np.min_scalar_type, values))
        )
        changed[after : after + len(values)] = values
        return changed

    return change


def every(value):
    """Change all rows of a column to one value."""
    return lambda column: np.full(len(column), value)


def masked(rows: int):
    """Mask the first rows of a column."""
    return lambda column: MaskedColumn(column, mask=np.arange(len(column)) < rows)


def times(factor: float, unit: str | None):
    """Multiply a column, and say that it is in a unit."""

    def change(column):
        changed = column * factor
        changed.unit = unit
        return changed

    return change


def made(changes: dict | None = None, rows: slice | np.ndarray = slice(None)) -> Table:
    """Give the good table with some columns changed (None: removed), and only some rows of it."""
    table = good()
    for name, change in (changes or {}).items():
        if change is None:
            del table[name]
            continue
        changed = change(table[name]) if callable(change) else change
        before = table[name].unit if name in table.colnames else None
        table[name] = changed
        if not isinstance(changed, Column):
            table[name].unit = before
    return table[rows]


# --- files -----------------------------------------------------------------------------------


WRITERS = {f".{name}": FORMATS[name] for name in ("fits", "h5", "hdf5", "csv", "ecsv", "vot")}


def write(table: Table, path: Path) -> Path:
    """Write a table in the format of the path's ending."""
    WRITERS[path.suffix](table, path)
    return path


def table(ending: str = ".fits", name: str = "stars", rows=slice(None), **changes) -> Build:
    """A table of a format, with changed columns."""
    return lambda folder: write(made(changes, rows), folder / f"{name}{ending}")


def changed(ending: str, change: Callable[[bytes], bytes], name: str = "") -> Build:
    """A good file with other bytes, under its own name or another."""

    def build(folder: Path) -> Path:
        path = write(good(), folder / f"stars{ending}")
        data = change(path.read_bytes())
        path = path.rename(folder / (name or path.name))
        path.write_bytes(data)
        return path

    return build


def cut(ending: str, keep: float | int) -> Build:
    """A file that ends too early: after a fraction of its bytes, or so many before its end."""

    def ended(data: bytes) -> bytes:
        data = data.rstrip(b"\0")
        return data[: int(keep * len(data)) if isinstance(keep, float) else keep]

    return changed(ending, ended)


def content(name: str, data: bytes) -> Build:
    """A file of these bytes."""
    return changed(".fits", lambda _: data, name)


def edited(ending: str, old: bytes, new: bytes, times: int = 1) -> Build:
    """A good file in which some bytes are replaced, once or (-1) wherever they are."""

    def replaced(data: bytes) -> bytes:
        assert old in data, old
        return data.replace(old, new, times)

    return changed(ending, replaced)


def renamed(ending: str, name: str) -> Build:
    """A good table of one format under the name of another."""
    return changed(ending, bytes, name)


def zipped(name: str, keep: float) -> Build:
    """A part of a good FITS file, compressed."""

    def part(data: bytes) -> bytes:
        data = gzip.compress(data)
        return data[: int(keep * len(data))]

    return changed(".fits", part, name)


def hdus(*extensions: Callable[[], fits.hdu.base.ExtensionHDU]) -> Build:
    """A FITS file of several extensions."""

    def build(folder: Path) -> Path:
        path = folder / "stars.fits"
        fits.HDUList([fits.PrimaryHDU(), *(make() for make in extensions)]).writeto(path)
        return path

    return build


def hdf5(ending: str, change: Callable[[h5py.File], None]) -> Build:
    """A good HDF5 file in which something is changed."""

    def build(folder: Path) -> Path:
        path = write(good(), folder / f"stars{ending}")
        with h5py.File(path, "a") as file:
            change(file)
        return path

    return build


def replace_dataset(file: h5py.File, name: str, value) -> None:
    """Put another dataset in the place of one."""
    del file[name]
    file[name] = value


def hdu() -> fits.BinTableHDU:
    return fits.table_to_hdu(good())


def null_flags(n_rows: int) -> Build:
    """A FITS file whose FLAG is a truth value, which the first rows do not have."""

    def build(folder: Path) -> Path:
        path = write(made({"FLAG": np.zeros(N_ROWS, bool)}), folder / "stars.fits")
        with fits.open(path) as opened:
            rows, place = opened[1].columns.dtype, opened[1].fileinfo()["datLoc"]
        data = bytearray(path.read_bytes())
        for row in range(n_rows):
            data[place + row * rows.itemsize + rows.fields["FLAG"][1]] = 0
        path.write_bytes(data)
        return path

    return build


def entities() -> bytes:
    """XML of a few lines that stands for gigabytes."""
    nested = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    doctype = f'<!DOCTYPE x [<!ENTITY e0 "eeeeeeeeee">{nested}]>'
    return f'<?xml version="1.0"?>{doctype}<VOTABLE>&e11;</VOTABLE>'.encode()


def directory(folder: Path) -> Path:
    (folder / "stars.fits").mkdir()
    return folder / "stars.fits"


def device(folder: Path) -> Path:
    (folder / "stars.fits").symlink_to("/dev/zero")
    return folder / "stars.fits"


def survey(folder: Path, changes: dict) -> Path:
    """The H3 column map with some of its keys changed: `columns.rv.unit` is one; None removes."""
    keys = [(key, GONE if value is None else value) for key, value in changes.items()]
    text = yaml.safe_dump(changed_keys(SURVEY, *keys), allow_unicode=True)
    path = folder / "map.yaml"
    path.write_text(text, encoding="utf-8")
    return path
