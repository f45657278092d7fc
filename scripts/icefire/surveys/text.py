"""Tables that are text: CSV and its kin, ECSV, and the fixed columns of MRT and CDS."""

import csv
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from icefire.errors import UserError
from icefire.surveys.values import numbers, whole_numbers

_DELIMITERS = (",", "\t", ";", "|", " ")
# Rows turned into numbers at once
_CHUNK = 50_000


class TextTable:
    """A table that is text, of which only the wanted columns are kept.

    Parameters are its path, the wanted columns (name to `float` or `str`), and the path that it has
    where it was unzipped from another. Raises UserError naming column, row and text where a number
    should be, and ValueError saying what is wrong with the file.
    """

    def __init__(self, path: Path, wanted: dict[str, type], name: Path):
        self.path, self.meta, self._name = path, {}, name
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            first = "".join(itertools.islice(lines, 400))
            if "\0" in first:
                raise ValueError("it holds zero bytes, as no text does")
            lines.seek(0)
            readme = _readme_of(name)
            if "byte-by-byte description" in first.lower() or readme:
                rows = self._fixed(lines.read().split("\n"), readme, wanted)
            else:
                rows = self._delimited(lines, wanted)
            kept = {name: number for number, name in enumerate(self.names) if name in wanted}
            self._columns, self.n_rows = self._kept(rows, kept, wanted)

    def read(self, start: int, stop: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        return {name: self._columns[name][start:stop] for name in names}

    def _kept(self, rows: Iterator[list[str]], kept: dict[str, int], wanted: dict[str, type]):
        """Take the wanted columns out of the rows, so many rows at once."""
        parts, n_rows = {name: [] for name in kept}, 0
        while chunk := list(itertools.islice(rows, _CHUNK)):
            for name, number in kept.items():
                cells = [row[number] for row in chunk]
                if wanted[name] is float:
                    parts[name].append(self._numbers(name, cells, n_rows))
                else:
                    cells = [c.encode("utf-8", "surrogateescape").strip() for c in cells]
                    parts[name].append(np.array(cells, dtype=bytes))
            n_rows += len(chunk)
        columns = {name: np.concatenate(part or [np.empty(0)]) for name, part in parts.items()}
        for name in kept:
            if columns[name].dtype.kind == "S":
                columns[name] = whole_numbers(columns[name])
        return columns, n_rows

    def _numbers(self, name: str, cells: list[str], before: int) -> np.ndarray:
        if gap := self._gaps.get(name):
            cells = ["" if cell.strip() == gap else cell for cell in cells]
        try:
            return numbers(cells)
        except ValueError as error:
            at, text = error.args
            raise UserError(
                f"{self.path}: column {name}: row {before + at + 1:,} holds {text[:40]!r}, which is"
                " no number; correct the file, or map another column"
            ) from None

    def _delimited(self, lines, wanted: dict[str, type]) -> Iterator[list[str]]:
        """Understand a header, and give the rows behind it."""
        comments, header = [], ""
        for header in lines:
            if not header.startswith("#") and header.strip():
                break
            comments.append(header.strip())
        else:
            raise ValueError("it holds no row of column names")
        self.units, self._gaps, self._declared, delimiter = {}, {}, None, None
        if comments and comments[0].startswith("# %ECSV"):
            delimiter = self._ecsv(comments)
        names, before = header.strip("\r\n"), len(comments) + 1
        if (
            comments
            and delimiter is None
            and _named(comments[-1][1:], wanted) > _named(header, wanted)
        ):
            # As TOPCAT writes it: names behind a #, and the first row is one of values.
            before -= 1
            names, lines = comments[-1][1:], itertools.chain([header], lines)
        delimiter = delimiter or max(
            _DELIMITERS, key=lambda d: (_found(names, d, wanted), -_DELIMITERS.index(d))
        )
        self.names = tuple(_cells(names, delimiter))
        if self._declared not in (None, self.names):
            raise ValueError(f"its header describes the columns {', '.join(self._declared)}")
        rows = _rows(lines, delimiter, before, len(self.names))
        return self._without_rulers(rows)

    def _without_rulers(self, rows: Iterator[list[str]]) -> Iterator[list[str]]:
        """Take away the units and the line of dashes that VizieR writes below the names."""
        head = list(itertools.islice(rows, 2))
        for number, row in enumerate(head):
            if all(cell and not cell.strip("-") for cell in row):
                if number:
                    units = zip(self.names, head[0], strict=True)
                    self.units = {name: unit.strip() for name, unit in units if unit.strip()}
                head = head[number + 1 :]
        return itertools.chain(head, rows)

    def _ecsv(self, comments: list[str]) -> str:
        """Take units and metadata from an ECSV header; give its delimiter."""
        from astropy.table.meta import get_header_from_yaml

        header = get_header_from_yaml([line[2:] for line in comments[1:]])
        self.units = {c["name"]: str(c["unit"]) for c in header["datatype"] if c.get("unit")}
        self._declared = tuple(c["name"] for c in header["datatype"])
        meta = header.get("meta")
        self.meta = dict(meta) if isinstance(meta, dict) else {}
        return header.get("delimiter", " ")

    def _fixed(self, lines: list[str], readme: Path | None, wanted) -> Iterator[list[str]]:
        """Understand a byte-by-byte description, and cut the rows behind it into cells."""
        from astropy.io import ascii

        reader = ascii.get_reader(reader_cls=ascii.Cds, readme=str(readme) if readme else None)
        reader.data.table_name = self._name.name.removesuffix(".gz") if readme else None
        reader.header.get_cols(lines)
        columns = reader.header.cols
        self.names = tuple(column.name for column in columns)
        self.units = {c.name: str(c.unit) for c in columns if c.unit is not None}
        self._gaps = {c.name: c.null for c in columns if getattr(c, "null", None)}
        if not readme:
            rulers = [n for n, line in enumerate(lines) if len(line) > 5 and not line.strip("-=\r")]
            lines = lines[rulers[-1] + 1 :]
        places = [(c.start, c.end) if c.name in wanted else (0, 0) for c in columns]
        return ([line[a:b].strip() for a, b in places] for line in lines if line.strip())


def _readme_of(path: Path) -> Path | None:
    """Find the ReadMe beside a file that describes it, as CDS's tables of fixed columns have it."""
    readme, name = path.with_name("ReadMe"), path.name.removesuffix(".gz")
    described = name.lower().endswith(".dat") and readme.is_file()
    return readme if described and name in readme.read_text("utf-8", "replace") else None


def _cells(line: str, delimiter: str) -> list[str]:
    line = line.strip() if delimiter == " " else line.strip("\r\n")
    return [
        cell.strip()
        for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    ]


def _found(line: str, delimiter: str, wanted) -> tuple[int, int]:
    """Count the wanted names in a line, and its cells."""
    cells = _cells(line, delimiter)
    return len(set(cells) & set(wanted)), len(cells)


def _named(line: str, wanted) -> int:
    return max(_found(line, delimiter, wanted)[0] for delimiter in _DELIMITERS)


def _rows(lines, delimiter: str, before: int, width: int) -> Iterator[list[str]]:
    """Give the rows as lists of cells, and make sure that each has as many as the header.

    A quotation mark that is never closed would swallow what follows.
    """
    csv.field_size_limit(sys.maxsize)
    if delimiter == " ":
        lines = (line.strip() for line in lines)
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for row in rows:
            if not row:
                continue
            if len(row) != width:
                number = before + rows.line_num
                raise ValueError(f"line {number} has {len(row)} cells, the header {width}")
            yield row
    except csv.Error as error:
        raise ValueError(f"{error}: is a quotation mark never closed?") from error
