"""The workflow's own tables: their columns and units, their metadata, and how they are written.

Star tables are FITS binary tables read and written in blocks of rows, so that none has to fit in
memory. Small tables are ECSV. Every table appears under its name only when it is whole, and its
metadata hold what made it but never a time or a path, so that equal inputs give equal bytes.

Every table carries a checksum of all its bytes, which is checked when it is read: FITS its own
CHECKSUM and DATASUM, ECSV and YAML a SHA-256. A file that was damaged later is refused.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import re
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import yaml
from astropy.io import fits

from icefire import __version__
from icefire.errors import UserError

# Rows held in memory at once. A constant and not a choice: no result may depend on it.
BLOCK_ROWS = 100_000

# A whole header of ours is one JSON text under this keyword (FITS continues it over many cards).
_META_KEY = "ICEFIRE"
_FITS_BLOCK = 2880
# Bytes summed at once, whole FITS blocks
_CHUNK = 5000 * _FITS_BLOCK
# What to do with a damaged file that a step has made
REMEDY = "delete it and run again"


@dataclass(frozen=True)
class Column:
    """One column of the star tables: FITS format letter, unit, and what it is.

    FITS knows no dex, so logarithmic columns carry no unit and say it in their description.
    """

    format: str
    unit: str | None
    description: str


CLEAN_COLUMNS = {
    "star_id": Column("K", None, "identifier in the survey"),
    "ra": Column("D", "deg", "right ascension (ICRS)"),
    "dec": Column("D", "deg", "declination (ICRS)"),
    "l": Column("D", "deg", "Galactic longitude"),
    "b": Column("D", "deg", "Galactic latitude"),
    "distance": Column("D", "kpc", "heliocentric distance"),
    "distance_error": Column("D", "kpc", "standard error of distance"),
    "rv": Column("D", "km/s", "heliocentric radial velocity"),
    "rv_error": Column("D", "km/s", "standard error of rv"),
    "pmra": Column("D", "mas/yr", "proper motion in ra, times cos(dec)"),
    "pmra_error": Column("D", "mas/yr", "standard error of pmra"),
    "pmdec": Column("D", "mas/yr", "proper motion in declination"),
    "pmdec_error": Column("D", "mas/yr", "standard error of pmdec"),
    "pm_corr": Column("D", None, "correlation of pmra and pmdec"),
    "snr": Column("D", None, "signal-to-noise ratio per pixel"),
    "logg": Column("D", None, "surface gravity, dex (cm/s2)"),
    "feh": Column("D", None, "[Fe/H], dex"),
    "feh_error": Column("D", None, "standard error of feh, dex"),
    "afe": Column("D", None, "[alpha/Fe], dex"),
    "afe_error": Column("D", None, "standard error of afe, dex"),
}

# Columns that are logarithms, in dex
LOGARITHMS = ("logg", "feh", "feh_error", "afe", "afe_error")

KINEMATIC_COLUMNS = {
    "x": Column("D", "kpc", "Galactocentric x (the Sun at x < 0)"),
    "y": Column("D", "kpc", "Galactocentric y (the Sun moves to y > 0)"),
    "z": Column("D", "kpc", "Galactocentric z (north is positive)"),
    "r": Column("D", "kpc", "Galactocentric spherical radius"),
    "v_r": Column("D", "km/s", "radial velocity, outward"),
    "v_phi": Column("D", "km/s", "azimuthal velocity; the disc is negative"),
    "v_theta": Column("D", "km/s", "meridional velocity, positive toward +z"),
    "v_r_error": Column("D", "km/s", "standard error of v_r"),
    "v_phi_error": Column("D", "km/s", "standard error of v_phi"),
    "v_theta_error": Column("D", "km/s", "standard error of v_theta"),
    "cov_rphi": Column("D", "km2/s2", "error covariance of v_r and v_phi"),
    "cov_rtheta": Column("D", "km2/s2", "error covariance of v_r and v_theta"),
    "cov_phitheta": Column("D", "km2/s2", "error covariance of v_phi and v_theta"),
    "lx": Column("D", "kpc km/s", "angular momentum about x"),
    "ly": Column("D", "kpc km/s", "angular momentum about y"),
    "lz": Column("D", "kpc km/s", "angular momentum about z; prograde < 0"),
    "energy": Column("D", "km2/s2", "orbital energy per mass"),
}

FLAG_COLUMNS = {
    "eccentricity": Column("D", None, "of the orbit; NaN where no cut needs it"),
    "is_giant": Column("L", None, "passes the surface gravity cut"),
    "is_sagittarius": Column("L", None, "Sagittarius stream"),
    "is_satellite": Column("L", None, "in a dwarf galaxy or globular cluster"),
    "is_aleph": Column("L", None, "Aleph"),
    "is_unbound": Column("L", None, "energy of zero or more"),
}

STAR_COLUMNS = CLEAN_COLUMNS | KINEMATIC_COLUMNS | FLAG_COLUMNS


# --- metadata --------------------------------------------------------------------------------


def new_meta(catalogue: str, synthetic: bool, survey: str, cuts_off: dict[str, str]) -> dict:
    """Begin a table's metadata: where its stars come from and which cuts the survey cannot have."""
    return {
        "icefire_version": __version__,
        "catalogue": catalogue,
        "synthetic": synthetic,
        "survey": survey,
        "cuts_off": dict(sorted(cuts_off.items())),
        "parameters": {},
    }


