"""A run's numbers as texts quote them: LaTeX macros and reStructuredText substitutions."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Of an entry, and the ending of its macro
_ENDINGS = (
    *(("value", ""), ("lo68", "Low"), ("hi68", "High"), ("p", "P")),
    *(("sound", "Sound"), ("sound_lo68", "SoundLow"), ("sound_hi68", "SoundHigh")),
)
_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def _entries(group: dict, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict]]:
    """Give every number below a group of numbers.yaml with the keys that lead to it."""
    for key, entry in group.items():
        if "value" in entry:
            yield (*keys, key), entry
        elif (*keys, key) != ("catalogue",):
            yield from _entries(entry, (*keys, key))


def macros(numbers: dict) -> str:
    """Write numbers as LaTeX macros: \\icefireCountsHalo; with an interval, ...Low and ...High.

    Those of `judged` have ...P, the share of permuted halos that go as far, as well; where another
    method stands beside the paper's recipe, what it gives is ...Sound, ...SoundLow, ...SoundHigh.
    """

    def spell(name: str) -> str:
        words = "".join(word[:1].upper() + word[1:] for word in re.split(r"[_\W]+", name))
        return re.sub("[0-9]", lambda digit: _DIGITS[int(digit[0])], words)

    lines = ["% Made by collect_numbers.py; \\input this file. Unmeasured numbers are \\ldots."]
    if numbers["catalogue"]["synthetic"]:
        lines.append("% From a SYNTHETIC CATALOGUE: none of these is a measurement of the Galaxy.")
    for keys, entry in _entries(numbers):
        name = "".join(map(spell, keys))
        for key, ending in _ENDINGS:
            if key in entry:
                text = "\\ldots" if entry[key] is None else f"{entry[key]:.4g}"
                if isinstance(entry[key], int):
                    text = str(entry[key])
                lines.append(f"\\newcommand{{\\icefire{name}{ending}}}{{{text}}}")
    return "\n".join(lines) + "\n"


def substitutions(numbers: dict) -> str:
    """Write numbers as reStructuredText substitutions: |counts.halo|, |quadrant.first_beta| ...

    |catalogue| is the catalogue's name, |provenance| says whether it is synthetic. The name is
    somebody's text: escaped, it stays text in whatever the document is turned into.
    """
    name = escaped(str(numbers["catalogue"]["catalogue"])) or "without a name"
    if numbers["catalogue"]["synthetic"]:
        name += " (synthetic catalogue)"
        provenance = "**Synthetic catalogue: nothing here is a measurement of the Galaxy.**"
    else:
        provenance = f"Catalogue: {name}."
    texts = {"catalogue": name, "provenance": provenance}
    texts |= {".".join(keys): quote(entry) for keys, entry in _entries(numbers)}
    lines = [".. Made by collect_numbers.py; include this file and write |counts.halo|.", ""]
    return "\n".join(lines + [f".. |{key}| replace:: {text}" for key, text in texts.items()]) + "\n"


def escaped(text: str) -> str:
    """Make reStructuredText read every character of a text, on one line, as itself."""
    return re.sub(r"([^A-Za-z0-9 ])", r"\\\1", " ".join(text.split()))


def quote(entry: dict) -> str:
    """Write a number with its unit and 68 % interval, if it has one; then a sound method's."""

    def text(value) -> str:
        return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"

    if entry["value"] is None:
        return "(not measured)"
    quoted = f"{text(entry['value'])} {entry.get('unit', '')}".rstrip()
    if entry.get("lo68") is not None:
        quoted += f" ({text(entry['lo68'])} to {text(entry['hi68'])})"
    if entry.get("sound") is not None:
        ends = f"{text(entry['sound_lo68'])} to {text(entry['sound_hi68'])}"
        quoted += f"; sound {text(entry['sound'])} ({ends})"
    return quoted
