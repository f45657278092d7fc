"""Dry runs of Snakemake in a fork of this process, and the jobs that they print."""

import contextlib
import functools
import gc
import io
import multiprocessing
import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
# What a run can make; all but the first only when it is asked for
TARGETS = ("all", "calibration", "sensitivity")
# Variations that tests run: from the survey table, from the samples, and one that changes nothing
VARIATIONS = ("distances_larger", "halo_higher", "method_han2024")


@dataclass(frozen=True)
class Job:
    """One job of a dry run: its rule, files and wildcards, and the words of its command."""

    rule: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    wildcards: dict[str, str]
    words: tuple[str, ...]

    @property
    def script(self) -> str:
        """The name of its script."""
        return Path(self.words[1]).stem


def _dry_run(folder: str, flags: list[str], targets: tuple[str, ...]) -> str:
    from snakemake.cli import main

    gc.disable()  # it would copy what is shared with the process that this is a fork of
    os.chdir(folder)
    # The folder's Snakefile must find its own library, not the one that this test has loaded.
    sys.path = [entry for entry in sys.path if not entry.endswith("scripts")]
    for name in [name for name in sys.modules if name.split(".")[0] == "icefire"]:
        del sys.modules[name]
    out = io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
        contextlib.suppress(SystemExit),
    ):
        main(["--dry-run", "--cores", "2", *targets, *flags])
    return out.getvalue()


def dry_runs(folder: Path, variations: list[list[str]], targets=TARGETS) -> list[str]:
    """Give what dry runs with these flags say, two at a time.

    Each is a fork of this process, which has Snakemake loaded, so it costs a fraction of a second
    instead of two.
    """
    import snakemake.cli  # noqa: F401  (loaded once, here)

    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        said = pool.starmap(_dry_run, [(str(folder), flags, targets) for flags in variations])
        # They end by themselves: Snakemake has them ignore the signal that would end them.
        pool.close()
        pool.join()
    return said


_JOB = re.compile(
    r"^(?:local)?rule (?P<rule>\w+):\n    input: (?P<inputs>.*)\n    output: (?P<outputs>.*)\n"
    r"(?:    (?!wildcards).*\n)*(?:    wildcards: (?P<wildcards>.*)\n)?(?:    .*\n)*"
    r"Shell command: (?P<command>.*)$",
    re.M,
)


def jobs(said: str) -> list[Job]:
    """Read the jobs that a dry run with -p prints."""
    return [
        Job(
            job["rule"],
            tuple(job["inputs"].split(", ")),
            tuple(job["outputs"].split(", ")),
            dict(word.split("=") for word in (job["wildcards"] or "").split(", ") if word),
            tuple(shlex.split(job["command"].rpartition(" > ")[0])),
        )
        for job in _JOB.finditer(said)
    ]


def in_order(planned: list[Job]) -> Iterator[Job]:
    """Give jobs so that each comes after those that make what it reads."""
    waiting = list(planned)
    while waiting:
        made = {path for job in waiting for path in job.outputs}
        job = next(job for job in waiting if made.isdisjoint(job.inputs))
        waiting.remove(job)
        yield job


def planned(said: str) -> dict[str, int]:
    """Read from a dry run's words how many jobs of which rule it plans (without TARGETS)."""
    if "Nothing to be done" in said:
        return {}
    stats = re.search(r"^Job stats:\n.*\n-+ .*\n((?:\S+ +\d+\n)+)", said, re.MULTILINE)
    assert stats, said
    counts = {rule: int(count) for rule, count in re.findall(r"(\S+) +(\d+)", stats[1])}
    return {rule: count for rule, count in counts.items() if rule not in ("total", *TARGETS)}


@functools.cache
def written() -> dict:
    """Compile the `params` of every rule, as the rules write them: Snakemake is slower by far."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(REPO.glob("rules/*.smk"))]
    bodies = re.split(r"^rule (\w+):\n", "\n".join(texts), flags=re.M)
    compiled = {}
    for rule, body in zip(bodies[1::2], bodies[2::2], strict=True):
        words = re.search(r"^    params:\n((?:        .*\n)+)", body, re.M)
        # A variation's are those of the steps that it runs.
        own = re.sub(r"^.*\bVARIATIONS\b.*\n", "", words[1], flags=re.M) if words else ""
        compiled[rule] = compile(f"dict({own})", rule, "eval")
    return compiled


def params(rule: str, config: dict) -> list[str]:
    """Write the flags that a rule gives its script."""
    from icefire.snake.rules import Flags

    chosen = config["figures"]["systematic"]
    systematic = {"figures_systematic": f"--figures-systematic={chosen}"} if chosen else {}
    known = {"flags": Flags(config), "config": config, "SYSTEMATIC": systematic}
    # What Snakemake asks of a job's files is no flag.
    return [one for one in eval(written()[rule], known).values() if not callable(one)]
