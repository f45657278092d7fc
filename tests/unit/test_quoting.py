"""Quoted numbers: what a reader of a manuscript or a caption gets to see."""

import html
import re
import warnings

import pytest
from docutils.core import publish_parts
from hypothesis import given, settings
from hypothesis import strategies as st

from icefire.errors import UserError
from icefire.files import text_tables
from icefire.numbers import quoting, texts


def rendered(text: str) -> str:
    """Give the text of one paragraph of reStructuredText as a browser shows it."""
    with warnings.catch_warnings(action="ignore"):
        body = publish_parts(text, writer_name="html")["body"]
    assert "system-message" not in body and "<script" not in body, body
    (found,) = re.findall(r"<p>(.*?)</p>", body, re.S)
    return html.unescape(re.sub("</?strong>", "", found))


SURVEY = {"catalogue": "My Survey", "synthetic": False, "tracer": "giants", "bounds": {}}
SURVEY |= {"icefire_version": "0.1.0"}
NUMBERS = {
    "catalogue": SURVEY,
    "counts": {"halo": {"value": 10469}},
    "map": {
        "cold": {"sigma_r": {"value": 63.6745, "lo68": 57.9162, "hi68": 69.4329, "unit": "km/s"}},
        "angle_2": {"value": None, "lo68": None, "hi68": None, "unit": "deg"},
    },
}


def test_substitutions_give_values_units_and_intervals():
    text = texts.substitutions(NUMBERS)
    shown = rendered(text + "\n|counts.halo|; |map.cold.sigma_r|; |map.angle_2|; |provenance|\n")
    assert shown == "10,469; 63.7 ± 5.8 km/s; (not measured); Catalogue: My Survey."


def test_a_sound_method_stands_beside_in_texts_and_macros():
    sound = {"sound": 149.6, "sound_lo68": 126.2, "sound_hi68": 189.4}
    entry = {"value": 150.2, "lo68": 146.1, "hi68": 153.3, "unit": "km/s", **sound}
    assert texts.quote(entry) == "150.2 +3.1 −4.1 km/s (sound: 150 +40 −23)"
    assert r"{\icefireHotSoundHigh}{\ensuremath{189}}" in texts.macros(NUMBERS | {"hot": entry})


def test_stars_are_called_what_the_survey_s_map_calls_them():
    numbers = {**NUMBERS, "catalogue": SURVEY | {"tracer": "BHB *stars*"}}
    assert rendered(texts.substitutions(numbers) + "\n|tracer|\n") == "BHB *stars*"


def test_only_a_synthetic_catalogue_is_called_so():
    assert "ynthetic" not in texts.substitutions(NUMBERS)
    synthetic = {**NUMBERS, "catalogue": SURVEY | {"synthetic": True}}
    shown = rendered(texts.substitutions(synthetic) + "\n|catalogue| |provenance|\n")
    assert shown == (
        "My Survey (synthetic catalogue) "
        "Synthetic catalogue: nothing here is a measurement of the Galaxy."
    )


def test_macros_spell_names_in_letters():
    lines = texts.macros(NUMBERS).splitlines()[2:]
    assert lines == [
        r"\newcommand{\icefireCatalogue}{My Survey}",
        r"\newcommand{\icefireProvenance}{Catalogue: My Survey.}",
        r"\newcommand{\icefireVersion}{0.1.0}",
        r"\newcommand{\icefireCountsHalo}{\ensuremath{10{,}469}}",
        r"\newcommand{\icefireCountsHaloValue}{\ensuremath{10469}}",
        r"\newcommand{\icefireMapColdSigmaR}{\ensuremath{(63.7 \pm 5.8)\,\mathrm{km\,s^{-1}}}}",
        r"\newcommand{\icefireMapColdSigmaRValue}{\ensuremath{63.7}}",
        r"\newcommand{\icefireMapColdSigmaRLow}{\ensuremath{57.9}}",
        r"\newcommand{\icefireMapColdSigmaRHigh}{\ensuremath{69.4}}",
        r"\newcommand{\icefireMapAngleTwo}{\ensuremath{\ldots}}",
        r"\newcommand{\icefireMapAngleTwoValue}{\ensuremath{\ldots}}",
        r"\newcommand{\icefireMapAngleTwoLow}{\ensuremath{\ldots}}",
        r"\newcommand{\icefireMapAngleTwoHigh}{\ensuremath{\ldots}}",
    ]


@pytest.mark.parametrize(
    ("entry", "text", "tex"),
    [
        ((7, None, None), "7", "7"),
        ((-1234.56, None, None), "−1,235", "-1{,}235"),
        ((0.041, None, None), "0.041", "0.041"),
        ((2e-7, None, None), "2e−07", "2e-07"),
        ((131.188, 130.62, 131.757), "131.19 ± 0.57", r"131.19 \pm 0.57"),
        ((115.4, 94.1, 136.6), "115 ± 21", r"115 \pm 21"),
        ((345.2, 211.0, 480.0), "345 +135 −134", "345^{+135}_{-134}"),
        ((-0.231, -0.561, 0.029), "−0.23 +0.26 −0.33", "-0.23^{+0.26}_{-0.33}"),
        # A value on the end of its interval, one outside of it, and an interval of no width
        ((0.0, 0.0, 0.0914), "0.000 +0.091 −0.000", "0.000^{+0.091}_{-0.000}"),
        ((0.2, 0.31, 0.52), "0.20 (0.31 to 0.52)", r"0.20\ (0.31\ldots 0.52)"),
        ((1, 1, 1), "1.000 ± 0.000", r"1.000 \pm 0.000"),
        ((None, None, None), "(not measured)", r"\ldots"),
    ],
)
def test_numbers_are_rounded_to_their_errors(entry, text, tex):
    number = quoting.quoted(dict(zip(("value", "lo68", "hi68"), entry, strict=True)))
    assert (str(number), number.tex()) == (text, rf"\ensuremath{{{tex}}}")


def test_an_angle_with_two_errors_is_no_double_superscript():
    entry = {"value": 32.1, "lo68": 14.0, "hi68": 48.0, "unit": "deg"}
    assert quoting.quoted(entry).tex() == r"\ensuremath{{32^{+16}_{-18}}^{\circ}}"


def test_a_setting_keeps_all_its_digits():
    assert texts.quote({"value": 245.62, "unit": "km/s", "exact": True}) == "245.62 km/s"


def test_subscripts_are_set_and_nothing_else_changes():
    body = publish_parts(texts.marked("σ_r, v_φ and a_b of |Z|"), writer_name="html")["body"]
    assert "σ<sub>r</sub>, v<sub>φ</sub> and a_b of |Z|" in body


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
    numbers = {**NUMBERS, "catalogue": SURVEY | {"catalogue": name}}
    shown = rendered(texts.substitutions(numbers) + "\nFrom |catalogue|.\n")
    assert shown == f"From {' '.join(name.split())}."
    # In LaTeX it is in two macros, on a line, and no character of it does anything.
    lines, own = (texts.macros(which).splitlines() for which in (numbers, NUMBERS))
    for place, (line, other) in enumerate(zip(lines, own, strict=True)):
        if line != other:
            said = line.partition("}{")[2][:-1]
            assert place in (2, 3) and line.startswith(r"\newcommand{\icefire")
            bare = re.sub(r"\\textbackslash\{\}|\\\^\{\}|\\~\{\}|\\[%&#_{}$]|\$[<>|]\$", "", said)
            assert not re.search(r"[\\%&#_{}$^~]", bare), said


@settings(max_examples=40)
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
