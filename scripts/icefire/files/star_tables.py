"""Star tables: FITS binary tables read and written in blocks of rows.

None has to fit in memory. Each carries the FITS standard's CHECKSUM and DATASUM, which are checked
when it is read: a file that was damaged later is refused.
"""

import contextlib
import io
import json
import os
import tempfile
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from astropy.io import fits

from icefire.errors import UserError
from icefire.files.columns import Column
from icefire.files.writing import REMEDY, check_file, naming, replacing

# Rows held in memory at once. A constant and not a choice: no result may depend on it.
BLOCK_ROWS = 100_000

# A whole header of ours is one JSON text under this keyword (FITS continues it over many cards).
_META_KEY = "ICEFIRE"
_FITS_BLOCK = 2880
# Bytes summed at once, whole FITS blocks
_CHUNK = 100 * _FITS_BLOCK
# Rows turned into bytes at once: they stay in the processor's cache.
_WRITTEN_AT_ONCE = 4096


class StarWriter:
    """Write a FITS star table block by block; use as a context manager.

    Where `meta` is set before the first block, the rows go straight to their place. Else they go to
    a side file first and are copied behind the header at the end, because only then are the
    metadata, the width of texts and (by `keep`) the surviving rows known.
    """

    def __init__(self, path: str | os.PathLike, columns: dict[str, Column]):
        self.path = Path(path)
        self.columns = columns
        self.n_rows = 0
        self.meta: dict = {}
        self.keep: np.ndarray | None = None
        self._formats: dict[str, str] = {}
        self._parts: list[tuple[int, np.dtype]] = []
        self._header: fits.Header | None = None

    def __enter__(self) -> "StarWriter":
        self._stack = contextlib.ExitStack()
        self._target = self._stack.enter_context(replacing(self.path))
        self._out = self._stack.enter_context(self._target.open("w+b"))
        self._rows = self._stack.enter_context(tempfile.TemporaryFile(dir=self.path.parent))
        # Left first: if finishing fails, the temporary file sees it and goes.
        self._stack.push(lambda kind, *_: self._finish() if kind is None else None)
        return self

    def __exit__(self, *exception) -> None:
        self._stack.__exit__(*exception)

    def write(self, block: dict[str, np.ndarray]) -> None:
        """Append one block: a mapping from each column's name to an array of equal length."""
        n_rows = len(next(iter(block.values())))
        formats = {
            name: _format(column, block[name], self._formats.get(name))
            for name, column in self.columns.items()
        }
        if formats != self._formats:
            self._formats = formats
            self._definitions = fits.ColDefs(
                [
                    fits.Column(name=name, format=formats[name], unit=column.unit)
                    for name, column in self.columns.items()
                ]
            )
            self._dtype = self._definitions.dtype.newbyteorder(">")
            self._records = np.empty(_WRITTEN_AT_ONCE, self._dtype)
        if not self._parts and self.meta:
            self._rows, self._header = self._out, self._table_header()
            self._rows.seek(len(_FIRST) + len(_summed(self._header, 0)))
        for start in range(0, n_rows, _WRITTEN_AT_ONCE):
            part = slice(start, start + _WRITTEN_AT_ONCE)
            records = self._records[: n_rows - start]
            for name, column in self.columns.items():
                values = block[name][part]
                # FITS writes truth as the letters T and F.
                truth = column.format == "L"
                records[name] = np.where(values, ord("T"), ord("F")) if truth else values
            with naming(self.path, self._target):
                self._rows.write(records.view(np.uint8))
        self._parts.append((n_rows, self._dtype))
        self.n_rows += n_rows

    def _table_header(self) -> fits.Header:
        header = fits.BinTableHDU.from_columns(self._definitions, nrows=0).header
        for number, column in enumerate(self.columns.values(), 1):
            # What fits on the card behind the name, which takes 18 letters or its length
            room = 47 - max(len(header[f"TTYPE{number}"]) - 18, 0)
            header.comments[f"TTYPE{number}"] = column.description[:room]
        header["EXTNAME"] = "STARS"
        header[_META_KEY] = json.dumps(self.meta, ensure_ascii=True)
        return header

    def _finish(self) -> None:
        if not self._parts:
            self.write({name: np.empty(0, _empty_type(c)) for name, c in self.columns.items()})
        out, header = self._out, self._header or self._table_header()
        n_rows = self.n_rows if self.keep is None else int(np.count_nonzero(self.keep))
        header["NAXIS2"] = n_rows
        header[_META_KEY] = json.dumps(self.meta, ensure_ascii=True)
        data_at = len(_FIRST) + len(_summed(header, 0))
        if self._rows is not out:
            self._rows.seek(0)
            out.seek(data_at)
            start = 0
            for count, dtype in self._parts:
                records = np.frombuffer(self._rows.read(count * dtype.itemsize), dtype)
                if self.keep is not None:
                    records = records[self.keep[start : start + count]]
                # Texts of a later block may have been wider.
                out.write(records.astype(self._dtype, copy=False).tobytes())
                start += count
        if data_at + n_rows * self._dtype.itemsize != out.tell():
            raise ValueError("metadata or the width of a text changed after the first block")
        out.write(b"\0" * (-(out.tell() - data_at) % _FITS_BLOCK))
        data_sum = _word_sum(out, data_at, out.tell())
        out.seek(0)
        out.write(_FIRST + _summed(header, data_sum))


