"""Fixtures: the chain of all steps on a small table, and a working folder that is not the clone."""

import dataclasses
import functools

import pytest

from .calls import Done
from .chain import Chain, Step, chain_of, small_config
from .needed import shorten

# What shells, FITS file names, style sheets and URLs give a meaning to
ODD_NAME = 'it\'s "ice" & $HOME; [1] #% {fire} ~ é雪'


@pytest.fixture(autouse=True)
def another_working_folder(tmp_path, monkeypatch):
    """Scripts read and write the paths they are given, wherever they are started."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def config() -> dict:
    """The project's configuration with fewer stars, bins and realisations."""
    return small_config()


@pytest.fixture(scope="session")
def chain(config, once) -> Chain:
    """All steps done."""
    # Where matplotlib has no cache yet it says so on stderr; let that be here, not in a step.
    import matplotlib.font_manager  # noqa: F401

    def make(folder) -> dict:
        made = chain_of(folder / ODD_NAME, config)
        made.folder.mkdir()
        return {name: dataclasses.asdict(done) for name, done in made.run().done.items()}

    folder, said = once("chain", make)
    done = {name: Done(**step) for name, step in said.items()}
    return dataclasses.replace(chain_of(folder / ODD_NAME, config), done=done)


@pytest.fixture(scope="session")
def shortened(chain, tmp_path_factory):
    """Give the first step of a script with small tables, for cases that only read them."""
    folder = tmp_path_factory.mktemp("shortened")

    @functools.cache
    def short(script: str) -> Step:
        return shorten(chain.of_script(script), folder)

    return short
