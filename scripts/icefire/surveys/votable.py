"""VOTables, as archives' servers send them."""

import warnings
from pathlib import Path

import numpy as np

from icefire.errors import UserError
from icefire.surveys.values import filled


class VoTable:
    """One table of a VOTable, of which only the wanted columns are read.

    `chosen` is the name, the ID or the number (from 1) of a table where there are several. Raises
    UserError where there are several and none is chosen, and where the server says that the table
    is not whole.
    """

    def __init__(self, path: Path, wanted: dict[str, type], chosen=None):
        from astropy.io import votable

        tables, statements = _headers(path)
        _check_whole(statements, path)
        number = _choose(tables, chosen, path)
        fields = tables[number]["fields"]
        numbers = [n for n, field in enumerate(fields) if wanted.keys() & _names_of(field)]
        only = {"columns": numbers or [0]} if len(tables) == 1 and fields else {}
        # What astropy warns of and we need, such as a unit, is refused further on.
        with warnings.catch_warnings(action="ignore"):
            whole = votable.parse(path, **only)
        element = list(whole.iter_tables())[number]
        self._array, self.n_rows = element.array, len(element.array)
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
    tables, statements = _headers(path)
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


def _headers(path: Path) -> tuple[list[dict], list[tuple[str, str]]]:
    """Give each table's attributes and fields, and what INFO elements say of the query."""
    from astropy.utils.xml import iterparser

    tables, statements, status = [], [], None
    with iterparser.get_xml_iterator(str(path)) as events:
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
