"""Finished runs that figures.beside names: whether they can stand beside this one, their files."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

_PROFILE = "summaries/radial/halo.ecsv"


def names_beside(config: dict) -> list[str]:
    """Give what the runs are called: the last part of each folder's path."""
    return [Path(os.path.abspath(folder)).name for folder in config["figures"]["beside"]]


def files_beside(config: dict) -> Callable:
    """Make the function that names files of every run beside this one."""
    folders = config["figures"]["beside"]
    return lambda *files: [str(Path(folder, file)) for folder in folders for file in files]


def mistakes_beside(config: dict) -> Iterator[str]:
    """Tell which runs are missing, unfinished, of another geometry, this one, or of one name."""
    names, radial = names_beside(config), config["geometry"]["radial"]
    for name, folder in zip(names, config["figures"]["beside"], strict=True):
        if Path(folder).resolve() == Path("results", config["run"] or "").resolve():
            yield f"figures.beside: {folder} is this run itself"
        elif names.count(name) > 1:
            yield f"figures.beside: two runs are called {name}; rename the folder of one"
        elif not Path(folder).is_dir():
            yield f"figures.beside: there is no folder {folder}; give results or results/NAME"
        elif not all(Path(folder, file).is_file() for file in ("verified.txt", _PROFILE)):
            yield f"figures.beside: {folder} holds no finished run (no verified.txt); finish it"
        else:
            text = Path(folder, _PROFILE).read_text(encoding="utf-8", errors="replace")
            said = dict(re.findall(r"\bgeometry_radial_(\w+): ([\d.e+-]+)", text))
            for key in radial:
                if float(said.get(key, "nan")) != radial[key]:
                    yield (
                        f"figures.beside: {folder} has other shells (geometry.radial.{key}"
                        f" {said.get(key)}, here {radial[key]}); make both with the same"
                    )
