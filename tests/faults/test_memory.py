"""Steps that run out of memory, of themselves or killed by the system."""

import os
import resource
import signal
import subprocess
import sys

from .conftest import LINE
from .test_kills import steps_of, wait_until

# Address space that is enough to begin with, and too little for the arrays asked for
ROOM = 2_000_000_000


def test_a_step_without_memory_says_so(undisturbed, steps, tmp_path):
    step = next(step for step in steps if step.script == "run_realisations")
    made = {name: str(tmp_path / name) for name in step.outputs}
    words = [made.get(word, word) for word in step.words[1:]]
    words += ["--montecarlo-realisations=9000000", "--montecarlo-max-memory-mb=1000000"]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=undisturbed.folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM)),
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert LINE.search(done.stderr) and "out of memory" in done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_step_killed_by_the_system(finished, undisturbed):
    (finished.figures / "fig02_chemistry.png").unlink()
    running = finished.start()
    steps: list[tuple[int, str]] = []
    wait_until(lambda: steps.extend(steps_of(running.pid)) or steps)
    os.kill(steps[0][0], signal.SIGKILL)
    assert running.wait(timeout=300) != 0
    said = (finished.folder / "started.out").read_text()
    assert "Error in rule plot_chemistry" in said and "non-zero exit status 137" in said
    finished.ends_like(undisturbed)
