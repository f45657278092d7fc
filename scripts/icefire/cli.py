"""What all command lines share: parser, sections of the configuration, errors, progress, log."""

import argparse
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from icefire import __version__
from icefire.errors import UserError


class _Parser(argparse.ArgumentParser):
    """Argument parser without abbreviations: a shortened flag is a typing mistake."""

    def __init__(self, **kwargs):
        super().__init__(
            allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )


def parser(doc: str) -> argparse.ArgumentParser:
    """Make a script's parser from its module docstring."""
    made = _Parser(description=doc)
    made.add_argument("--version", action="version", version=f"icefire {__version__}")
    return made


def run(parser: argparse.ArgumentParser, work: Callable, argv: list[str] | None = None) -> int:
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


@dataclass(frozen=True)
class Section:
    """A section of the configuration as flags, declared once by the room that uses it.

    The key `min_abs_z_kpc` of the section `halo` is the flag `--halo-min-abs-z-kpc`, and
    `halo_min_abs_z_kpc` among the parsed arguments and in the metadata of tables.

    Attributes:
        name: Of the section; of one inside another, with a dot: `geometry.xy`.
        kinds: What reads the text of each key's value: a function, `bool`, or the names to choose
            from.
        optional: Keys that a step may be called without; they are None then.
    """

    name: str
    kinds: Mapping[str, Callable | tuple[str, ...]]
    optional: tuple[str, ...] = ()

    def parameter(self, key: str) -> str:
        """Name a key as arguments and metadata have it."""
        return f"{self.name}.{key}".replace(".", "_")

    def add_flags(self, parser: argparse.ArgumentParser, *keys: str) -> None:
        """Add the flags of these keys, by default of all."""
        for key in keys or self.kinds:
            kind = self.kinds[key]
            options = {"required": key not in self.optional}
            options["help"] = f"{self.name}.{key} of the configuration"
            if kind is bool:
                options["action"] = argparse.BooleanOptionalAction
            elif callable(kind):
                options["type"] = kind
                options["metavar"] = "VALUE"
            else:
                options["choices"] = kind
            parser.add_argument("--" + self.parameter(key).replace("_", "-"), **options)

    def values(self, parameters: argparse.Namespace | Mapping) -> dict:
        """Take this section's values, by key, from arguments or a table's metadata.

        Keys without a flag, or without a value, are left out.
        """
        known = parameters if isinstance(parameters, Mapping) else vars(parameters)
        named = {key: known.get(self.parameter(key)) for key in self.kinds}
        return {key: value for key, value in named.items() if value is not None}


def parameters(arguments: argparse.Namespace, *sections: Section) -> dict:
    """Give the parameters of a step as its tables' metadata carry them, by their full names."""
    return {
        section.parameter(key): value
        for section in sections
        for key, value in section.values(arguments).items()
    }


def finite(text: str) -> float:
    """Read a flag's value as a finite number (argparse names the flag when it is not)."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not finite")
    return value


def _limited(name: str, read: Callable, holds: Callable, fault: str) -> Callable:
    """Make what reads a flag's value with `read`, and refuses one for which `holds` is false."""

    def value(text: str):
        found = read(text)
        if not holds(found):
            raise argparse.ArgumentTypeError(f"{text} {fault}")
        return found

    # argparse calls a text that is no number an invalid one of these.
    value.__name__ = name
    return value


positive = _limited("positive", finite, lambda value: value > 0, "is not above zero")
not_negative = _limited("not_negative", finite, lambda value: value >= 0, "is below zero")
count = _limited("count", int, lambda value: value >= 1, "is not one or more")
seed = _limited("seed", int, lambda value: value >= 0, "is below zero")
share = _limited("share", not_negative, lambda value: value < 1, "is not below one")
power_of_two = _limited(
    "power_of_two", count, lambda value: not value & (value - 1), "is not a power of two"
)


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


def names(text: str) -> tuple[str, ...]:
    """Read names with commas between them; none in an empty text."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


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
