"""The article: numbers as they are printed, words by verdicts, mistakes with their place."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from icefire.numbers.quoting import entries, quoted

from .test_bad_input import refused

IMPORT = "#import sys.inputs.icefire: *\n"


@pytest.fixture
def step(chain, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return chain.of_script("write_paper").writing_to(tmp_path / "out")


def source(step, text: str, name: str = "my.typ"):
    """Give the step with an article of one's own."""
    Path(name).write_text(text, encoding="utf-8")
    return step.reading("--source", Path(name))


def text_of(step, *flags: str) -> str:
    done = step.call()
    assert (done.status, done.err) == (0, ""), done
    pdf = step.outputs["--pdf"]
    words = ["pdftotext", "-enc", "UTF-8", *flags, pdf, "-"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def changed(step, change) -> object:
    """Give the step with another run's numbers, verdicts and names."""
    article = json.loads(step.inputs["--article"][0].read_text(encoding="utf-8"))
    change(article)
    path = Path("changed.json")
    path.write_text(json.dumps(article), encoding="utf-8")
    return step.reading("--article", path)


def test_every_number_is_printed_as_it_is_rounded(chain, step):
    path = chain.output("collect_numbers", "--yaml")
    numbers = yaml.safe_load(path.read_text(encoding="utf-8"))
    wanted = {".".join(keys): str(quoted(entry)) for keys, entry in entries(numbers)}
    assert len(wanted) > 200
    lines = IMPORT + "#for key in run.numbers.keys() [#key = #n(key) | #parbreak()]"
    text = re.sub(r"\s+", "", text_of(source(step, lines)))
    printed = dict(part.split("=") for part in text.split("|") if "=" in part)
    assert printed == {key: re.sub(r"\s+", "", text) for key, text in wanted.items()}


def test_the_article_quotes_the_run_and_says_on_every_page_that_it_is_synthetic(chain, step):
    step = step.with_flag("--run", "mine")
    text = text_of(step, "-layout")
    pages = text.split("\f")[:-1]
    said = "Synthetic catalogue: nothing here is a measurement of the Galaxy."
    foot = "synthetic H3 (synthetic catalogue); run mine; icefire "
    assert len(pages) > 4 and all(said in page and foot in page for page in pages)
    numbers = yaml.safe_load(chain.output("collect_numbers", "--yaml").read_text("utf-8"))
    for name in ("rows", "good", "tracers", "halo", "accreted", "insitu"):
        assert quoted(numbers["counts"][name]).value in text
    info, fonts = (
        subprocess.run([tool, step.outputs["--pdf"]], capture_output=True, text=True, check=True)
        for tool in ("pdfinfo", "pdffonts")
    )
    assert re.search(r"^Title: +How hot and how cold.* H3 survey \(run mine\)$", info.stdout, re.M)
    assert re.search(r"^Keywords: +synthetic .* H3, run mine, icefire \d", info.stdout, re.M)
    assert re.search(r"^Tagged: +yes", info.stdout, re.M) and "CreationDate" not in info.stdout
    rows = fonts.stdout.splitlines()[2:]
    assert rows and all(re.search(r" yes (yes|no ) (yes|no ) +\d+ +\d+$", row) for row in rows)


def test_words_follow_the_verdicts_and_the_catalogue(step):
    def nothing(article):
        article["abstract"] = "Stars of #1 [and] *more*."
        article["catalogue"] |= {"catalogue": "My *Survey* #1", "synthetic": False}
        for row in article["claims"]:
            row["verdict"], row["because"] = "compatible", "a featureless halo is not excluded"

    text = " ".join(text_of(changed(step, nothing)).split())
    assert "No claim is supported" in text and "This run supports" not in text
    assert "Abstract. Stars of #1 [and] *more*." in text
    # The figures' own marks are part of them.
    assert "dispersions of My *Survey* #1" in text and "Synthetic catalogue: no" not in text

    def all_of_it(article):
        article["abstract"], article["changes"] = "", []
        for row in article["claims"]:
            row["verdict"] = "supported"

    text = " ".join(text_of(changed(step, all_of_it)).split())
    assert "No claim is supported" not in text and "ompatible with this run" not in text
    assert "Nothing about the Galaxy. A claim that is supported" in text


def test_the_section_on_mass_follows_the_run(chain, step):
    numbers = yaml.safe_load(chain.output("collect_numbers", "--yaml").read_text("utf-8"))
    factor = numbers["mass"]["lines_of_sight"]["mass_factor"]
    text = " ".join(text_of(step).split())
    assert "r σ" in text and "equilibrium, a spherical mass, spherical tracers" in text
    assert ("ln M scatters by τ" in text) == (factor["value"] is not None)

    def without(article):
        for name in article["numbers"]:
            if name.startswith("mass."):
                article["numbers"][name] = {"text": "(not measured)", "value": "", "unit": ""}
        for row in article["claims"]:
            if row["number"].startswith("mass."):
                row["verdict"], row["because"] = "not measurable", "too few stars"
        article["tables"]["masses"]["rows"] = []

    text = " ".join(text_of(changed(step, without)).split())
    assert "No mass follows from this catalogue" in text and "Too few directions" in text
    assert "Whether Jeans masses of lines of sight differ by a factor of two is not" in text


def test_a_changed_model_is_told(step):
    def null(article):
        article["changes"] = ["null_model"]

    text = " ".join(text_of(changed(step, null)).split())
    assert "not the workflow's own: null_model changes it".replace("'", "’") in text


def test_one_survey_without_abundances_reads_well(step):
    def unsplit(article):
        article["abstract"], article["choices"]["chemistry_method"] = "", "none"
        for name in ("fig02_chemistry", "fig07_sigma_vs_accreted", "fig08_beta_vs_accreted"):
            del article["captions"][name]

    text = " ".join(text_of(changed(step, unsplit)).split())
    assert "The survey has no abundances" in text and "The in-situ halo is" not in text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('#n("counts.haloes")', "numbers.yaml has no number counts.haloes"),
        ('#show-figure("fig99")', "the run has no figure fig99"),
        ('#drawn("fig99")', "the run has no figure fig99"),
        ('#show-table("stars")', "the run has no table stars"),
        ("#let", "expected pattern"),
        ('#read("no_such.txt")', "file not found"),
    ],
)
def test_what_is_not_there_is_told_with_its_place(step, line, said):
    message = refused(source(step, f"{IMPORT}\n{line}\n"))
    assert re.search(r"my\.typ:3: ", message) and said in message
