"""Where files are, from wherever the workflow is run: in its clone, with `-d`, or as a module.

Snakemake puts a module's prefix before relative paths alone, so a module's files that are not its
results have absolute ones. In the clone itself paths stay as they are written.
"""

import copy
import os
from pathlib import Path

from icefire.errors import UserError
from icefire.files.strict_yaml import load

FOLDER = Path(__file__).resolve().parents[3]
DEFAULTS = "config/config.yaml"
QUERIES = "resources/queries"
# Keys of the configuration that hold a path
_PATHS = (
    *(("catalog", "path"), ("synthetic", "model"), ("synthetic", "changes")),
    *(("satellites", "catalogue"), ("paper", "source"), ("jeans", "tracer_slopes")),
    *(("figures", "literature_sigma_r"), ("figures", "literature_beta")),
)


def ours(path: str, module: bool = False) -> str:
    """Give the path of a file that belongs to the workflow: relative in the clone itself."""
    return path if Path.cwd() == FOLDER and not module else str(FOLDER / path)


def find(path: str, module: bool = False) -> str:
    """Give the working folder's file of this path, or where there is none the workflow's own."""
    try:
        if Path(path).exists() or not (FOLDER / path).is_file():
            return os.path.abspath(path) if module else path
    except (OSError, ValueError):  # such as a name that is too long; what checks it says so
        return path
    return ours(path, module)


def query_of(survey: str | None, module: bool = False) -> str:
    """Give the path of the query that asks an archive for a survey's table.

    Raises UserError where no survey is named, or it has no query.
    """
    path = find(f"{QUERIES}/{survey}.adql", module)
    if survey is None or not Path(path).is_file():
        known = sorted(query.stem for query in (FOLDER / QUERIES).glob("*.adql"))
        raise UserError(
            "give the survey to be fetched: snakemake fetch --config survey=NAME; queries are ready"
            f" for {', '.join(known)}, and {QUERIES}/NAME.adql may hold your own"
        )
    return path


def complete(config: dict, module: bool) -> None:
    """Put the keys that a configuration has not into it, and say where its files are.

    The defaults are the workflow's; over them goes a `config/config.yaml` of the working folder,
    whole or in parts, where the workflow is no module; over both what is there. A directive
    `configfile` would do less: a module skips it, and tests that Snakemake generates have it last.
    Raises UserError when the working folder's is no mapping.
    """
    whole = _read(FOLDER / DEFAULTS)
    if not module and Path.cwd() != FOLDER and Path(DEFAULTS).is_file():
        update(whole, _read(Path(DEFAULTS)))
    update(whole, config)
    locate(whole, module)
    config.update(whole)


def locate(config: dict, module: bool) -> None:
    """Say where the files of a configuration are: the working folder's, or the workflow's own."""
    for section, key in _PATHS:
        if isinstance(values := config.get(section), dict):
            if isinstance(path := values.get(key), str):
                values[key] = find(path, module)
            elif isinstance(path, list):
                values[key] = [find(p, module) if isinstance(p, str) else p for p in path]


def _read(path: Path) -> dict:
    if not isinstance(found := load(path, path.read_bytes()), dict):
        raise UserError(f"{path}: no `key: value` in it")
    return found


def update(config: dict, changes: dict) -> None:
    """Lay changes over a configuration, key by key."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(config.get(key), dict):
            update(config[key], value)
        else:
            config[key] = copy.deepcopy(value)


def set_environment(interpreter: str, module: bool) -> None:
    """Make the environment of the steps: its `python` is `interpreter`, its modules are ours.

    No bytecode goes into a clone that is used from elsewhere. A module leaves alone what other
    rules of the workflow around it may need.
    """
    os.environ["PATH"] = os.pathsep.join([str(Path(interpreter).parent), os.environ["PATH"]])
    if Path.cwd() != FOLDER:
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    if not module:
        for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "MPLBACKEND", "MATPLOTLIBRC"):
            os.environ.pop(name, None)


def check_writable() -> None:
    """Raise UserError where Snakemake could not write its own folder, before it fails at it."""
    folder = Path(".snakemake")
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder.absolute()} is not a folder; move it away")
    folder = folder if folder.exists() else Path.cwd()
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(
            f"{folder.absolute()} cannot be written (read-only, or not yours); work in another"
            f" folder: snakemake -s {FOLDER / 'Snakefile'} -d FOLDER"
        )
