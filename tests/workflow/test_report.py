"""The report as a reader has it: opened without a network, every result clicked and looked at."""

import base64
import json
import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest
import yaml
from astropy.table import Table
from changes import changed
from cli.calls import call

from icefire.article import captions
from icefire.files import text_tables, writing
from icefire.numbers import quoting, texts

from .browser import chromium
from .conftest import QUICK, TARGETS, snakemake
from .test_quick_run import FIGURES

SECTIONS = [
    *("1. The survey", "2. Maps", "3. Profiles", "4. Tables"),
    *("5. Synthetic catalogue", "6. Error bars", "7. Significance"),
    *("8. Sensitivity", "9. Mass"),
]
PAGES = ("ledger", "unbound", "paper_comparison", "synthetic_check", "synthetic_cuts")
PAGES += ("numbers", "configuration", "verified")
# A catalogue's name that would be a program, or markup
NAME = "<script>alert(1)</script> `a`_ |b| <img src=x onerror=alert(2)>"
MAPS = ("beta_xy", "beta_xz", "beta_sky")
# What shows a result: the image or the frame beside the menu, once it is another one than before
SHOWN = """(() => {
    const shown = document.querySelector("#app .grow.h-screen :is(img, iframe)");
    const name = shown && shown.src.match(/filename=([^;]*)/)[1];
    const whole = shown && (shown.tagName == "IFRAME" || shown.complete && shown.naturalWidth);
    return name != %s && whole && [name, shown.naturalWidth || 0];
})()"""
FRONT = "document.querySelector('#app .prose')?.innerText"
LINKS = "document.querySelectorAll('#app .prose a')"
# What the figures of the first page are called, once they are drawn
DRAWN = """(() => {
    const images = [...document.querySelectorAll("#app .shown img")];
    return images.every(i => i.naturalWidth > 500) && images.map(i => i.alt);
})()"""
CLICK = """(link => link && (link.click(), true))(
    [...document.querySelectorAll("nav a")].findLast(a => a.innerText.trim() == %s)
)"""


def make_report(folder: Path) -> Path:
    """Make the report of the quick run as a machine without a network does."""
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    path = folder / "results" / "quick" / "report.html"
    done = snakemake(folder, *TARGETS, *QUICK, "--report", str(path), env={**os.environ, **nowhere})
    assert done.returncode == 0, done.stdout + done.stderr
    return path


def click(browser, text: str) -> None:
    browser.wait(CLICK % json.dumps(text))


def walk(browser) -> dict[str, dict]:
    """Click through every section; give what each result showed, by its file's name."""
    found, before = {}, None
    for section in SECTIONS:
        click(browser, section)
        for row in range(browser.wait("document.querySelectorAll('nav tbody tr').length")):
            eye, info = (
                f"[...document.querySelectorAll('nav tbody tr')][{row}]"
                f".querySelectorAll('a')[{i}].click()"
                for i in (0, 1)
            )
            browser.run(eye)
            before, width = browser.wait(SHOWN % json.dumps(before))
            text = browser.text_of_frame() if before.endswith(".html") else ""
            browser.run(info)
            caption = browser.wait("document.querySelector('nav .prose')?.innerText")
            found[before] = {"width": width, "text": text, "caption": caption, "in": section}
            click(browser, section)
        click(browser, "Results")
    return found


@pytest.fixture(scope="module")
def named(quick_run, tmp_path_factory) -> Path:
    """A copy of the quick run with another name of the catalogue: in every caption, in a cell."""
    folder = tmp_path_factory.mktemp("named") / "copy"
    # Hard links are enough: what is changed below is replaced, not written into.
    subprocess.run(["cp", "-al", str(quick_run), str(folder)], check=True)
    results = folder / "results" / "quick"
    numbers = yaml.safe_load((results / "numbers.yaml").read_text())
    numbers["catalogue"] |= {"catalogue": NAME, "synthetic": False}
    said = texts.substitutions(numbers)
    said = re.sub(r"^(\.\. \|provenance\| .*)", rf"\1 {texts.SYNTHETIC}", said, flags=re.M)
    writing.write_text(results / "numbers.rst", said)
    said = {path.stem: path.read_text() for path in (folder / "figures" / "quick").rglob("*.txt")}
    article = json.loads((results / "article.json").read_text())
    said["abstract"] = f"{article['abstract']}\n\n{texts.SYNTHETIC}"
    both = f"Catalogue: {NAME}.\n\n{texts.SYNTHETIC}"
    said = {stem: text.replace(texts.SYNTHETIC, both) for stem, text in said.items()}
    writing.write_text(results / "captions.rst", captions.substitutions(said))
    ledger = text_tables.read_ecsv(path := results / "catalog" / "ledger.ecsv")
    ledger["reason"] = [NAME, *ledger["reason"][1:]]
    text_tables.write_ecsv(path, ledger, ledger.meta)
    page = ["--ledger", str(path), "--ledger-page", str(results / "report" / "ledger.html")]
    assert call("write_pages", page).status == 0
    return folder


