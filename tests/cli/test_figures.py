"""Every figure as the journal prints it: width, fonts, sizes, and texts that keep apart."""

import io
import itertools
import os
import re
import shutil
import subprocess
import zlib
from pathlib import Path
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest
from astropy.table import Table
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text

from icefire.files import text_tables

from .calls import REPO
from .chain import LAYOUT

FIGURES = [name for name, step in LAYOUT.steps.items() if "--png" in step.outputs]
# The journal's columns, 3.35 and 7.0 inches, in points
WIDTHS_PT = (241.2, 504.0)
# Smallest letters in print, sub- and superscripts too
SMALLEST_PT = 7.0


class Drawn:
    """A figure's files, and each text in them with its box from the lower left.

    Of `texts` boxes are in pixels of the PNG, of `pdf_texts` in points of the PDF. `maps` has the
    same of each further figure that the step draws.
    """

    def __init__(self, step, monkeypatch):
        maps = [path for flag, path in step.outputs.items() if flag.startswith("--maps")]
        pages: dict[object, tuple[dict, dict]] = {}
        draw = Text.draw

        def recorded(text, renderer):
            if text.get_visible() and text.get_text().strip():
                box = text.get_window_extent(renderer).extents.round(1)
                page = pages.setdefault(text.get_figure(root=True), ({}, {}))
                texts = page[not isinstance(renderer, RendererAgg)]
                texts[text.get_text(), *box.tolist()] = None
            draw(text, renderer)

        with monkeypatch.context() as patched:
            patched.setattr(Text, "draw", recorded)
            self.done = step.call()
        assert (self.done.status, self.done.err) == (0, "")
        files = [
            (step.outputs["--pdf"], step.outputs["--png"]),
            *zip(maps[::2], maps[1::2], strict=True),
        ]
        self.pdf, self.png = files[0]
        self.texts, self.pdf_texts = next(iter(pages.values()))
        self.maps = [
            SimpleNamespace(pdf=pdf, png=png, texts=texts, pdf_texts=pdf_texts)
            for (pdf, png), (texts, pdf_texts) in zip(files, pages.values(), strict=True)
        ][1:]


@pytest.fixture
def drawn(chain, tmp_path, monkeypatch):
    """Draw a changed step of the chain."""

    def draw(name: str, change) -> Drawn:
        return Drawn(change(chain.steps[name].writing_to(tmp_path / "out")), monkeypatch)

    return draw


def streams(pdf: Path) -> bytes:
    """Give the drawing commands of a PDF."""
    content = pdf.read_bytes()
    parts = re.findall(rb"/FlateDecode.*?>>\s*stream\n(.*?)\nendstream", content, re.S)
    return b"\n".join(zlib.decompress(part) for part in parts)


@pytest.fixture(scope="module")
def reader() -> str:
    """The program that draws a PDF: skipped where there is none, but not in CI."""
    program = shutil.which("pdftoppm")
    if program is None:
        reason = "no pdftoppm is installed (tests/packages.txt)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return program


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_fit_to_print(chain, tmp_path, monkeypatch, reader, name):
    step = chain.steps[name].reading("--style", REPO / "config" / "paper.mplstyle")
    figure = Drawn(step.writing_to(tmp_path / "out"), monkeypatch)
    for page in (figure, *figure.maps):
        check_print(page)
        done = subprocess.run([reader, "-r", "150", "-png", page.pdf], capture_output=True)
        assert done.returncode == 0, done.stderr
        for kind, image in (("PDF", io.BytesIO(done.stdout)), ("PNG", page.png)):
            pixels = matplotlib.image.imread(image)[..., :3]
            for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
                assert np.all(edge == 1), kind


def check_print(figure):
    # A width of the journal, the PNG at 300 dpi
    content = figure.pdf.read_bytes()
    _, _, width, height = map(float, re.search(rb"/MediaBox \[(.*?)\]", content)[1].split())
    assert width in WIDTHS_PT
    pixels = matplotlib.image.imread(figure.png).shape[1::-1]
    assert np.allclose(pixels, np.array([width, height]) / 72 * 300, atol=1)

    # All fonts embedded as TrueType, none as drawings of letters
    assert b"/Type3" not in content and b"/Type1" not in content
    fonts = content.count(b"/Type /FontDescriptor")
    assert content.count(b"/FontFile2") == fonts > 0

    # Nothing too small to read
    sizes = [float(size) for size in re.findall(rb"/F\d+ ([\d.]+) Tf", streams(figure.pdf))]
    assert min(sizes) >= SMALLEST_PT

    texts = [text for text, *_ in figure.texts]
    assert "synthetic catalogue" in texts
    assert any(re.search(r"N = \d|\d stars\)", text) for text in texts)

    # In neither file a text is cut off or runs into another
    assert sorted(texts) == sorted(text for text, *_ in figure.pdf_texts)
    assert len(texts) > 5
    for boxes, page in ((figure.texts, pixels), (figure.pdf_texts, (width, height))):
        for text, left, low, right, high in boxes:
            inside = left >= 0 and low >= 0 and right <= page[0] and high <= page[1]
            assert inside, text
        for (one, *a), (other, *b) in itertools.combinations(boxes, 2):
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            assert apart, f"{one!r} and {other!r}"


