"""A cluster for the tests, and runs of the project on it."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from workflow.conftest import QUICK, copy_project

from .lab import Lab, missing

POLLING = Path(__file__).with_name("fast_polling.py")
# The shipped profile, and only what makes the test quick changed
SLURM = (
    *("--profile", "profiles/slurm"),
    *("--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10"),
)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The cluster: two nodes with one CPU each."""
    reason = missing()
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        reason = "Snakemake's plugin is missing: install envs/requirements-hpc.txt"
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slurm")
    with Lab(folder, nodes=2, cpus=1) as running:
        yield running


class Run:
    """One run of the workflow on the cluster, in the background."""

    def __init__(self, lab: Lab, folder: Path, *flags: str):
        self._lab, self._path = lab, folder / "slurm_run.out"
        with self._path.open("w") as out:
            # A shell has its background processes, this test perhaps among them, ignore Ctrl-C.
            heeding = ("env", "--default-signal=INT")
            self.process = subprocess.Popen(
                [*heeding, sys.executable, POLLING, *flags, *SLURM, *QUICK],
                cwd=folder,
                env=lab.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        """What it has printed so far."""
        return self._path.read_text()

    def finish(self, seconds: float = 300) -> int:
        """Wait for its end and give its exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def end(self, with_signal: int) -> int:
        """End it by a signal, as a user or the system would."""
        # Ctrl-C reaches all processes of the terminal; a kill only the one.
        if with_signal == signal.SIGINT:
            os.killpg(self.process.pid, with_signal)
        else:
            self.process.send_signal(with_signal)
        return self.finish(60)

    @property
    def name(self) -> str:
        """The name of its jobs: Snakemake prints it, and squeue shows it."""
        found = re.search(r"SLURM run ID: (\S+)", self.text)
        return found[1] if found else "not started"

    def jobs(self, state: str | None = None) -> list[dict[str, str]]:
        """Its jobs by Slurm's account, all or those in one state."""
        return [job for job in self._lab.jobs(self.name) if state in (None, job["JobState"])]

    def did(self, state: str = "COMPLETED") -> list[str]:
        """What it had done by jobs in a state, sorted: run_realisations_0_2, ..."""
        comments = [job["Comment"] for job in self.jobs(state)]
        return sorted(c.removeprefix("rule_").replace("_wildcards", "") for c in comments)

    def wait_for(self, condition, what: str, seconds: float = 90):
        """Wait until a condition of this run is true; give what it gives."""

        def seen(_):
            assert self.process.poll() is None, self.text
            return condition(self)

        return self._lab.wait_for(seen, what, seconds)


@pytest.fixture
def start(lab, on_slurm):
    """Start a run on the cluster in the folder where one has finished; ended after the test."""
    runs: list[Run] = []

    def begin(*flags: str) -> Run:
        runs.append(Run(lab, on_slurm, *flags))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


@pytest.fixture(scope="session")
def begun_locally(lab, repo, tmp_path_factory):
    """A copy of the project in which the quick configuration is running on this machine.

    Beside the first jobs of the cluster, which have to wait for each other.
    """
    folder = copy_project(repo, tmp_path_factory.mktemp("local") / "main")
    with (folder / "local_run.out").open("w") as out:
        command = [sys.executable, "-m", "snakemake", "--cores", "1", *QUICK]
        with subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT) as running:
            yield folder, running
            running.kill()


@pytest.fixture(scope="session")
def locally(begun_locally) -> Path:
    """The folder of that run, finished."""
    folder, running = begun_locally
    assert running.wait(600) == 0, (folder / "local_run.out").read_text()
    return folder


@pytest.fixture(scope="session")
def whole_run(lab, begun_locally, repo, tmp_path_factory) -> Run:
    """The quick configuration, finished on the cluster, from nothing."""
    # A folder with a space and a quote: Slurm's commands must quote it too.
    folder = copy_project(repo, tmp_path_factory.mktemp("cluster") / "ice fire's copy")
    run = Run(lab, folder)
    assert run.finish(600) == 0, run.text
    run.folder = folder
    return run


@pytest.fixture(scope="session")
def on_slurm(whole_run) -> Path:
    """The folder of that run."""
    return whole_run.folder