def _word_sum(stream: BinaryIO, start: int, stop: int) -> int:
    """Add up the 32-bit words of a file as the FITS standard does, modulo 2^32 - 1."""
    total = 0
    stream.seek(start)
    for at in range(start, stop, _CHUNK):
        chunk = stream.read(min(_CHUNK, stop - at))
        chunk += bytes(-len(chunk) % 4)
        total += int(np.frombuffer(chunk, ">u4").sum(dtype=np.uint64))
    return total % _ALL_ONES


_ALL_ONES = 2**32 - 1


def _summed(header: fits.Header, data_sum: int) -> bytes:
    """Give a header's bytes with its data's DATASUM, and CHECKSUM by which all words add up to 0.

    The CHECKSUM is written in letters and digits (FITS standard 4.0, appendix J).
    """
    header["DATASUM"] = (str(data_sum), "sum of the data's words")
    header["CHECKSUM"] = ("0" * 16, "so that all words add up to 0")
    words = header.tostring().encode("ascii")
    rest = _ALL_ONES - (_word_sum(io.BytesIO(words), 0, len(words)) + data_sum) % _ALL_ONES
    letters = np.empty((4, 4), dtype=np.uint8)
    for column, byte in enumerate(rest.to_bytes(4, "big")):
        four = [byte // 4 + ord("0")] * 4
        four[0] += byte % 4
        for low, high in ((0, 1), (2, 3)):
            # Apart, their sum kept, until neither is a punctuation mark
            while not (chr(four[low]).isalnum() and chr(four[high]).isalnum()):
                four[low] += 1
                four[high] -= 1
        letters[:, column] = four
    # The value begins one byte before a word.
    header["CHECKSUM"] = np.roll(letters.ravel(), 1).tobytes().decode("ascii")
    return header.tostring().encode("ascii")


# The header of the file, which says that a table follows
_FIRST = _summed(fits.PrimaryHDU().header, 0)


def _format(column: Column, values: np.ndarray, before: str | None) -> str:
    """Give the FITS format of a column; identifiers may be texts, as wide as the widest so far."""
    if values.dtype.kind == "S":
        width = int(before[:-1]) if before else 1
        return f"{max(values.dtype.itemsize, width)}A"
    return column.format


def _empty_type(column: Column) -> str:
    return {"K": "i8", "D": "f8", "L": "?"}[column.format]


class Rows:
    """The rows of one FITS binary table, read in blocks without mapping or holding the whole."""

    def __init__(self, path: Path, hdu: fits.BinTableHDU):
        header = hdu.header
        self.path, self.header, self.name = path, header, header.get("EXTNAME", "").strip()
        self.n_rows = int(header["NAXIS2"])
        self.names = tuple(hdu.columns.names)
        for number, column in enumerate(hdu.columns):
            if column.name in self.names[:number]:
                # A record cannot have two fields of one name; `names` tells that there are two.
                column.name = f"{column.name} of column {number + 1}"
        self._offset = hdu.fileinfo()["datLoc"]
        self._dtype = hdu.columns.dtype.newbyteorder(">")
        if header["NAXIS1"] != self._dtype.itemsize or self.n_rows < 0:
            raise ValueError(
                f"rows of {header['NAXIS1']} bytes with columns of {self._dtype.itemsize},"
                f" {self.n_rows} rows"
            )
        self.units: dict[str, str | None] = {}
        self._scale: dict[str, tuple[float, float]] = {}
        self._null: dict[str, int] = {}
        for column in hdu.columns:
            self.units[column.name] = column.unit or None
            if column.bscale not in (None, "", 1) or column.bzero not in (None, "", 0):
                self._scale[column.name] = (0 + (column.bscale or 1), 0 + (column.bzero or 0))
            if column.null not in (None, ""):
                self._null[column.name] = int(column.null)
        self.logical = {c.name for c in hdu.columns if c.format.format == "L"}

    def read(self, start: int, stop: int, names: tuple[str, ...] | None = None) -> dict:
        """Read rows `start` to `stop` of the named columns (all by default) as native arrays."""
        count = max(min(stop, self.n_rows) - start, 0)
        records = np.fromfile(
            self.path,
            self._dtype,
            count=count,
            offset=self._offset + start * self._dtype.itemsize,
        )
        return {name: self._column(records, name) for name in names or self.names}

    def _column(self, records: np.ndarray, name: str) -> np.ndarray:
        raw = records[name]
        if name in self.logical:
            truth, neither = raw == ord("T"), raw == 0
            return np.where(neither, np.nan, truth) if neither.any() else truth
        values = raw.astype(raw.dtype.newbyteorder("="))
        if name in self._scale:
            scale, zero = self._scale[name]
            exact = scale == 1 and float(zero).is_integer() and values.dtype.kind in "iu"
            if not exact:
                values = values * scale + zero
            elif zero == 2**63:
                # FITS stores unsigned 64-bit integers shifted; the sum wraps to the right digits.
                values = values.view(np.uint64) + np.uint64(zero)
            else:
                values = values.astype(np.int64) + int(zero)
        if name in self._null and np.any(missing := raw == self._null[name]):
            values = np.where(missing, np.nan, values)
        return values


@contextlib.contextmanager
def opened(path: Path, remedy: str):
    """Open a FITS file as (number, HDU) pairs, each whole; as context manager.

    Raises UserError naming the file where it is no FITS, cut short or damaged.
    """
    check_file(path)
    with path.open("rb") as file:
        if file.read(6) != b"SIMPLE":
            raise UserError(
                f"{path}: not a readable FITS table (it does not begin with SIMPLE, as FITS does);"
                f" give it the ending of what it is, or {remedy}"
            )
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            fits.open(path, memmap=False, lazy_load_hdus=True) as hdus,
        ):
            for hdu in hdus:
                size, where = path.stat().st_size, hdu.fileinfo()
                if size < (expected := where["datLoc"] + hdu.size):
                    raise UserError(
                        f"{path}: cut short ({size} bytes where its header promises {expected});"
                        f" {remedy}"
                    )
            yield hdus
    except UserError:
        raise
    except Exception as error:
        # astropy raises whatever its parts do for a damaged header.
        if isinstance(error, OSError) and error.filename is not None:
            raise
        raise UserError(f"{path}: not a readable FITS table ({error}); {remedy}") from error


