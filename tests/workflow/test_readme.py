"""The README's commands run as they stand, from another folder too."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from cli.calls import call

REPO = Path(__file__).resolve().parents[2]
STEPS = re.search(
    r"<!-- steps -->\n```\n(.*?)```\n<!-- end of steps -->", (REPO / "README.md").read_text(), re.S
)[1].split("\n\n")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: shlex.split(step)[1].split("/")[1])
def test_a_step_of_the_readme_runs_alone_from_another_folder(
    quick_run, tmp_path, monkeypatch, step
):
    # Hard links are enough: a step replaces its outputs and never writes into a file.
    for kind in ("results", "figures"):
        source = quick_run / kind / "quick"
        subprocess.run(["cp", "-al", str(source), str(tmp_path / kind)], check=True)
    command = step.replace("\\\n", " ").replace("--rows=302485", "--rows=3000")
    command = command.replace("--halos=200", "--halos=2")
    words = shlex.split(command)
    assert words[0] == "python"
    moved = {"results": tmp_path, "figures": tmp_path}
    for i, word in enumerate(words):
        folder = word.split("/")[0]
        if "/" in word and not word.startswith("-"):
            words[i] = str(moved.get(folder, quick_run) / word)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    script, argv = Path(words[1]), words[2:]
    assert script.parent == quick_run / "scripts"
    # In a process of its own the quick run has called it.
    done = call(script.stem, argv)
    assert (done.status, done.err) == (0, ""), done.out + done.err
    assert not list((tmp_path / "elsewhere").iterdir())


def test_every_script_of_a_rule_has_a_step_in_the_readme():
    named = {shlex.split(step)[1] for step in STEPS}
    rules = "".join(path.read_text() for path in sorted((REPO / "rules").glob("*.smk")))
    assert named == {f"scripts/{step}.py" for step in re.findall(r'code\("(\w+)"\)', rules)}
