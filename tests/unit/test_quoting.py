"""Quoted numbers: what a reader of a manuscript or a caption gets to see."""

from __future__ import annotations

import html
import re
import warnings

import pytest
from docutils.core import publish_parts
from hypothesis import given
from hypothesis import strategies as st

from icefire.errors import UserError
from icefire.files import text_tables
from icefire.numbers import texts


def rendered(text: str) -> str:
    """Give the text of one paragraph of reStructuredText as a browser shows it."""
    with warnings.catch_warnings(action="ignore"):
        body = publish_parts(text, writer_name="html")["body"]
    assert "system-message" not in body and "<script" not in body, body
    (found,) = re.findall(r"<p>(.*?)</p>", body, re.S)
    return html.unescape(re.sub("</?strong>", "", found))


NUMBERS = {
    "catalogue": {"catalogue": "My Survey", "synthetic": False},
    "counts": {"halo": {"value": 10469}},
    "map": {
        "cold": {"sigma_r": {"value": 63.6745, "lo68": 57.9162, "hi68": 69.4329, "unit": "km/s"}},
        "angle_2": {"value": None, "lo68": None, "hi68": None, "unit": "deg"},
    },
}


def test_substitutions_give_values_units_and_intervals():
    text = texts.substitutions(NUMBERS)
    shown = rendered(text + "\n|counts.halo|; |map.cold.sigma_r|; |map.angle_2|; |provenance|\n")
    assert shown == ("10,469; 63.7 km/s (57.9 to 69.4); (not measured); Catalogue: My Survey.")


def test_a_sound_method_stands_beside_in_texts_and_macros():
    sound = {"sound": 149.6, "sound_lo68": 126.2, "sound_hi68": 189.4}
    entry = {"value": 150.2, "lo68": 146.1, "hi68": 153.3, "unit": "km/s", **sound}
    assert texts.quote(entry) == "150 km/s (146 to 153); sound 150 (126 to 189)"
    assert r"{\icefireHotSoundHigh}{189.4}" in texts.macros(NUMBERS | {"hot": entry})


def test_only_a_synthetic_catalogue_is_called_so():
    assert "ynthetic" not in texts.substitutions(NUMBERS)
    synthetic = {**NUMBERS, "catalogue": {"catalogue": "My Survey", "synthetic": True}}
    shown = rendered(texts.substitutions(synthetic) + "\n|catalogue| |provenance|\n")
    assert shown == (
        "My Survey (synthetic catalogue) "
        "Synthetic catalogue: nothing here is a measurement of the Galaxy."
    )


def test_macros_spell_names_in_letters():
    lines = texts.macros(NUMBERS).splitlines()[1:]
    assert lines == [
        r"\newcommand{\icefireCountsHalo}{10469}",
        r"\newcommand{\icefireMapColdSigmaR}{63.67}",
        r"\newcommand{\icefireMapColdSigmaRLow}{57.92}",
        r"\newcommand{\icefireMapColdSigmaRHigh}{69.43}",
        r"\newcommand{\icefireMapAngleTwo}{\ldots}",
        r"\newcommand{\icefireMapAngleTwoLow}{\ldots}",
        r"\newcommand{\icefireMapAngleTwoHigh}{\ldots}",
    ]


HOSTILE = [
    "<script>alert(1)</script>",
    "a_ `b`_ |c| *d* **e** [1]_ http://f.org",
    ".. raw:: html\n\n   <b>bold</b>",
    "x\n\n.. include:: README.md",
    "| - :role:`x` \\ {{ 7 * 7 }}",
    "\\input{/etc/passwd}\n\\end 100 % of {it}_x^2",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_catalogue_s_name_stays_a_text(name):
    numbers = {**NUMBERS, "catalogue": {"catalogue": name, "synthetic": False}}
    shown = rendered(texts.substitutions(numbers) + "\nFrom |catalogue|.\n")
    assert shown == f"From {' '.join(name.split())}."
    # In LaTeX it is in a comment, and nowhere else.
    comment, *lines = texts.macros(numbers).splitlines()
    assert comment.startswith("%") and lines == texts.macros(NUMBERS).splitlines()[1:]


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zs", "Zl", "Zp", "Cn"))))
def test_escaped_text_is_read_as_itself(text):
    assert rendered(texts.escaped(f"x{text}y")) == f"x{text}y"


@pytest.mark.parametrize("comment", ["%", ".."])
def test_a_sealed_text_tells_every_change(tmp_path, comment):
    path = tmp_path / "numbers.txt"
    text = texts.macros(NUMBERS) if comment == "%" else texts.substitutions(NUMBERS)
    text_tables.write_sealed_text(path, text, comment)
    whole = path.read_bytes()
    assert text_tables.read_sealed_text(path) == text
    assert whole.decode().startswith(f"{comment} sha256: '")
    for changed in (
        whole.replace(b"10", b"11", 1),
        whole[:-1],
        whole + b"\n",
        whole.partition(b"\n")[2],
        b"",
        whole.replace(b"'", b"", 1),
    ):
        path.write_bytes(changed)
        with pytest.raises(UserError, match=r"numbers\.txt: damaged"):
            text_tables.read_sealed_text(path)


def test_the_seal_does_not_show():
    sealed = ".. sha256: '" + 64 * "a" + "'\n" + texts.substitutions(NUMBERS)
    assert rendered(sealed + "\n|counts.halo|\n") == "10,469"