@pytest.fixture(scope="module")
def seen(named, tmp_path_factory):
    """What a reader of that run's report gets to see, and what the page did meanwhile."""
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        browser.open(make_report(named))
        front = browser.wait(FRONT)
        links = browser.run(f"{LINKS}.length")
        drawn = browser.wait(DRAWN)
        browser.run(f"[...{LINKS}].find(a => a.innerText == 'ledger').click()")
        # In a frame: the first page itself shows images.
        clicked = browser.wait(
            "document.querySelector('#app iframe')?.src.match(/filename=([^;]*)/)[1]"
        )
        size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        browser.call("Emulation.setDeviceMetricsOverride", **size)
        narrow = browser.run("document.documentElement.scrollWidth")
        browser.call("Emulation.clearDeviceMetricsOverride")
        click(browser, "Results")
        results = walk(browser)
        click(browser, "Statistics")
        for chart in ("runtimes", "timeline"):
            browser.wait(f"document.querySelector('#{chart} canvas')?.width")
    first = {"front": front, "links": links, "drawn": drawn, "clicked": clicked, "narrow": narrow}
    return SimpleNamespace(results=results, page=browser, **first)


def test_every_figure_and_table_is_shown(seen):
    figures = (*FIGURES, *MAPS, "synthetic_check")
    assert set(seen.results) == {f"{f}.png" for f in figures} | {f"{p}.html" for p in PAGES}
    for name, result in seen.results.items():
        assert (result["width"] > 500) == name.endswith(".png"), name
    assert [result["in"] for result in seen.results.values()] == sorted(
        result["in"] for result in seen.results.values()
    )


def test_the_page_asks_no_host_and_reports_no_error(seen):
    assert (seen.page.requests, seen.page.errors, seen.page.dialogs) == ([], [], [])


def test_everything_says_synthetic(seen):
    for text in (seen.front, *(result["caption"] for result in seen.results.values())):
        assert "Synthetic catalogue: nothing here is a measurement of the Galaxy." in text
    for page in PAGES:
        assert "Synthetic catalogue: nothing here" in seen.results[f"{page}.html"]["text"]


def test_captions_quote_the_run(seen, quick_run):
    numbers = yaml.safe_load((quick_run / "results/quick/numbers.yaml").read_text())
    for name, result in seen.results.items():
        assert not re.search(r"System Message|\|\w+\.|\{", result["caption"]), name
    counts = {key: f"{entry['value']:,}" for key, entry in numbers["counts"].items()}
    caption = seen.results["fig02_chemistry.png"]["caption"]
    assert "|Z| above 5 kpc and r above 10 kpc" in caption
    assert f"{counts['halo']} stars, {counts['accreted']} accreted" in caption
    assert f"{counts['rows']} rows" in seen.front
    coldest = texts.quote(numbers["line_of_sight"]["sigma_r_min"])
    assert coldest in seen.results["fig07_sigma_vs_accreted.png"]["caption"]


def test_tables_are_whole(seen, named):
    results = named / "results" / "quick"
    for page, path, name in (
        ("ledger", "catalog/ledger.ecsv", "reason"),
        ("paper_comparison", "paper_comparison.ecsv", "claim"),
    ):
        for text in Table.read(results / path, format="ascii.ecsv")[name]:
            assert quoting.written(text) in seen.results[f"{page}.html"]["text"]


