"""A quick run in LaTeX: the example article, and every macro and plain table."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from workflow.conftest import QUICK, copy_project, snakemake

from icefire.numbers import texts
from icefire.numbers.quoting import entries, quoted

RESULTS = "results/quick"
TABLES = ("claims", "sigma_r", "beta", "masses", "spread", "ledger", "significance")
# Every macro: its name spelled, the bare value, and the number as a text has it
EVERY = r"""\documentclass{article}
\usepackage[landscape,margin=5mm]{geometry}
\input{%s/numbers.tex}
\begin{document}\raggedright\tiny
\icefireProvenance\par
%s
\end{document}
"""


@pytest.fixture(scope="module")
def run(repo, tmp_path_factory) -> Path:
    """A copy of the project with what LaTeX reads of a quick run."""
    missing = [tool for tool in ("pdflatex", "pdftotext") if shutil.which(tool) is None]
    if missing:
        reason = f"no {' and no '.join(missing)}: Debian's packages are in tests/latex/packages.txt"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    folder = copy_project(repo, tmp_path_factory.mktemp("latex"))
    wanted = ("write_texts", "figures/quick/fig05_sigma_xz.pdf")
    done = snakemake(folder, "--cores", "2", *wanted, *QUICK)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def numbers(run) -> dict:
    """The run's numbers, rounded, by the names of their macros."""
    content = yaml.safe_load((run / RESULTS / "numbers.yaml").read_text(encoding="utf-8"))
    return {texts.macro(keys): quoted(entry) for keys, entry in entries(content)}


def typeset(folder: Path, source: str) -> Path:
    """Typeset a source twice, for its references; whatever LaTeX does not know fails."""
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-jobname=article", source]
    for _ in range(2):
        done = subprocess.run(words, cwd=folder, capture_output=True, timeout=120)
        said = done.stdout.decode("utf-8", "replace")
        assert done.returncode == 0, said[-3000:]
    assert not re.search(r"undefined|Missing character|multiply", said, re.IGNORECASE), said
    return folder / "article.pdf"


def text_of(pdf: Path, *flags: str) -> str:
    words = ["pdftotext", "-enc", "UTF-8", *flags, str(pdf), "-"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_the_example_article_has_the_run_s_numbers_and_stays_on_its_pages(run, numbers):
    source = (run / "paper" / "example.tex").read_text(encoding="utf-8")
    (abstract,) = re.findall(r"\\begin{abstract}(.*)\\end{abstract}", source, re.S)
    assert len(abstract) > 1000 and not re.search(r"\d", abstract), "a number typed by hand"
    assert set(re.findall(r"/tables/(\w+)_aastex", source)) == set(TABLES)
    pdf = typeset(
        run, rf"\def\results{{{RESULTS}}}\def\figures{{figures/quick}}\input{{paper/example.tex}}"
    )
    text = text_of(pdf)
    used = {name for name in re.findall(r"\\(icefire\w+)", abstract) if name in numbers}
    assert len(used) > 15
    for name in used:
        assert numbers[name].value in text, name
    assert text.count(texts.SYNTHETIC) >= 1
    for page, words in re.findall(
        r'<page width="([\d.]+)"(.*?)</page>', text_of(pdf, "-bbox"), re.S
    ):
        ends = [float(end) for end in re.findall(r'x(?:Min|Max)="(-?[\d.]+)"', words)]
        assert ends and min(ends) > 0 and max(ends) < float(page)


def test_every_macro_and_every_plain_table_is_set(run, numbers):
    lines = [rf"\texttt{{{name}}}: \{name}Value\ = \{name}\par" for name in numbers]
    lines += [rf"\par\input{{{RESULTS}/tables/{name}.tex}}\newpage" for name in TABLES]
    (run / "every.tex").write_text(EVERY % (RESULTS, "\n".join(lines)), encoding="utf-8")
    text = text_of(typeset(run, "every.tex"), "-layout")
    found = dict(re.findall(r"^\s*(icefire\w+): +(.+?) *=", text, re.M))
    wanted = {name: number.value.replace(",", "") or "..." for name, number in numbers.items()}
    assert len(wanted) > 400
    assert {name: value.replace(" ", "") for name, value in found.items()} == wanted
    assert "Sagittarius stream" in text and "compatible" in text
