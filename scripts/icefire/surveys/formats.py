"""Foreign tables of any format, opened as something with `n_rows names units meta` and `read`."""

import gzip
import shutil
import tempfile
import zlib
from pathlib import Path

from icefire.errors import UserError
from icefire.files.writing import check_file
from icefire.surveys.binary import REMEDY, FitsTable, Hdf5Table, ParquetTable
from icefire.surveys.text import TextTable
from icefire.surveys.votable import VoTable

_AGAIN = "fetch or make the file again"
# Kind by a file's first bytes, which say more than its name
_FIRST_BYTES = {
    b"SIMPLE": "FITS",
    b"\x89HDF\r\n\x1a\n": "HDF5",
    b"PAR1": "Parquet",
    b"<?xml": "VOTable",
    b"<VOTABLE": "VOTable",
}
# Kind by the ending, for files whose first bytes are of no kind
_ENDINGS = {
    **dict.fromkeys((".fits", ".fit"), "FITS"),
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), "HDF5"),
    ".parquet": "Parquet",
    **dict.fromkeys((".vot", ".xml", ".votable"), "VOTable"),
    **dict.fromkeys((".csv", ".ecsv", ".tsv", ".txt", ".dat", ".tab", ".mrt", ".ascii"), "text"),
}
_COMPRESSED = {
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"PK\x03\x04": "zip",
}


def open_table(path: Path, wanted: dict[str, type] | None = None, chosen=None):
    """Open a table of any known format, gzipped or not.

    Parameters are the path, the columns that will be read (name to `float` or `str`), and which
    table of the file it is where there are several: a name, a number, an HDF5 path, or a list of
    FITS extensions. Raises UserError naming the file where it cannot be read.
    """
    check_file(path)
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    unzipped = _unzipped(path) if zipped else None
    real = Path(unzipped.name) if unzipped else path
    try:
        table = _open(real, path, wanted or {}, chosen)
    except UserError as error:
        raise UserError(str(error).replace(str(real), str(path))) from error
    # An unzipped file is there as long as the table is.
    table.path, table.unzipped = path, unzipped
    return table


def _unzipped(path: Path):
    """Give a file with what a gzipped one holds; it goes when it is closed."""
    # Closed with the table that is read from it.
    unzipped = tempfile.NamedTemporaryFile(  # noqa: SIM115
        suffix=Path(path.stem).suffix
    )
    try:
        with gzip.open(path) as packed:
            shutil.copyfileobj(packed, unzipped, 2**20)
        unzipped.flush()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{path}: not readable as gzip ({error}); {_AGAIN}") from error
    return unzipped


def _open(path: Path, shown: Path, wanted: dict[str, type], chosen):
    with path.open("rb") as file:
        begin = file.read(16)
    ending = Path(shown.stem if shown.suffix.lower() == ".gz" else shown).suffix.lower()
    named = _ENDINGS.get(ending)
    kinds = [kind for first, kind in _FIRST_BYTES.items() if begin.lstrip().startswith(first)]
    for first, how in _COMPRESSED.items():
        if begin.startswith(first):
            raise UserError(
                f"{shown}: is compressed ({how}); decompress it, or compress it with gzip"
            )
    kind = kinds[0] if kinds else named
    if kind is None:
        raise UserError(
            f"{shown}: unknown kind of table; the ending must be one of {' '.join(_ENDINGS)}, each"
            " also with .gz"
        )
    if not begin:
        raise UserError(f"{shown}: is empty; {REMEDY}")
    if kind in ("text", "Parquet") and chosen is not None:
        raise UserError(
            f"{shown}: holds one table ({kind}), and the survey's map chooses {chosen}; leave"
            " `table` out of the map"
        )
    try:
        if kind == "FITS":
            return FitsTable(path, chosen)
        if kind == "HDF5":
            return Hdf5Table(path, chosen)
        if kind == "Parquet":
            return ParquetTable(path)
        if kind == "VOTable":
            return VoTable(path, wanted, chosen)
        return TextTable(path, wanted, shown)
    except (UserError, OSError):
        raise
    except Exception as error:
        # astropy's readers raise whatever their parsers do for a malformed file.
        raise UserError(f"{shown}: not readable as {kind} ({error}); {_AGAIN}") from error