NAME = "plot_sigma_profile"  # and figure 10 is drawn by the same function


def test_only_chosen_and_verified_sources_are_drawn(chain, drawn, tmp_path):
    step, flag = chain.steps[NAME].writing_to(Path("none")), "--figures-literature"
    table = Table.read(step.inputs["--literature"][0])
    n_rows = int(np.sum(table["source"] == "Cunningham+16"))
    figure = drawn(NAME, lambda step: step.with_flag(flag, "Cunningham+16"))
    assert f"literature values drawn: {n_rows} of {len(table)}" in figure.done.out
    sources = {text.rstrip("*") for text, *_ in figure.texts} & set(table["source"])
    assert sources == {"Cunningham+16"}
    done = step.with_flag(flag, "Cunningham+16,Nobody+99").call()
    assert (done.status, len(done.err.splitlines())) == (2, 1)
    assert f"no verified value of Nobody+99 ({flag})" in done.err and "Yaaqib+24" in done.err
    table["verified"][table["source"] == "Yaaqib+24"] = "no"
    text_tables.write_ecsv(tmp_path / "unverified.ecsv", table, {})
    unverified = step.reading("--literature", tmp_path / "unverified.ecsv")
    texts = {text.rstrip("*") for text, *_ in drawn(NAME, lambda _: unverified).texts}
    assert "Yaaqib+24" not in texts and "Cunningham+16" in texts
    assert "no verified value of Yaaqib+24" in unverified.with_flag(flag, "Yaaqib+24").call().err


def test_a_published_value_beyond_the_frame_stands_at_it_with_its_number(chain, drawn, tmp_path):
    table = Table.read(chain.steps[NAME].inputs["--literature"][0])
    far = table[table["source"] == "Yaaqib+24"]
    far["value"] = 900.0
    text_tables.write_ecsv(tmp_path / "far.ecsv", far, {})
    without = drawn(NAME, lambda step: step.with_flag("--figures-literature", ""))
    # The axis is that of our own values, with or without the one beyond it.
    found = drawn(NAME, lambda step: step.reading("--literature", tmp_path / "far.ecsv"))
    assert sorted(ticks(found)) == sorted([*ticks(without), "900"])


def ticks(figure: Drawn) -> list[str]:
    return [text for text, *_ in figure.texts if re.fullmatch(r"−?[\d.]+", text)]


def test_a_proxy_for_chemistry_is_told(chain, drawn, tmp_path):
    cut = {"chemistry_method": "feh_ranges", "chemistry_insitu_min_feh": -0.7}
    cut["chemistry_accreted_max_feh"] = -1.0

    def change(step):
        for flag in ("--accreted", "--insitu"):
            table = Table.read(step.inputs[flag][0])
            table.meta["parameters"]["select_samples"] = cut
            path = tmp_path / f"table{flag}.ecsv"
            text_tables.write_ecsv(path, table, table.meta)
            step = step.reading(flag, path)
        return step

    said = [
        " ".join(" ".join(text for text, *_ in drawn(NAME, made).texts).split())
        for made in (lambda step: step, change)
    ]
    assert "[Fe/H]" not in said[0]
    assert "accreted: [Fe/H] < −1, in situ: [Fe/H] > −0.7" in said[1]


TEXTS = {
    "mathematics that is none": r"$\foo{$ a $x_$ US$ 5",
    "LaTeX and HTML": r"\input{x} 100 % {a}_b^2 & #1 ~ <script>alert(1)</script> &amp; |x| `y`_",
}


def relabelled(path: Path, folder: Path, meta: dict, **columns: str) -> Path:
    """Copy a table with other metadata and with one text in every row of some columns."""
    table = Table.read(path)
    for name, text in columns.items():
        table[name] = [text] * len(table)
    copy = folder / path.name
    text_tables.write_ecsv(copy, table, {**table.meta, **meta})
    return copy


@pytest.mark.parametrize("kind", TEXTS)
def test_figures_write_such_texts_as_they_are(chain, tmp_path, kind):
    text = TEXTS[kind]
    fields = chain.steps["plot_footprint"]
    (path,) = fields.inputs["--fields"]
    meta = {"catalogue": text, "fields_are": text}
    fields = fields.reading("--fields", relabelled(path, tmp_path, meta))
    profile = chain.steps[NAME]
    (path,) = profile.inputs["--literature"]
    profile = profile.reading("--literature", relabelled(path, tmp_path, {}, source=text))
    for step in (fields, profile):
        done = step.writing_to(tmp_path / "out").call()
        assert (done.status, done.err) == (0, ""), step.name
