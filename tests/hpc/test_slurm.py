"""The workflow on a real Slurm: the same bytes, few jobs, and no work lost when things go wrong."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from workflow.conftest import QUICK


def table(sample: str) -> str:
    return f"results/quick/summaries/radial/{sample}.ecsv"


SHARD_JOBS = ["run_realisations_0_2", "run_realisations_1_2"]


def contents(folder: Path) -> dict[str, bytes]:
    """Read everything that a run makes but logs and run times, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for kind in ("results", "figures")
        for path in (folder / kind).rglob("*")
        if path.is_file() and not {"logs", "benchmarks"} & set(path.relative_to(folder).parts)
    }


def lose(folder: Path, sample: str) -> None:
    """Delete what shards hold of a sample, and a table made from it."""
    for shards in (folder / "results" / "quick" / "montecarlo").glob(f"*/{sample}"):
        shutil.rmtree(shards)
    (folder / table(sample)).unlink()


def test_slurm_ran_the_heavy_steps_in_no_more_than_twenty_five_jobs(whole_run):
    jobs = whole_run.jobs()
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    assert {job["NodeList"] for job in jobs} == {"node1", "node2"}
    done = whole_run.did()
    assert len(done) == len(set(done)) <= 25
    assert set(SHARD_JOBS) <= set(done)
    # The quick rules are not among them.
    assert not [name for name in done if name.startswith(("write_", "compare"))]
    # Snakemake tells Slurm's jobs and its own apart as Slurm does.
    assert whole_run.text.count("has been submitted with SLURM jobid") == len(done)


def test_quick_rules_run_where_snakemake_does_one_at_a_time(whole_run):
    running, most, n_rules = set(), 0, 0
    words = r"^localrule \w+:\n(?: +.*\n)*? +jobid: (\d+)$|^Finished jobid: (\d+)"
    for begun, finished in re.findall(words, whole_run.text, re.M):
        running = running | {begun} if begun else running - {finished}
        most, n_rules = max(most, len(running)), n_rules + bool(begun)
    assert n_rules > 10
    assert most == 1


def test_slurm_and_this_machine_make_the_same_bytes(on_slurm, locally):
    there, here = contents(on_slurm), contents(locally)
    assert len(here) > 60
    assert sorted(there) == sorted(here)
    assert [name for name in here if there[name] != here[name]] == []


def test_logs_lie_where_the_readme_says(on_slurm):
    # Slurm's own of a job that went well are deleted, the step's own stay.
    assert (on_slurm / "results" / "quick" / "logs" / "clean_catalog.log").is_file()
    assert not list((on_slurm / "results" / "logs" / "slurm").rglob("*.log"))


@pytest.fixture
def unharmed(on_slurm):
    """Compare everything with what was there before, after a test has lost and found it again."""
    before = contents(on_slurm)

    def check() -> None:
        after = contents(on_slurm)
        assert sorted(after) == sorted(before)
        assert [name for name in before if after[name] != before[name]] == []

    return check


def test_a_cancelled_job_is_submitted_again_and_no_other(lab, on_slurm, start, unharmed):
    lose(on_slurm, "insitu")
    run = start(table("insitu"))
    victim = run.wait_for(lambda run: run.jobs("RUNNING"), "a running job")[0]
    lab.ask("scancel", victim["JobId"])
    assert run.finish() == 0, run.text
    assert len(run.jobs("CANCELLED")) == 1
    assert run.did() == SHARD_JOBS
    unharmed()


def test_a_job_over_its_memory_comes_back_with_more(on_slurm, start, unharmed):
    lose(on_slurm, "insitu")
    # Snakemake itself needs about 260 MB in a job, the step 150.
    run = start(table("insitu"), "--set-resources", "run_realisations:mem_mb=100*8**(attempt-1)")
    assert run.finish() == 0, run.text
    killed = [job for job in run.jobs() if job["JobState"] != "COMPLETED"]
    assert {job["MinMemoryNode"] for job in killed} == {"100M"}
    assert {job["MinMemoryNode"] for job in run.jobs("COMPLETED")} == {"800M"}
    assert run.did() == SHARD_JOBS
    unharmed()


def test_jobs_of_a_lost_node_go_to_another(lab, on_slurm, start, unharmed):
    lose(on_slurm, "insitu")
    run = start(table("insitu"))
    both = run.wait_for(
        lambda run: len(run.jobs("RUNNING")) == 2 and run.jobs("RUNNING"), "two running jobs"
    )
    assert sorted(job["NodeList"] for job in both) == ["node1", "node2"]
    lab.lose_node("node2")
    assert run.finish() == 0, run.text
    assert lab.states()["node2"].startswith("down")
    failed = [job for job in run.jobs() if job["JobState"] != "COMPLETED"]
    assert [(job["JobState"], job["NodeList"]) for job in failed] == [("NODE_FAIL", "node2")]
    assert {job["NodeList"] for job in run.jobs("COMPLETED")} == {"node1"}
    assert run.did() == SHARD_JOBS
    lab.bring_back("node2")
    unharmed()


# One job after the other
ONE = ("--jobs", "1")


def half_done(run) -> bool:
    """Tell whether one of two jobs has finished, as Snakemake knows, and the other is running."""
    finished = run.text.count("Finished jobid") == 1
    return finished and len(run.did("COMPLETED")) == 1 == len(run.jobs("RUNNING"))


def test_after_a_killed_snakemake_only_what_was_running_is_redone(lab, on_slurm, start, unharmed):
    lose(on_slurm, "insitu")
    run = start(table("insitu"), *ONE)
    run.wait_for(half_done, "one finished and one running job")
    first = run.did("COMPLETED")
    assert run.end(signal.SIGKILL) == -signal.SIGKILL
    # Its jobs do not know. What the README says: end them, unlock, the same command again.
    assert len(run.jobs("RUNNING")) == 1
    lab.ask("scancel", "--name", run.name)
    lab.wait_for(lambda _: not run.jobs("RUNNING") + run.jobs("COMPLETING"), "cancelled jobs")
    blocked = start(table("insitu"))
    assert blocked.finish() == 1
    assert "--unlock" in blocked.text
    unlock = [sys.executable, "-m", "snakemake", "--unlock", *QUICK]
    subprocess.run(unlock, cwd=on_slurm, check=True, capture_output=True)
    again = start(table("insitu"))
    assert again.finish() == 0, again.text
    assert sorted(first + again.did()) == SHARD_JOBS
    unharmed()


def test_after_ctrl_c_only_what_was_running_is_redone(lab, on_slurm, start, unharmed):
    lose(on_slurm, "insitu")
    run = start(table("insitu"), *ONE)
    run.wait_for(half_done, "one finished and one running job")
    first = run.did("COMPLETED")
    assert run.end(signal.SIGINT) != 0
    # It takes its jobs with it, and leaves no lock.
    lab.wait_for(lambda _: not run.jobs("RUNNING") + run.jobs("COMPLETING"), "cancelled jobs", 15)
    assert len(run.jobs("CANCELLED")) == 1
    again = start(table("insitu"))
    assert again.finish() == 0, again.text
    assert sorted(first + again.did()) == SHARD_JOBS
    unharmed()
