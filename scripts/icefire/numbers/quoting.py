"""Numbers as texts have them: rounded to their errors, with thousands separators and units.

The mean of the two errors keeps two significant digits, and the value the same place. A number
without an interval keeps three significant digits; a count or a setting (`exact`) all.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

UNITS_TEX = {"km/s": r"\mathrm{km\,s^{-1}}", "deg": r"^{\circ}"}
UNITS_TEX |= {"10^11 Msun": r"\times 10^{11}\,M_{\odot}"}
# As readers have them; numbers.yaml is in ASCII
UNITS_TEXT = {"10^11 Msun": "× 10¹¹ M☉"}
NOTHING = "not measured"


@dataclass(frozen=True)
class Quoted:
    """A number ready to be written: its digits, errors up and down, and the ends of its interval.

    `value` is empty where nothing was measured; `up` and `down` where there is no interval, or one
    that lies to one side of the value. `sound` is what a sound method has, beside the paper's.
    """

    value: str = ""
    up: str = ""
    down: str = ""
    low: str = ""
    high: str = ""
    unit: str = ""
    p: float | None = field(default=None, compare=False)
    sound: "Quoted | None" = None

    @property
    def error(self) -> str:
        """The error, with its sign or signs."""
        return f"± {self.up}" if self.up == self.down else f"+{self.up} −{self.down}"

    def __str__(self) -> str:
        """Write the number for a reader: `70.1 ± 2.0 km/s`."""
        if not self.value:
            return f"({NOTHING})"
        text = f"{self.value} {self.error}" if self.up else self.value
        if self.low and not self.up:
            text += f" ({self.low} to {self.high})"
        text = f"{text} {UNITS_TEXT.get(self.unit, self.unit)}".rstrip()
        return (
            text if self.sound is None else f"{text} (sound: {self.sound.value} {self.sound.error})"
        )

    def tex(self) -> str:
        """Write the same for LaTeX, in or outside of its mathematics."""
        if not self.value:
            return r"\ensuremath{\ldots}"
        unit = UNITS_TEX.get(self.unit, rf"\mathrm{{{self.unit}}}" if self.unit else "")
        value = self.value.replace(",", "{,}")
        if self.up:
            same = self.up == self.down
            value += rf" \pm {self.up}" if same else f"^{{+{self.up}}}_{{-{self.down}}}"
        elif self.low:
            value += rf"\ ({self.low}\ldots {self.high})"
        if self.up and unit:
            value = f"({value})" if self.up == self.down else f"{{{value}}}"
        text = value + (unit if self.unit == "deg" else rf"\,{unit}" if unit else "")
        return rf"\ensuremath{{{text.replace('−', '-')}}}"


def quoted(entry: dict) -> Quoted:
    """Round an entry of numbers.yaml to its error."""
    number = _rounded(entry)
    if entry.get("sound") is None:
        return number
    sound = {key.replace("sound_", ""): entry[key] for key in ("sound_lo68", "sound_hi68")}
    return replace(number, sound=_rounded({"unit": number.unit, "value": entry["sound"], **sound}))


def _rounded(entry: dict) -> Quoted:
    value, unit, p = entry["value"], entry.get("unit", ""), entry.get("p")
    if value is None:
        return Quoted(unit=unit, p=p)
    low, high = entry.get("lo68"), entry.get("hi68")
    if low is None or high is None:
        text = f"{value:,}".replace("-", "−") if entry.get("exact") else digits(value)
        return Quoted(text, unit=unit, p=p)
    up, down = high - value, value - low
    places = decimals((high - low) / 2, value)
    ends = (_fixed(low, places), _fixed(high, places))
    errors = (_fixed(up, places), _fixed(down, places)) if min(up, down) >= 0 else ("", "")
    return Quoted(_fixed(value, places), *errors, *ends, unit, p)


def digits(value: float) -> str:
    """Write a number that has no error: an integer in full, another with three digits."""
    if isinstance(value, int) or value == 0:
        return _fixed(value, 0)
    if not 1e-4 <= abs(value) < 1e6:
        return f"{value:.2g}".replace("-", "−")
    text = _fixed(value, max(0, 2 - math.floor(math.log10(abs(value)))))
    return text.rstrip("0").rstrip(".") if "." in text else text


def probability(p: float | None) -> str:
    """Write a p with two significant digits; nothing where there is none."""
    if p is None or not math.isfinite(p):
        return ""
    places = min(1 - math.floor(math.log10(p)), 12) if p > 0 else 0
    return f"{p:.{places}f}".rstrip("0").rstrip(".") if places else f"{p:.0f}"


def decimals(error: float, value: float) -> int:
    """Give the places behind the point that an error leaves: two digits of it; at most six."""
    size = error if error > 0 else abs(value) / 100
    return min(max(0, 1 - math.floor(math.log10(size))), 6) if size > 0 else 0


def _fixed(value: float, places: int) -> str:
    text = f"{value:,.{places}f}"
    return text.lstrip("-") if not float(text.replace(",", "")) else text.replace("-", "−")


def entries(group: dict, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict]]:
    """Give every number below a group of numbers.yaml with the keys that lead to it."""
    for key, entry in group.items():
        if isinstance(entry, dict) and "value" in entry:
            yield (*keys, key), entry
        elif isinstance(entry, dict):
            yield from entries(entry, (*keys, key))


def written(text: str) -> str:
    """Write symbols that a text spells: sigma_r as σ_r, beta as β, +- as ±, -5 as −5."""
    spelled = re.sub(r"(?<![A-Za-z])(?:sigma|beta|alpha|theta|phi)(?![A-Za-z])", _letter, text)
    spelled = spelled.replace("+-", "±").replace(">=", "≥").replace("<=", "≤")
    return re.sub(r"(?<![\w.])-(?=\d)", "−", spelled)


def _letter(match: re.Match) -> str:
    return {"sigma": "σ", "beta": "β", "alpha": "α", "theta": "θ", "phi": "φ"}[match[0]]


# --- LaTeX -----------------------------------------------------------------------------------

_GREEK = {"σ": r"\sigma", "β": r"\beta", "α": r"\alpha", "φ": r"\phi", "θ": r"\theta"}
_GREEK |= {"γ": r"\gamma", "τ": r"\tau"}
_TEX = {"±": r"$\pm$", "−": "$-$", "–": "--", "≥": r"$\geq$", "≤": r"$\leq$", "|": "$|$"}
_TEX |= {"<": "$<$", ">": "$>$", "^": r"\^{}", "~": r"\~{}", "\\": r"\textbackslash{}"}
_TEX |= {character: f"\\{character}" for character in "%&#_{}$"} | {"°": r"$^{\circ}$"}
_TEX |= {"¹": "$^1$", "²": "$^2$", "☉": r"$_{\odot}$"}


def tex_text(text: str) -> str:
    """Write a text for LaTeX, which means what it says, whatever characters are in it."""
    parts = re.split(r"([σβα](?:_[a-zφθ])?|\bv_[a-zφθ])", text)
    return "".join(_symbol(part) if i % 2 else _plain(part) for i, part in enumerate(parts))


def _symbol(text: str) -> str:
    letters = (_GREEK.get(letter, letter) for letter in text.split("_"))
    return "$" + "_{".join(letters) + ("}" if "_" in text else "") + "$"


def _plain(text: str) -> str:
    return "".join(f"${_GREEK[c]}$" if c in _GREEK else _TEX.get(c, c) for c in text)
