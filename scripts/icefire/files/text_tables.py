"""Small tables (ECSV), values (YAML) and texts, each under a SHA-256 of all its bytes.

It is checked when the file is read: one that was damaged or edited later is refused.
"""

import hashlib
import io
import os
import re
from pathlib import Path

import yaml

from icefire.errors import UserError
from icefire.files.metadata import plain
from icefire.files.strict_yaml import load
from icefire.files.writing import REMEDY, check_file, write_text


def lines_of(path: str | os.PathLike) -> list[str]:
    """Give the lines of a text file for astropy, which would take a name with a newline for them.

    A byte order mark at its beginning is left out.
    """
    return Path(path).read_text(encoding="utf-8-sig").split("\n")


def read_text(path: str | os.PathLike, remedy: str) -> str:
    """Read a text. Raises UserError naming the file and the remedy when it is none."""
    check_file(path)
    try:
        return Path(path).read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is no text ({error}); {remedy}") from error


def write_yaml(path: str | os.PathLike, content) -> None:
    """Write plain values as YAML, keys in their order, under a line with their SHA-256."""
    text = yaml.safe_dump(content, sort_keys=False)
    write_text(path, _sealed(f"# sha256: '{_NO_DIGEST}'\n{text}"))


def read_yaml(path: str | os.PathLike, remedy: str = "correct the file", kind: type | None = None):
    """Read a YAML file, safely.

    Raises UserError naming the file and the remedy when it is not YAML, or holds no `kind` (list or
    dict) where that is given, and naming the file when it changed since `write_yaml` wrote it.
    """
    check_file(path)
    text = Path(path).read_bytes()
    content = load(path, text, remedy, own=_check_seal(path, text))
    if kind and not isinstance(content, kind):
        raise UserError(f"{path}: must hold a {_KINDS[kind]}; {remedy}")
    return content


_KINDS = {list: "list", dict: "mapping of keys to values"}


def write_sealed_text(path: str | os.PathLike, text: str, comment: str) -> None:
    """Write a text under a line with its SHA-256, which begins with `comment` (`%`, `..`)."""
    write_text(path, _sealed(f"{comment} sha256: '{_NO_DIGEST}'\n{text}"))


def read_sealed_text(path: str | os.PathLike) -> str:
    """Read what `write_sealed_text` wrote, the line with its SHA-256 left out.

    Raises UserError naming the file when it changed since then, or carries no SHA-256.
    """
    check_file(path)
    text = Path(path).read_bytes()
    first, _, rest = text.partition(b"\n")
    if not _SEAL.search(first):
        raise UserError(f"{path}: damaged, its SHA-256 is gone; {REMEDY}")
    _check_seal(path, text)
    return rest.decode("utf-8")


def write_ecsv(path: str | os.PathLike, table, meta: dict) -> None:
    """Write an astropy table as ECSV with `meta`, and a SHA-256 of it all, as its metadata."""
    write_text(path, ecsv(table, meta))


def ecsv(table, meta: dict) -> str:
    """Give the text that `write_ecsv` writes."""
    table = table.copy(copy_data=False)
    table.meta = {"sha256": _NO_DIGEST} | {
        key: plain(value) for key, value in meta.items() if key != "sha256"
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


def _check_seal(path: str | os.PathLike, text: bytes) -> bool:
    """Compare a text with the digest in it, and tell whether there is one."""
    if found := _SEAL.search(text):
        original = text[: found.start(1)] + _NO_DIGEST.encode("ascii") + text[found.end(1) :]
        if hashlib.sha256(original).hexdigest() != found[1].decode("ascii"):
            raise UserError(f"{path}: damaged or edited, its SHA-256 does not fit; {REMEDY}")
    return found is not None
