"""VOTables, as archives' servers send them."""

import base64
import io
import mmap
import re
import tempfile
import warnings
from pathlib import Path

import numpy as np

from icefire.errors import UserError
from icefire.surveys.values import filled

_STREAM = re.compile(rb"<((?:\w+:)?STREAM)\b([^>]*)>")
_AT_ONCE = 2**20


class VoTable:
    """One table of a VOTable, of which only the wanted columns are read.

    `chosen` is the name, the ID or the number (from 1) of a table where there are several. Raises
    UserError where there are several and none is chosen, where the server says that the table is
    not whole, and where its rows are in another file.
    """

    def __init__(self, path: Path, wanted: dict[str, type], chosen=None):
        from astropy.io import votable

        with tempfile.TemporaryDirectory() as folder, path.open("rb") as file:
            source = _streams_apart(file, path, Path(folder))
            tables, statements = _headers(source)
            _check_whole(statements, path)
            number = _choose(tables, chosen, path)
            fields = tables[number]["fields"]
            numbers = [n for n, field in enumerate(fields) if wanted.keys() & _names_of(field)]
            only = {"columns": numbers or [0]} if len(tables) == 1 and fields else {}
            source.seek(0)
            # What astropy warns of and we need, such as a unit, is refused further on.
            with warnings.catch_warnings(action="ignore"):
                whole = votable.parse(source, **only)
        element = list(whole.iter_tables())[number]
        self._array, self.n_rows = element.array, len(element.array)
        if tables[number].get("nrows", str(self.n_rows)) != str(self.n_rows):
            raise UserError(
                f"{path}: says that it has {tables[number]['nrows']} rows and has {self.n_rows};"
                " fetch it again"
            )
        self.path, self.meta = path, {}
        self._places: dict[str, str] = {}
        self.units: dict[str, str | None] = {}
        names = [field.get("name", field.get("ID")) for field in fields]
        for field, described in zip(
            element.fields, [fields[n] for n in numbers] or fields, strict=False
        ):
            for name in _names_of(described):
                # A name comes before another column's ID.
                if name not in self._places or described.get("name") == name:
                    self._places[name] = field.ID
                    self.units[name] = str(field.unit) if field.unit is not None else None
        self.names = (*names, *(i for f in fields if (i := f.get("ID")) and i not in names))

    def read(self, start: int, stop: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        return {name: filled(self._array[self._places[name]][start:stop]) for name in names}


def check_answer(path: Path, name: str) -> None:
    """Raise UserError where a server's answer, here called `name`, is not whole or has no table."""
    with path.open("rb") as file:
        tables, statements = _headers(file)
    _check_whole(statements, name)
    if len(tables) != 1:
        raise UserError(f"{name}: answers with {len(tables)} tables instead of one")


def _check_whole(statements: list[tuple[str, str]], name) -> None:
    for status, words in statements:
        if status in ("OVERFLOW", "ERROR"):
            raise UserError(
                f"{name}: its server says {status}{': ' + words if words else ''}; the table is"
                " not whole: ask again with a higher limit (MAXREC, TOP), or in parts"
            )


def _names_of(field: dict) -> set[str]:
    return {field[key] for key in ("name", "ID") if field.get(key)}


def _streams_apart(file, path: Path, folder: Path):
    """Give a document whose binary rows are decoded in files of a folder: the file, if it has none.

    astropy reads such files a row at a time; rows within the document it would hold many times.
    """
    text = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    document, at = io.BytesIO(), 0
    for number, found in enumerate(_STREAM.finditer(text)):
        tag, attributes = found.groups()
        if b"href" in attributes:
            raise UserError(
                f"{path}: its rows are in another file ({attributes.decode().strip()}), and nothing"
                " is fetched; save the table with its rows in it"
            )
        begin, end = found.end(), text.find(b"<", found.end())
        coded = re.search(rb"encoding\s*=\s*.base64", attributes)
        # Anything else than plain text within is left to astropy.
        if not coded or text[end : end + 2] != b"</":
            continue
        rows, left = folder / str(number), b""
        with rows.open("wb") as decoded:
            for start in range(begin, end, _AT_ONCE):
                left += b"".join(text[start : min(start + _AT_ONCE, end)].split())
                whole = len(left) // 4 * 4
                decoded.write(base64.b64decode(left[:whole], validate=True))
                left = left[whole:]
            decoded.write(base64.b64decode(left, validate=True))
        document.write(text[at : found.start()] + b'<%s href="%s">' % (tag, rows.as_uri().encode()))
        at = end
    if not at:
        return file
    document.write(text[at:])
    document.seek(0)
    return document


def _headers(source) -> tuple[list[dict], list[tuple[str, str]]]:
    """Give each table's attributes and fields, and what INFO elements say of the query."""
    from astropy.utils.xml import iterparser

    tables, statements, status = [], [], None
    with iterparser.get_xml_iterator(source) as events:
        for start, tag, data, _ in events:
            if start and tag == "TABLE":
                tables.append({**data, "fields": []})
            elif start and tag == "FIELD" and tables:
                tables[-1]["fields"].append(dict(data))
            elif start and tag == "INFO":
                status = data.get("value") if data.get("name") == "QUERY_STATUS" else None
            elif tag == "INFO" and status:
                statements.append((status.upper(), (data or "").strip()))
    return tables, statements


def _choose(tables: list[dict], chosen, path: Path) -> int:
    if chosen is None and len(tables) == 1:
        return 0
    names = [table.get("name") or table.get("ID") or str(n) for n, table in enumerate(tables, 1)]
    for number, table in enumerate(tables):
        if chosen is not None and chosen in (table.get("name"), table.get("ID"), number + 1):
            return number
    raise UserError(
        f"{path}: holds {len(tables)} tables ({', '.join(names) or 'none'}); name the one to be"
        " used under `table` in the survey's map"
    )