def check_sum(path: Path, hdu, remedy: str) -> None:
    """Compare a unit of a file, header and data, with the CHECKSUM in it, if it has one."""
    header, where = hdu.header, hdu.fileinfo()
    # Some writers leave the card and no sum in it.
    if header.get("CHECKSUM", "").strip():
        with path.open("rb") as stream:
            total = _word_sum(stream, where["hdrLoc"], where["datLoc"] + where["datSpan"])
        if total:
            raise UserError(
                f"{path}: damaged or edited, its CHECKSUM does not fit its content; {remedy}"
            )
    elif _META_KEY in header:
        raise UserError(f"{path}: damaged, its CHECKSUM is gone; {remedy}")


def meta_of(path: Path, header: fits.Header, remedy: str) -> dict:
    """Give the metadata that a header of ours carries, none for another's."""
    try:
        return json.loads(header[_META_KEY]) if _META_KEY in header else {}
    except (ValueError, TypeError) as error:
        raise UserError(
            f"{path}: header card {_META_KEY} is damaged ({error}); {remedy}"
        ) from error


class StarReader(Rows):
    """Read a star table of this workflow in blocks of rows.

    Parameters are the path, and the names of the columns that the step needs. Raises UserError
    naming file and column when the file is not such a table, and naming the file when its bytes do
    not fit the CHECKSUM in it.
    """

    def __init__(self, path: str | os.PathLike, needed: tuple[str, ...] = ()):
        path = Path(path)
        with opened(path, REMEDY) as hdus:
            tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
            if len(tables) != 1:
                raise UserError(
                    f"{path}: holds {len(tables)} FITS binary tables, not one; {REMEDY}"
                )
            for hdu in hdus:
                check_sum(path, hdu, REMEDY)
            super().__init__(path, tables[0])
        self.meta = meta_of(path, self.header, REMEDY)
        for name in (*needed, *self.names):
            if self.names.count(name) != 1:
                how = "is missing" if name not in self.names else "is there twice"
                raise UserError(f"{path}: column {name} {how}")

    def blocks(self, names: tuple[str, ...] | None = None, rows: int = BLOCK_ROWS):
        """Give the table block by block, in order; an empty table gives one empty block."""
        for start in range(0, max(self.n_rows, 1), rows):
            yield self.read(start, start + rows, names)

    def all(self, names: tuple[str, ...] | None = None) -> dict[str, np.ndarray]:
        """Read every row of the named columns."""
        return self.read(0, self.n_rows, names)
