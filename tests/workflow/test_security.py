"""Nobody's text gets further than it should: no shell, no code, no package but the locked ones."""

import importlib.metadata
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from astropy.table import Table
from changes import changed, nested
from packaging.markers import Marker

from icefire.snake.config import leaves, mistakes

from .conftest import copy_project, dry_runs

# What a shell would run, end a command at, take apart, or read as something else
ODD = "$(touch pwned) `touch pwned`; touch pwned & 'a' \"b\" | * ~ # \\ é雪 |x| $\\foo$"
# Every key that takes such a text, with one that is a file where it has to be one
TAKEN = {
    "catalog.path": f"{ODD}.csv",
    "synthetic.model": f"{ODD} synthetic.yaml",
    "synthetic.changes": [f"{ODD} null_model.yaml", "config/null_model.yaml"],
    "satellites.catalogue": f"{ODD} satellites.ecsv",
    "paper.source": f"{ODD} paper.typ",
    "figures.literature": [ODD],
    "figures.literature_sigma_r": f"{ODD} literature_sigma_r.ecsv",
    "figures.literature_beta": f"{ODD} literature_beta.ecsv",
}


@pytest.fixture(scope="module")
def odd_project(repo, tmp_path_factory) -> Path:
    """A copy of the project in a folder of such a name, with files of such names."""
    folder = copy_project(repo, tmp_path_factory.mktemp("security") / ODD)
    own = ("config/synthetic.yaml", "config/null_model.yaml", "resources/satellites.ecsv")
    for name in (*own, "paper/paper.typ"):
        shutil.copy2(folder / name, folder / f"{ODD} {Path(name).name}")
    for quantity in ("sigma_r", "beta"):
        table = Table.read(folder / f"resources/literature_{quantity}.ecsv")
        table["source"] = [ODD] * len(table)
        table.write(folder / f"{ODD} literature_{quantity}.ecsv", format="ascii.ecsv")
    (folder / TAKEN["catalog.path"]).touch()
    return folder


def test_every_other_key_refuses_such_a_text(odd_project, config, schema, monkeypatch):
    monkeypatch.chdir(odd_project)
    both = ("figures.literature_sigma_r", "figures.literature_beta")
    config = changed(config, *((key, TAKEN[key]) for key in both))
    taken = set()
    keys = {re.sub(r"(\.\d+)+$", "", key) for key, _ in leaves(config)}
    # Empty lists have no leaves, null has no text.
    keys |= {"synthetic.changes"}
    for key in keys:
        tried = [TAKEN[key]] if key in TAKEN else [ODD, [ODD], [[ODD, ODD]] * 3, [ODD] * 4]
        for value in tried:
            if not mistakes(changed(config, (key, value)), schema):
                taken.add(key)
    assert taken == set(TAKEN)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a{b}", "a<b>", "-a", "a\0b", "a\n"])
def test_no_path_may_hold_what_snakemake_or_a_step_would_misread(text, config, schema):
    for key in set(TAKEN) - {"figures.literature"}:
        value = [text] if key == "synthetic.changes" else text
        (told,) = mistakes(changed(config, (key, value)), schema)
        assert told.startswith(f"{key}") and "does not match" in told


@pytest.mark.parametrize("path", ["synthetic", "catalogue"])
def test_such_a_text_is_one_word_of_one_command(odd_project, path):
    keys = set(TAKEN) - {"catalog.path"}
    if path == "catalogue":
        keys = {key for key in TAKEN if not key.startswith("synthetic")}
    odd = yaml.safe_dump(nested(*((key, TAKEN[key]) for key in keys)))
    (odd_project / "odd.yaml").write_text(odd, encoding="utf-8")
    (said,) = dry_runs(odd_project, [["-p", "--configfile", "odd.yaml"]])
    commands = re.findall(r"^Shell command: (?!None$)(.*)$", said, re.M)
    assert len(commands) > 30, said
    met = set()
    for command in commands:
        unquoted = re.sub(r"'[^']*'|\"'\"", "", command)
        line = r"[\w@%+=:,./ -]+ > [\w./-]+ 2>&1(  # [0-9a-f]{12})?"
        assert re.fullmatch(line, unquoted, re.ASCII), unquoted
        met |= set(shlex.split(command))
    words = [word for key in keys for word in ([TAKEN[key]] if key != "synthetic.changes" else [])]
    words += TAKEN["synthetic.changes"] if path == "synthetic" else []
    words.remove(TAKEN["figures.literature"])
    assert set(words) | {f"--figures-literature={ODD}"} <= met
    assert not list(odd_project.rglob("pwned"))


def test_rules_have_shell_commands_only_with_quoted_words(repo):
    for path in [repo / "Snakefile", *repo.glob("rules/*.smk")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s+(run|script|notebook|wrapper):", text, re.M), path
        commands = re.findall(r"^    shell:\n((?:        .*\n)+)", text, re.M)
        assert len(commands) == len(re.findall(r"^\s+shell:", text, re.M)), path
        for word in re.findall(r"\{([^}]*)\}", "".join(commands)):
            assert word.endswith(":q") or re.fullmatch(r"wildcards\.shards?", word), (path, word)


def entries(text: str) -> list[str]:
    """Give the entries of a locked list, each on one line, without comments."""
    lines = re.sub(r" *\\\n *", " ", text).splitlines()
    return [line for line in lines if line and not line.lstrip().startswith("#")]


PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[\w,]+\])?==(?P<version>[\w.+!]+)(?: ; (?P<marker>.+?))?"
    r"(?: --hash=sha256:[0-9a-f]{64})+"
)


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-hpc"])
def test_every_package_is_pinned_hashed_and_as_it_is_installed(repo, name):
    found = [PIN.fullmatch(entry) for entry in entries((repo / f"envs/{name}.txt").read_text())]
    assert len(found) > 50 and all(found)
    for pin in found:
        if pin["marker"] and not Marker(pin["marker"]).evaluate():
            continue
        try:
            version = importlib.metadata.version(pin["name"])
        except importlib.metadata.PackageNotFoundError:
            assert name != "requirements", f"{pin['name']} is not installed"
            continue
        assert version == pin["version"], pin["name"]
