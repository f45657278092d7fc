"""What the Snakefile asks for when it is read: code dependencies, flags, names of files.

Nothing here is imported by a step, and nothing here imports more than the standard library and the
checks of the configuration, because it runs each time Snakemake starts.
"""

import functools
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

from icefire.errors import UserError
from icefire.snake.config import verified_sources
from icefire.snake.places import FOLDER, ours

_SCRIPTS = FOLDER / "scripts"


def folder_of(kind: str, run: str | None) -> str:
    """Give the folder of a run's results or figures; the unnamed run has the whole folder."""
    return f"{kind}/{run}" if run else kind


# --- code as input ---------------------------------------------------------------------------


def code(step: str, module: bool = False) -> list[str]:
    """List the script of a step and every module of ours that it imports, script first.

    As input of the step's rule they make an edited module rerun its users and nothing else.
    """
    found = [_SCRIPTS / f"{step}.py"]
    for path in found:
        found += [file for file in _imported(path) if file not in found]
    return [ours(path.relative_to(_SCRIPTS.parent).as_posix(), module) for path in found]


# Found in the text, which takes a tenth of the time of parsing it, each time Snakemake starts: the
# library, and other scripts
_OURS = "|".join([r"icefire[\w.]*", *sorted(path.stem for path in _SCRIPTS.glob("*.py"))])
_IMPORT = re.compile(
    rf"^[ \t]*(?:from|import)[ \t]+({_OURS})\b(?:[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*))?", re.M
)


@functools.cache
def _imported(path: Path) -> list[Path]:
    """List every module of ours that a file imports, at the top or inside a function."""
    names = []
    for module, parts in _IMPORT.findall(path.read_text(encoding="utf-8")):
        names += [module, *(f"{module}.{part}" for part in re.findall(r"\w+", parts))]
    return list(dict.fromkeys(module for name in names for module in _modules(name)))


@functools.cache
def _modules(name: str) -> list[Path]:
    """List the files behind a dotted name: those of its packages, and its own if it is a module."""
    parts = name.split(".")
    files = [_SCRIPTS.joinpath(*parts[:n], "__init__.py") for n in range(1, len(parts) + 1)]
    files.append(_SCRIPTS.joinpath(*parts).with_suffix(".py"))
    return [file for file in files if file.is_file()]


# --- content decides -------------------------------------------------------------------------

# Pieces of a large file that are read for its digest, and their size in bytes; a file of up to
# 16 MB is read whole.
_PIECES, _PIECE = 64, 2**18


def mark_content(rules) -> None:
    """Make rules run again where a file that no rule makes has other content, whatever its date.

    Snakemake asks for dates alone: a table replaced by one of an earlier date goes unnoticed. It
    does compare each rule's command with that of the last run; so a digest of these files becomes a
    comment of the command as it is compared and printed.
    """

    @functools.cache
    def is_given(file: str) -> bool:
        return Path(file).is_file() and not any(rule.is_producer(file) for rule in rules)

    for rule in rules:
        given = filter(is_given, sorted({str(file) for file in rule.input if not callable(file)}))
        digests = "".join(map(_digest, given))
        if rule.shellcmd and digests:
            rule.shellcmd += f"  # {hashlib.sha256(digests.encode()).hexdigest()[:12]}"


