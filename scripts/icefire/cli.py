"""What every script's command line shares: parser, errors, progress, counts in the log."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator

from icefire import __version__
from icefire.errors import UserError


class _Parser(argparse.ArgumentParser):
    """Argument parser without abbreviations: a shortened flag is a typing mistake."""

    def __init__(self, **kwargs):
        super().__init__(
            allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )


def parser(doc: str) -> argparse.ArgumentParser:
    """Make a script's parser from its module docstring, which holds the usage lines."""
    made = _Parser(description=doc)
    made.add_argument("--version", action="version", version=f"icefire {__version__}")
    return made


def run(parser: argparse.ArgumentParser, work: Callable, argv: list[str] | None) -> int:
    """Parse `argv`, do `work(arguments)`, and turn a user's mistake into one line and status 2."""
    arguments = parser.parse_args(argv)
    try:
        work(arguments)
    except UserError as error:
        message = str(error)
    except OSError as error:
        # A missing, unreadable or unwritable path is the user's to put right; the name says which.
        if error.filename is None:
            raise
        message = f"{error.filename}: {error.strerror or error}"
    except MemoryError as error:
        message = f"out of memory ({error or 'no more of it'}); free some, or allow the job more"
    else:
        return 0
    print(f"{parser.prog}: error: {_one_line(message)}", file=sys.stderr)
    return 2


def _one_line(text: str) -> str:
    """Join lines, and write out what is no character to print: a file may have any name."""
    joined = re.sub(r"\s*[\n\r]\s*", " ", text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in joined)


def finite(text: str) -> float:
    """Read a flag's value as a finite number (argparse names the flag when it is not)."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not finite")
    return value


def positive(text: str) -> float:
    """Read a flag's value as a finite number above zero."""
    value = finite(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return value


def not_negative(text: str) -> float:
    """Read a flag's value as a finite number of zero or more."""
    value = finite(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below zero")
    return value


def count(text: str) -> int:
    """Read a flag's value as a whole number of one or more."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not one or more")
    return value


def numbers(text: str) -> tuple[float, ...]:
    """Read numbers with commas between them."""
    return tuple(finite(part) for part in text.split(","))


def triple(text: str) -> tuple[float, ...]:
    """Read three numbers with commas between them."""
    found = numbers(text)
    if len(found) != 3:
        raise argparse.ArgumentTypeError(f"{text} is not three numbers")
    return found


def points(text: str) -> tuple[tuple[float, ...], ...]:
    """Read pairs of numbers with colons between them: `x,y:x,y:...`; none in an empty text."""
    found = tuple(numbers(part) for part in text.split(":") if part)
    if any(len(pair) != 2 for pair in found):
        raise argparse.ArgumentTypeError(f"{text} is not a list of pairs")
    return found


def polygon(text: str) -> tuple[tuple[float, ...], ...]:
    """Read the vertices of a polygon, `x,y:x,y:...`; none in an empty text."""
    found = points(text)
    if 0 < len(found) < 3:
        raise argparse.ArgumentTypeError(f"{text} has fewer than three vertices")
    return found


def ranges(text: str) -> tuple[tuple[float, ...], ...]:
    """Read ranges, `from,to:from,to:...`, each from the lower to the higher number."""
    found = points(text)
    if any(low >= high for low, high in found):
        raise argparse.ArgumentTypeError(f"{text} has a range that does not go upward")
    return found


def progress(items: Iterable, total: int, label: str) -> Iterator:
    """Pass `items` on, showing how far along they are on a terminal and nothing in a log."""
    if not sys.stderr.isatty():
        yield from items
        return
    for done, item in enumerate(items):
        print(f"\r{label}: {100 * done // max(total, 1):3d} %", end="", file=sys.stderr, flush=True)
        yield item
    print(f"\r{label}: 100 %", file=sys.stderr)


def report(name: str, count: int, of: int | None = None) -> None:
    """Print one count to the log: `name: 12 of 34`."""
    print(f"{name}: {count:,}" + (f" of {of:,}" if of is not None else ""))
