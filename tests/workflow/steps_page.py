"""The commands of docs/steps.md, as Snakemake plans them.

python tests/workflow/steps_page.py    writes the page anew
"""

import shlex
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PAGE = REPO / "docs" / "steps.md"
BEGIN, END = "<!-- steps -->\n```\n", "```\n<!-- end of steps -->\n"

_WIDTH = 98
LEFT_OUT = ("run_variation", "summarise_sensitivity", "plot_sensitivity")


def commands(said: str) -> str:
    """Write the first job of each script in a dry run's words as a command of several lines.

    Not those of variations, of which tests have only some.
    """
    from planning import in_order, jobs

    first = {}
    # Snakemake's own order changes from one dry run to the next.
    for job in in_order(sorted(jobs(said), key=lambda job: (job.script, job.outputs))):
        if job.script not in LEFT_OUT:
            first.setdefault(job.script, job)
    return "\n\n".join(_folded(job.words) for job in first.values()) + "\n"


def _folded(words: tuple[str, ...]) -> str:
    """Write a command with a backslash where a line ends."""
    lines = [" ".join(words[:2])]
    flags = [shlex.quote(word) for word in words[2:]]
    while flags:
        # A flag and what stands behind it stay together where they fit.
        stop = 1
        while stop < len(flags) and not flags[stop].lstrip("'").startswith("--"):
            stop += 1
        for part in (" ".join(flags[:stop]),) if stop < 3 else flags[:stop]:
            if len(lines[-1]) + len(part) < _WIDTH:
                lines[-1] += f" {part}"
            else:
                lines.append(f"    {part}")
        flags = flags[stop:]
    return " \\\n".join(lines)


def page(said: str) -> str:
    """Give docs/steps.md with the commands of a dry run."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return before + BEGIN + commands(said) + END + rest.split(END)[1]


def plan() -> str:
    """Say what the default run would do, all of it, and the calibration."""
    from planning import dry_runs

    flags = ["--forceall", "--printshellcmds", "--quiet", "progress"]
    return dry_runs(REPO, [flags])[0]


if __name__ == "__main__":
    sys.path.insert(0, str(REPO / "tests"))
    PAGE.write_text(page(plan()), encoding="utf-8")