def add_step(meta: dict, step: str, parameters: dict) -> dict:
    """Copy `meta` and note in it the parameters of one more step."""
    steps = dict(meta.get("parameters", {}))
    steps[step] = {key: _plain(value) for key, value in sorted(parameters.items())}
    return {**meta, "icefire_version": __version__, "parameters": steps}


def digest(path: str | os.PathLike) -> str:
    """Give the SHA-256 of a small file, by which metadata know it again where a path may not be."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _plain(value):
    """Reduce numpy scalars, tuples and the like to what JSON and YAML write."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


# --- writing whole or not at all -------------------------------------------------------------


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`, which takes its place if the block ends well.

    A step that fails leaves nothing under either name; what a killed step has left under the
    temporary one goes when the file is next made. Raises UserError when another process has begun
    to write the same file, and OSError naming `path` when the disk is full or not to be written.
    """
    path = Path(path)
    if path.is_dir():
        # Said now, because replacing it later would name the temporary file.
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    temporary = path.with_name(f".{path.name}.part")
    with _named(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)

        def is_ours() -> bool:
            return temporary.exists() and os.path.samestat(temporary.stat(), os.fstat(handle))

        try:
            yield temporary
            if not is_ours():
                raise UserError(f"{path}: another process writes it, too; wait for its end")
            # Some file systems tell only now that they are full.
            os.fsync(handle)
            temporary.replace(path)
        finally:
            if is_ours():
                temporary.unlink()
            os.close(handle)


@contextlib.contextmanager
def _named(path: Path, temporary: Path) -> Iterator[None]:
    """Make an error of writing `temporary` name the file that the user knows, `path`."""
    try:
        yield
    except OSError as error:
        # Writing to an open file fails without a name.
        unnamed = error.filename is None and error.errno in _DISK_FULL
        if unnamed or str(error.filename) in (str(temporary), str(path.parent)):
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a whole text file, or none."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def check_file(path: str | os.PathLike) -> None:
    """Make sure that a path is a file that may be read, and no pipe or device that never ends.

    Raises UserError, or OSError saying which of missing, forbidden or broken it is.
    """
    path = Path(path)
    if not path.is_file():
        path.stat()
        raise UserError(f"{path}: is not a file")
    path.open("rb").close()


def lines_of(path: str | os.PathLike) -> list[str]:
    """Give the lines of a text file for astropy, which would take a name with a newline for them.

    A byte order mark at its beginning is left out.
    """
    return Path(path).read_text(encoding="utf-8-sig").split("\n")


class _YamlLoader(yaml.SafeLoader):
    """The safe loader, which takes no key twice: the first value would be lost."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    line = key.start_mark.line + 1
                    raise yaml.YAMLError(f"line {line}: key {key.value} is there twice")
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def write_yaml(path: str | os.PathLike, content) -> None:
    """Write plain values as YAML, keys in their order, under a line with their SHA-256."""
    text = yaml.safe_dump(content, sort_keys=False)
    write_text(path, _sealed(f"# sha256: '{_NO_DIGEST}'\n{text}"))


def read_yaml(path: str | os.PathLike, remedy: str = "correct the file"):
    """Read a YAML file, safely.

    Raises UserError naming the file and the remedy when it is not YAML, and naming the file when
    it changed since `write_yaml` wrote it.
    """
    check_file(path)
    text = Path(path).read_bytes()
    _check_seal(path, text)
    try:
        loader = _YamlLoader(text.decode("utf-8"))
        return loader.get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: no UTF-8, a date that is none, a number of thousands of digits
        raise UserError(f"{path}: not readable as YAML ({error}); {remedy}") from error


def write_ecsv(path: str | os.PathLike, table, meta: dict) -> None:
    """Write an astropy table as ECSV with `meta`, and a SHA-256 of it all, as its metadata."""
    write_text(path, ecsv(table, meta))


def ecsv(table, meta: dict) -> str:
    """Give the text that `write_ecsv` writes."""
    table = table.copy(copy_data=False)
    table.meta = {"sha256": _NO_DIGEST} | {
        key: _plain(value) for key, value in meta.items() if key != "sha256"
    }
    text = io.StringIO()
    table.write(text, format="ascii.ecsv")
    return _sealed(text.getvalue())


def read_ecsv(path: str | os.PathLike, numbers: tuple[str, ...] = (), texts: tuple[str, ...] = ()):
    """Read an ECSV table and make sure it has these columns, of numbers and of texts.

    Raises UserError naming the file when it changed since `write_ecsv` wrote it, and also the
    column when one is missing or of the other kind. A table written by hand carries no digest.
    """
    from astropy.table import Table

    check_file(path)
    _check_seal(path, Path(path).read_bytes())
    try:
        table = Table.read(lines_of(path), format="ascii.ecsv")
    except (ValueError, UnicodeDecodeError, KeyError) as error:
        # A KeyError names the part that the header lacks.
        raise UserError(
            f"{path}: not a readable ECSV table ({error}); if a step made it, {REMEDY}"
        ) from error
    if "sha256" not in table.meta and "icefire_version" in table.meta:
        raise UserError(f"{path}: damaged, its SHA-256 is gone; {REMEDY}")
    table.meta.pop("sha256", None)
    check_columns(path, table, numbers, texts)
    return table


def check_columns(
    path: str | os.PathLike, table, numbers: tuple[str, ...] = (), texts: tuple[str, ...] = ()
) -> None:
    """Make sure that a table has these columns; raises UserError as `read_ecsv` does."""
    for name in (*numbers, *texts):
        if name not in table.colnames:
            raise UserError(f"{path}: column {name} is missing")
        kind = "numbers" if name in numbers else "texts"
        if len(table) and (table[name].dtype.kind in "fiub") != (kind == "numbers"):
            raise UserError(f"{path}: column {name} does not hold {kind}")


# A text's digest is that of the same text with zeros in its place.
_NO_DIGEST = "0" * 64
_SEAL = re.compile(rb"sha256: '([0-9a-f]{64})'")


def _sealed(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return text.replace(f"sha256: '{_NO_DIGEST}'", f"sha256: '{digest}'", 1)


def _check_seal(path: str | os.PathLike, text: bytes) -> None:
    """Compare a text with the digest in it, if there is one."""
    if found := _SEAL.search(text):
        original = text[: found.start(1)] + _NO_DIGEST.encode("ascii") + text[found.end(1) :]
        if hashlib.sha256(original).hexdigest() != found[1].decode("ascii"):
            raise UserError(f"{path}: damaged or edited, its SHA-256 does not fit; {REMEDY}")


# --- FITS star tables, block by block --------------------------------------------------------


class StarWriter:
    """Write a FITS star table block by block; use as a context manager.

    The rows go to a side file first and are copied behind the header at the end, because only
    then are the number of rows, the metadata and (for `close`'s `keep`) the surviving rows known.
    """

    def __init__(self, path: str | os.PathLike, columns: dict[str, Column]):
        self.path = Path(path)
        self.columns = columns
        self.n_rows = 0
        self.meta: dict = {}
        self.keep: np.ndarray | None = None
        self._formats: dict[str, str] = {}
        self._dtype: np.dtype | None = None
        self._parts: list[tuple[int, np.dtype]] = []

    def __enter__(self) -> StarWriter:
        self._stack = contextlib.ExitStack()
        self._target = self._stack.enter_context(replacing(self.path))
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
        records = np.empty(n_rows, self._dtype)
        for name, column in self.columns.items():
            values = block[name]
            # FITS writes truth as the letters T and F.
            records[name] = np.where(values, ord("T"), ord("F")) if column.format == "L" else values
        with _named(self.path, self._target):
            self._rows.write(records.tobytes())
        self._parts.append((n_rows, self._dtype))
        self.n_rows += n_rows

    def _finish(self) -> None:
        if self._dtype is None:
            self.write({name: np.empty(0, _empty_type(c)) for name, c in self.columns.items()})
        n_rows = self.n_rows if self.keep is None else int(np.count_nonzero(self.keep))
        header = fits.BinTableHDU.from_columns(self._definitions, nrows=0).header
        for number, column in enumerate(self.columns.values(), 1):
            # What fits on the card behind the name, which takes 18 letters or its length
            room = 47 - max(len(header[f"TTYPE{number}"]) - 18, 0)
            header.comments[f"TTYPE{number}"] = column.description[:room]
        header["NAXIS2"] = n_rows
        header["EXTNAME"] = "STARS"
        header[_META_KEY] = json.dumps(self.meta, ensure_ascii=True)
        with self._target.open("w+b") as out:
            out.write(_summed(fits.PrimaryHDU().header, 0))
            header_at = out.tell()
            out.write(_summed(header, 0))
            data_at = out.tell()
            self._rows.seek(0)
            start = 0
            for count, dtype in self._parts:
                records = np.frombuffer(self._rows.read(count * dtype.itemsize), dtype)
                if self.keep is not None:
                    records = records[self.keep[start : start + count]]
                # Texts of a later block may have been wider.
                out.write(records.astype(self._dtype, copy=False).tobytes())
                start += count
            size = n_rows * self._dtype.itemsize
            out.write(b"\0" * (-size % _FITS_BLOCK))
            data_sum = _word_sum(out, data_at, out.tell())
            out.seek(header_at)
            out.write(_summed(header, data_sum))


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


def _format(column: Column, values: np.ndarray, before: str | None) -> str:
    """Give the FITS format of a column; identifiers may be texts, as wide as the widest so far."""
    if values.dtype.kind == "S":
        width = int(before[:-1]) if before else 1
        return f"{max(values.dtype.itemsize, width)}A"
    return column.format


def _empty_type(column: Column) -> str:
    return {"K": "i8", "D": "f8", "L": "?"}[column.format]


class StarReader:
    """Read a FITS star table in blocks of rows, without mapping or holding the whole.

    Parameters are the path, the names of the columns that the step needs, and what to do where
    the file is damaged. Raises UserError naming file and column when the file is not such a table,
    and naming the file when its bytes do not fit the CHECKSUM in it.
    """

    def __init__(self, path: str | os.PathLike, needed: tuple[str, ...] = (), remedy: str = REMEDY):
        self.path = Path(path)
        self.units: dict[str, str | None] = {}
        self._scale: dict[str, tuple[float, float]] = {}
        self._null: dict[str, int] = {}
        check_file(self.path)
        with self.path.open("rb") as file:
            if file.read(6) != b"SIMPLE":
                raise UserError(
                    f"{self.path}: not a readable FITS table (it does not begin with SIMPLE, as"
                    " FITS does); decompress it, give it the ending of what it is, or"
                    f" {remedy}"
                )
        try:
            with (
                warnings.catch_warnings(action="ignore"),
                fits.open(self.path, memmap=False, lazy_load_hdus=True) as hdus,
            ):
                tables = {}
                for number, hdu in enumerate(hdus):
                    self._check(hdu, remedy)
                    if isinstance(hdu, fits.BinTableHDU):
                        tables[number] = hdu
                if len(tables) == 1:
                    header = self._understand(*tables.values())
        except UserError:
            raise
        except Exception as error:
            # astropy raises whatever its parts do for a damaged header.
            if isinstance(error, OSError) and error.filename is not None:
                raise
            raise UserError(
                f"{self.path}: not a readable FITS table ({error}); {remedy}"
            ) from error
        if not tables:
            raise UserError(f"{self.path}: holds no FITS binary table; {remedy}")
        if len(tables) > 1:
            raise UserError(
                f"{self.path}: must hold one FITS binary table, but extensions"
                f" {', '.join(map(str, tables))} are some; copy the one to be used into a file of"
                " its own"
            )
        try:
            self.meta = json.loads(header[_META_KEY]) if _META_KEY in header else {}
        except (ValueError, TypeError) as error:
            raise UserError(
                f"{self.path}: header card {_META_KEY} is damaged ({error}); {remedy}"
            ) from error
        for name in needed:
            if name not in self.names:
                raise UserError(f"{self.path}: column {name} is missing")

    def _understand(self, hdu: fits.BinTableHDU) -> fits.Header:
        """Take from a table's header where its rows are and how their columns are written."""
        header = hdu.header
        self.n_rows = int(header["NAXIS2"])
        self.names = tuple(hdu.columns.names)
        for name in self.names:
            if self.names.count(name) > 1:
                raise UserError(f"{self.path}: two columns are named {name}; rename one of them")
        self._offset = hdu.fileinfo()["datLoc"]
        self._dtype = hdu.columns.dtype.newbyteorder(">")
        if header["NAXIS1"] != self._dtype.itemsize or self.n_rows < 0:
            raise ValueError(
                f"rows of {header['NAXIS1']} bytes with columns of {self._dtype.itemsize},"
                f" {self.n_rows} rows"
            )
        for column in hdu.columns:
            self.units[column.name] = column.unit or None
            if column.bscale not in (None, "", 1) or column.bzero not in (None, "", 0):
                self._scale[column.name] = (0 + (column.bscale or 1), 0 + (column.bzero or 0))
            if column.null not in (None, ""):
                self._null[column.name] = int(column.null)
        self.logical = {c.name for c in hdu.columns if c.format.format == "L"}
        return header

    def _check(self, hdu, remedy: str) -> None:
        """Compare a unit of the file, header and data, with the CHECKSUM in it, if it has one."""
        header, where = hdu.header, hdu.fileinfo()
        size = self.path.stat().st_size
        expected = where["datLoc"] + hdu.size
        if size < expected:
            raise UserError(
                f"{self.path}: cut short ({size} bytes where its header promises {expected});"
                f" {remedy}"
            )
        if "CHECKSUM" in header:
            with self.path.open("rb") as stream:
                total = _word_sum(stream, where["hdrLoc"], where["datLoc"] + where["datSpan"])
            if total:
                raise UserError(
                    f"{self.path}: damaged or edited, its CHECKSUM does not fit its content;"
                    f" {remedy}"
                )
        elif _META_KEY in header:
            raise UserError(f"{self.path}: damaged, its CHECKSUM is gone; {remedy}")

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

    def blocks(self, names: tuple[str, ...] | None = None, rows: int = BLOCK_ROWS):
        """Give the table block by block, in order; an empty table gives one empty block."""
        for start in range(0, max(self.n_rows, 1), rows):
            yield self.read(start, start + rows, names)

    def all(self, names: tuple[str, ...] | None = None) -> dict[str, np.ndarray]:
        """Read every row of the named columns."""
        return self.read(0, self.n_rows, names)