def test_the_first_page_is_the_abstract_with_figures_and_links_to_all_results(seen, quick_run):
    article = json.loads((quick_run / "results/quick/article.json").read_text())
    plain = re.sub(r"\s", "", article["abstract"]).replace("_", "")
    assert plain in re.sub(r"\s", "", seen.front)
    assert seen.links == len(seen.results) + 3  # three figures are there themselves, too
    assert [name.partition(",")[0] for name in seen.drawn] == ["Figure 5", "Figure 7", "Figure S2"]
    assert seen.clicked.endswith("ledger.html")
    assert "sigma_r" not in seen.front + seen.results["paper_comparison.html"]["text"]


def test_a_page_fits_into_a_narrow_window(seen):
    assert seen.narrow <= 400


def test_texts_of_a_catalogue_are_shown_as_texts(seen):
    """A survey called like a program runs nothing and stands there as it is written."""
    assert NAME in seen.front
    # These captions are of tables of their own, which have not been changed.
    own = ("figS1_calibration.png", "figS3_sensitivity.png")
    for file, result in seen.results.items():
        assert file in own or f"Catalogue: {NAME}." in result["caption"], file
    assert NAME in seen.results["ledger.html"]["text"]


def test_the_browser_notices_what_it_is_asked_to_notice(tmp_path):
    """Requests of a page and of its frame, errors and dialogs: the tests above can fail."""
    inner = base64.b64encode(b"inner <img src=http://inner.invalid/a.png>").decode()
    (tmp_path / "page.html").write_text(
        f"<script>console.error('said'); alert('shown'); thrown()</script>"
        f"<img src=http://outer.invalid/a.png><iframe src=data:text/html;base64,{inner}></iframe>"
    )
    with chromium(tmp_path) as browser:
        browser.open(tmp_path / "page.html")
        assert browser.text_of_frame() == "inner"
    assert browser.dialogs == ["shown"]
    assert all(word in str(browser.errors) for word in ("said", "thrown"))
    hosts = {request.split("/")[2] for request in browser.requests}
    assert hosts == {"inner.invalid", "outer.invalid"}


@pytest.mark.parametrize("method", ["polygon", "feh_ranges", "none"])
@pytest.mark.parametrize("recipe", ["han2024", "bootstrap", "likelihood"])
def test_captions_name_keys_and_numbers_that_exist(repo, config, quick_run, method, recipe):
    made = [
        (quick_run / f"results/quick/{name}.rst").read_text() for name in ("numbers", "captions")
    ]
    known = set(re.findall(r"^\.\. \|([^|]+)\|", "".join(made), re.M))
    config = changed(config, ("chemistry.method", method), ("uncertainty.method", recipe))
    caption_of = SimpleNamespace(
        config=config, input=SimpleNamespace(**dict.fromkeys(PAGES, "a table"))
    )
    templates = sorted((repo / "report").glob("*.rst"))
    assert {path.stem for path in templates} == {"map", "figure", "runs_beside", *PAGES, "workflow"}
    # Those of figures are made from templates, whose names tests/unit/test_captions.py looks at.
    # The calibration needs no other part of a run, so its caption is in a file of its own.
    figure, map_ = repo / "report" / "figure.rst", repo / "report" / "map.rst"
    for name, of, wanted in (
        ("figS1_calibration", figure, ".. include:: results//calibration_advice.rst"),
        ("fig05_sigma_xz", figure, "|caption.fig05_sigma_xz|\n\n|provenance.fig05_sigma_xz|"),
        ("maps/beta_xz", map_, "|caption.beta_xz|\n\n|provenance.beta_xz|"),
    ):
        png = f"figures/{name}.png"
        caption_of.output = SimpleNamespace(png=png, maps=[f"figures/{name}.pdf", png])
        blocks = {"trim_blocks": True, "lstrip_blocks": True}
        text = jinja2.Template(of.read_text(), **blocks).render(snakemake=caption_of)
        assert wanted in text and ("captions.rst" in text) == (name[:4] != "figS"), text
    for path in set(templates) - {figure, map_}:
        template = jinja2.Template(path.read_text(), undefined=jinja2.StrictUndefined)
        text = template.render(snakemake=caption_of, files=[], categories={})
        assert text.startswith(".. include:: results//numbers.rst\n"), path
        named = set(re.findall(r"(?<!\\)\|([\w.]+)\|", text))
        assert named & {"provenance", "provenance.abstract"} and named <= known, path
