"""Killed at any moment, and resumed with the same command: the bytes of an undisturbed run."""

import contextlib
import os
import random
import shutil
import signal
import time
from pathlib import Path

KILLS = 6
SEED = 8


def steps_of(group: int) -> list[tuple[int, str]]:
    """Process and script of every step of a process group that runs now."""
    found = []
    for entry in Path("/proc").iterdir():
        # A process can end between two looks at it.
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and os.getpgid(int(entry.name)) == group:
                words = (entry / "cmdline").read_bytes().decode().split("\0")
                if len(words) > 1 and words[1].startswith("scripts/"):
                    found.append((int(entry.name), Path(words[1]).stem))
    return found


def gone(group: int) -> bool:
    """Whether no process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def ended(running) -> bool:
    """Whether a process has ended."""
    return running.poll() is not None


def wait_until(true, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def kill(running, whom: str, chance: random.Random) -> bool:
    """Kill what `whom` says, wait for what dies with it, and tell whether it was still there."""
    if whom == "one step":
        steps: list[tuple[int, str]] = []
        wait_until(
            lambda: steps.extend(steps_of(running.pid)) or steps or running.poll() is not None
        )
        if not steps:
            return False
        process, _ = chance.choice(steps)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        running.wait(timeout=300)
    elif whom == "Snakemake and its steps":
        os.killpg(running.pid, signal.SIGKILL)
        wait_until(lambda: ended(running) and gone(running.pid))
    else:
        # Its steps go on, and meet those of the resumed run.
        os.kill(running.pid, signal.SIGKILL)
        running.wait(timeout=300)
    return True


def test_killed_at_random_moments_and_resumed(empty, undisturbed):
    chance = random.Random(SEED)
    kinds = ("Snakemake and its steps", "Snakemake alone", "one step")
    killed, finished, groups = 0, 0, []
    while killed < KILLS:
        whom = kinds[killed % len(kinds)]
        running = empty.start()
        groups.append(running.pid)
        # So that the kills together are spread over about one run's length
        end = time.monotonic() + chance.uniform(0.0, 0.3 * undisturbed.seconds)
        wait_until(lambda: time.monotonic() > end or ended(running))  # noqa: B023
        if not ended(running):
            killed += kill(running, whom, chance)
        said = (empty.folder / "started.out").read_text()
        assert not running.returncode or running.returncode < 0 or "Error in rule" in said, said
        if running.returncode == 0:
            # Finished in spite of all: the bytes, and from the start.
            assert empty.files() == undisturbed.wanted
            finished += 1
            for folder in (empty.results, empty.figures):
                shutil.rmtree(folder)
        if (empty.folder / ".snakemake" / "locks").exists():
            empty.unlock()
    wait_until(lambda: all(map(gone, groups)))
    empty.ends_like(undisturbed)