@functools.cache
def _digest(path: str) -> str:
    """Give a digest of a file: of its size, and of its bytes or of pieces all over it."""
    size = os.stat(path).st_size
    digest = hashlib.sha256(str(size).encode())
    step = max(_PIECE, (size - _PIECE) // (_PIECES - 1)) if size > _PIECES * _PIECE else _PIECE
    with open(path, "rb") as file:
        for start in range(0, size, step):
            file.seek(start)
            digest.update(file.read(_PIECE))
    return digest.hexdigest()


# --- flags -----------------------------------------------------------------------------------


class Flags:
    """Writes configuration values as the flags of a step's command line.

    The key `halo.min_abs_z_kpc` is the flag `--halo-min-abs-z-kpc` of every step that uses it. Each
    param of a rule is one whole flag, because Snakemake compares the params of two runs as a set of
    values: bare numbers that change places, or become equal to another one, go unnoticed.
    """

    def __init__(self, config: dict):
        self._config = config

    def __call__(self, *keys: str) -> dict[str, str]:
        """Write the values at these keys; of a section, such as `halo`, all. Nulls are left out."""
        params = {}
        for key in keys:
            value = self._value(key)
            if isinstance(value, dict):
                params |= self(*(f"{key}.{name}" for name in value))
            elif value is not None:
                params[key.replace(".", "_")] = self._flag(key, value)
        return params

    def _value(self, key: str):
        value = self._config
        for part in key.split("."):
            value = value[part]
        return value

    def _flag(self, key: str, value) -> str:
        name = re.sub(r"[._]", "-", key)
        if isinstance(value, bool):
            return f"--{name}" if value else f"--no-{name}"
        return f"--{name}={_text(value)}"

    def chemistry(self) -> dict[str, str]:
        """Write the chemical split that is in use; the values of the other change nothing."""
        used = {
            "polygon": ("insitu_polygon",),
            "feh_ranges": ("insitu_min_feh", "accreted_max_feh"),
            "none": (),
        }[self._config["chemistry"]["method"]]
        return self(*(f"chemistry.{key}" for key in ("method", *used)))

    def literature(self, quantity: str) -> dict[str, str]:
        """Write which of figures.literature the table of published values of a quantity has.

        Nothing where all are shown. A source of another table changes nothing here.
        """
        figures = self._config["figures"]
        if figures["literature"] is None:
            return {}
        known = verified_sources(figures[f"literature_{quantity}"])
        names = [name for name in figures["literature"] if name in known]
        return {"figures_literature": self._flag("figures.literature", names)}

    def of(self, step: str) -> dict[str, str]:
        """Write all that one of the steps from a survey to its profiles takes."""
        more = {"select_samples": self.chemistry, "run_realisations": self.uncertainty}
        return more.get(step, dict)() | self(*_TAKEN_BY[step])

    def uncertainty(self) -> dict[str, str]:
        """Write the uncertainty method and what it uses, the same way."""
        method = self._value("uncertainty.method")
        used = [key for key, methods in _USED_BY.items() if method in methods]
        if method == "han2024":
            used.append("uncertainty.sound")
        # null: what the method itself does
        return self("uncertainty.method", *used, "dispersion.deconvolve")


# What a step takes, beside what depends on a method
_TAKEN_BY = {
    "clean_catalog": ("quality", "catalog.adjust"),
    "compute_kinematics": ("frame", "potential"),
    "flag_substructure": (
        *("giants", "sagittarius", "satellites.min_radius_deg", "satellites.max_sigma"),
        *("aleph", "unbound", "chemistry.insitu_polygon"),
    ),
    "select_samples": ("halo",),
    "run_realisations": (
        *("geometry", "montecarlo.realisations", "montecarlo.min_stars"),
        *("montecarlo.seed", "montecarlo.max_memory_mb"),
    ),
}
# Which methods take notice of a key
_USED_BY = {
    "montecarlo.exclude_fraction": ("han2024",),
    "uncertainty.correlated": ("han2024", "likelihood"),
}


def _text(value) -> str:
    """Write numbers alike whether the file has 5 or 5.0, lists with commas, points with colons."""
    if isinstance(value, list):
        nested = any(isinstance(item, list) for item in value)
        return (":" if nested else ",").join(_text(item) for item in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def fraction_shards(shards: int):
    """Make the input function of summaries: what an accreted fraction is counted from.

    One shard of the accreted and one of the in-situ sample for the halo's lines of sight (every
    shard holds the counts of all stars), none for any other sample.
    """
    samples = ("accreted", "insitu")
    found = [f"<results>/montecarlo/sky/{sample}/0-of-{shards}.npz" for sample in samples]
    return lambda wildcards: found if wildcards.sample == "halo" else []


def page_flags(names) -> str:
    """Write the flags of a shell command that makes pages of tables: each table and its page."""
    flags = {name: "--" + name.replace("_", "-") for name in names}
    return " ".join(
        f"{flag} {{input.{name}:q}} {flag}-page {{output.{name}:q}}" for name, flag in flags.items()
    )


# --- at the start of a run -------------------------------------------------------------------


def make_ready(planned, jobs) -> None:
    """Check, before the first of the planned jobs, what would make Snakemake fail at one of them.

    A file of a run dated ahead of the clock is dated now: a clock set back would make all that
    depends on it older than it for ever. Raises UserError with one line per folder that cannot be
    written or is on a full disk, and per file of another origin that is dated ahead of the clock.
    """
    planned = list(planned)
    mistakes = []
    written = {str(file) for job in planned for file in (*job.output, *job.log)}
    for folder in sorted({_existing(Path(file).parent) for file in written}):
        if not os.access(folder, os.W_OK | os.X_OK):
            mistakes.append(f"{folder}: cannot be written (read-only, or not yours)")
        elif shutil.disk_usage(folder).free < _ROOM:
            mistakes.append(f"{folder}: its disk is full; make room and run again")
    made = {str(file) for job in jobs for file in job.output}
    for file in sorted({str(file) for job in planned for file in job.input}):
        if not Path(file).exists() or Path(file).stat().st_mtime <= time.time():
            continue
        if file in made:
            os.utime(file)
        else:
            mistakes.append(f"{file}: dated ahead of the clock; set the clock right, or `touch` it")
    if mistakes:
        raise UserError("; ".join(mistakes))


# What the log of a job, which says why it failed, must find on the disk, in bytes
_ROOM = 100_000


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


# --- at the end of a run ---------------------------------------------------------------------


def comparison(jobs) -> str:
    """Give what the job that compares the run with the paper has printed; nothing without one."""
    logs = [Path(job.log[0]) for job in jobs if job.rule.name == "compare_with_paper"]
    return "\n".join(log.read_text(encoding="utf-8") for log in logs if log.is_file())
