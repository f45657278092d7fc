"""A run's numbers as texts quote them: LaTeX macros and reStructuredText substitutions."""

import re

from icefire.numbers.quoting import Quoted, digits, entries, probability, quoted, tex_text

_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
SYNTHETIC = "Synthetic catalogue: nothing here is a measurement of the Galaxy."


def macro(keys: tuple[str, ...]) -> str:
    """Name the macro of an entry: `counts.halo` is icefireCountsHalo, digits are spelled."""

    def spell(name: str) -> str:
        words = "".join(word[:1].upper() + word[1:] for word in re.split(r"[_\W]+", name))
        return re.sub("[0-9]", lambda digit: _DIGITS[int(digit[0])], words)

    return "icefire" + "".join(map(spell, keys))


def macros(numbers: dict) -> str:
    """Write numbers as LaTeX macros: \\icefireCountsHalo is the number with its error and unit.

    ...Value is the bare number; with an interval there are ...Low and ...High, where a number was
    judged ...P, the share of permuted halos that go as far, and where a sound method stands beside
    the paper's recipe ...Sound, ...SoundValue, ...SoundLow and ...SoundHigh; with systematic errors
    ...Systematic, half the width of their interval. \\icefireCatalogue is
    the catalogue's name, \\icefireProvenance says which it is or that it is synthetic.
    """
    lines = [
        "% Made by collect_numbers.py; \\input this file. Unmeasured numbers are \\ldots.",
        "% \\icefireX has value, error and unit; ...Value, ...Low and ...High are bare.",
    ]
    if numbers["catalogue"]["synthetic"]:
        lines.append("% From a SYNTHETIC CATALOGUE: none of these is a measurement of the Galaxy.")
    said = {"Catalogue": name_of(numbers), "Provenance": provenance(numbers)}
    said["Version"] = numbers["catalogue"]["icefire_version"]
    lines += [rf"\newcommand{{\icefire{name}}}{{{tex_text(text)}}}" for name, text in said.items()]
    for keys, entry in entries(numbers):
        number = quoted(entry)
        parts = _parts(number, "lo68" in entry)
        if "sound" in entry:
            sound = _parts(number.sound or Quoted(unit=number.unit), True)
            parts |= {f"Sound{ending}": text for ending, text in sound.items()}
        if "systematic" in entry:
            half = entry["systematic"]
            parts["Systematic"] = "" if half is None else digits(half)
        if "p" in entry:
            parts["P"] = probability(number.p)
        for ending, text in parts.items():
            bare = text.replace("−", "-") or r"\ldots"
            made = bare if ending in ("", "Sound") else rf"\ensuremath{{{bare}}}"
            lines.append(rf"\newcommand{{\{macro(keys)}{ending}}}{{{made}}}")
    return "\n".join(lines) + "\n"


def _parts(number: Quoted, interval: bool) -> dict[str, str]:
    ends = {"Low": number.low, "High": number.high} if interval else {}
    return {"": number.tex(), "Value": number.value.replace(",", "")} | ends


def provenance(numbers: dict) -> str:
    """Say which catalogue the numbers are of, or that it is synthetic."""
    catalogue = numbers["catalogue"]
    return SYNTHETIC if catalogue["synthetic"] else f"Catalogue: {name_of(numbers)}."


def name_of(numbers: dict) -> str:
    """Give the catalogue's name, on one line."""
    return " ".join(str(numbers["catalogue"]["catalogue"]).split()) or "without a name"


def substitutions(numbers: dict) -> str:
    """Write numbers as reStructuredText substitutions: |counts.halo|, |judged.insitu_beta| ...

    |catalogue| is the catalogue's name, |provenance| says whether it is synthetic, |tracer| what
    its stars are. Name and tracer are somebody's texts: escaped, they stay text in whatever the
    document is turned into.
    """
    synthetic = numbers["catalogue"]["synthetic"]
    said = f"**{SYNTHETIC}**" if synthetic else escaped(provenance(numbers))
    name = escaped(name_of(numbers)) + (" (synthetic catalogue)" if synthetic else "")
    texts = {"catalogue": name, "provenance": said}
    texts |= {"tracer": escaped(numbers["catalogue"]["tracer"])}
    texts |= {".".join(keys): str(quoted(entry)) for keys, entry in entries(numbers)}
    return substituted(texts)


def substituted(texts: dict[str, str]) -> str:
    """Write reStructuredText substitutions of these texts, each of one line."""
    lines = [".. Made by icefire; include this file and write |NAME|.", ""]
    return "\n".join(lines + [f".. |{key}| replace:: {text}" for key, text in texts.items()]) + "\n"


def _bounds(bounds: dict) -> str:
    """Say which lines figure 1 has."""
    texts = {"min_dec_deg": "declination {:g}°", "min_abs_b_deg": "Galactic latitude ±{:g}°"}
    said = [text.format(bounds[key]) for key, text in texts.items() if key in bounds]
    return f"lines at its bounds, {' and '.join(said)}" if said else "no lines of its bounds"


def escaped(text: str) -> str:
    """Make reStructuredText read every character of a text, on one line, as itself."""
    return re.sub(r"([^A-Za-z0-9 ])", r"\\\1", " ".join(text.split()))


def marked(text: str) -> str:
    """Escape a text for reStructuredText, but set σ_r, β_r and v_r with their subscripts."""
    return re.sub(r"(\\[σβ]|\bv)\\_\\?([a-zφθ])", r"\1\\ :sub:`\2`\\ ", escaped(text))


def quote(entry: dict) -> str:
    """Write a number with its unit and, if it has one, its error."""
    return str(quoted(entry))
