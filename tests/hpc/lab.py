"""A real Slurm on one machine, private to the tests: controller, nodes, keys and ports of its own.

Nothing of a Slurm that the machine may have is touched: the configuration is named by SLURM_CONF,
and everything else lies in one folder. There is no cgroup, no database and no systemd; nodes are
daemons of this machine that claim CPUs and memory. Needs root, and Debian's packages in
packages.txt.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "srun")

CONFIGURATION = """\
ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
# Neither cgroups nor binding to cores: containers often have none.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
# Nodes may claim more than the machine has.
SlurmdParameters=config_overrides
# A job over its memory is killed, within a second.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
# Finished jobs stay in squeue and scontrol: they are how a job's end is known here.
MinJobAge=86400
ReturnToService=2
KillWait=2
CompleteWait=0
# A node that has gone is noticed soon: by default it is asked for longer.
SlurmdTimeout=5
MessageTimeout=3
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=60 DefMemPerCPU=100 State=UP
"""


def missing() -> str | None:
    """Tell why a Slurm cannot be started here; None where it can."""
    if os.geteuid() != 0:
        return "starting a Slurm needs root"
    absent = [name for name in PROGRAMS if not _which(name)]
    if absent:
        return f"{', '.join(absent)} not found: install the packages in tests/hpc/packages.txt"
    return None


def _which(name: str) -> str | None:
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Lab:
    """The cluster; a context manager that starts it and stops all that it started.

    Attributes
    ----------
    environment
        Variables with which Slurm's commands, and Snakemake, find it.
    """

    def __init__(self, folder: Path, nodes: int = 2, cpus: int = 4, memory_mb: int = 16000):
        self.folder = folder
        self.nodes = [f"node{number}" for number in range(1, nodes + 1)]
        self._cpus, self._memory_mb = cpus, memory_mb
        self._daemons: dict[str, subprocess.Popen] = {}
        path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"), "PATH": path}

    def __enter__(self) -> Lab:
        host = socket.gethostname().split(".")[0]
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={_free_port()}"
            f" CPUs={self._cpus} RealMemory={self._memory_mb} State=UNKNOWN"
            for name in self.nodes
        )
        for name in ("bin", "controller", *self.nodes):
            (self.folder / name).mkdir(parents=True)
        text = CONFIGURATION.format(
            host=host, folder=self.folder, controller_port=_free_port(), nodes=nodes
        )
        (self.folder / "slurm.conf").write_text(text)
        # Snakemake's plugin takes SLURM_CONF out of the environment of a job's own srun.
        wrapper = self.folder / "bin" / "srun"
        command = f"SLURM_CONF={shlex.quote(self.environment['SLURM_CONF'])} {_which('srun')}"
        wrapper.write_text(f'#!/bin/sh\n{command} "$@"\n')
        wrapper.chmod(0o755)
        key = self.folder / "munge.key"
        key.touch(mode=0o400)
        key.write_bytes(secrets.token_bytes(128))
        try:
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start_all(self) -> None:
        munge = [f"--{name}-file={self.folder}/munge.{name}" for name in ("key", "pid", "log")]
        munge += [f"--seed-file={self.folder}/munge.seed", f"--socket={self.folder}/munge.socket"]
        # As root, and with a folder that others may read: it is a key for this test only.
        self._start("munged", "--foreground", "--force", *munge)
        self._wait(lambda: (self.folder / "munge.socket").exists(), "munged")
        self._start("slurmctld", "-D")
        self._wait(lambda: "UP" in self.ask("scontrol", "ping", check=False), "slurmctld")
        for name in self.nodes:
            self.start_node(name)
        self._wait(lambda: self.states() == dict.fromkeys(self.nodes, "idle"), "nodes")

    def _start(self, program: str, *flags: str, name: str | None = None) -> None:
        log = (self.folder / f"{name or program}.out").open("ab")
        # A session of its own: the daemon and what it starts can be ended together.
        self._daemons[name or program] = subprocess.Popen(
            [_which(program), *flags],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=self.environment,
            start_new_session=True,
        )

    def _wait(self, done, what: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                logs = [path.read_text(errors="replace")[-1500:] for path in self._logs()]
                raise RuntimeError(f"{what}: not ready after {seconds} s\n" + "\n".join(logs))
            time.sleep(0.1)

    def _logs(self) -> list[Path]:
        return [*self.folder.glob("*.log"), *self.folder.glob("*.out")]

    # --- asking and telling ------------------------------------------------------------------

    def ask(self, *command: str, check: bool = True) -> str:
        """Run one of Slurm's commands and give what it prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60
        )
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def states(self) -> dict[str, str]:
        """Give the state of every node, as sinfo has it."""
        lines = self.ask("sinfo", "--noheader", "--Node", "--format=%N %T", check=False)
        return dict(line.split() for line in lines.splitlines())

    def jobs(self, run: str | None = None) -> list[dict[str, str]]:
        """List all jobs, finished ones too, or those of one run of Snakemake, by Slurm's account.

        Each has Slurm's fields: JobId, JobName, Comment, JobState, ExitCode, NodeList ...
        """
        lines = self.ask("scontrol", "--oneliner", "show", "job").splitlines()
        found = [
            dict(field.split("=", 1) for field in line.split() if "=" in field) for line in lines
        ]
        found = [job for job in found if "JobId" in job and run in (None, job["JobName"])]
        return sorted(found, key=lambda job: int(job["JobId"]))

    def wait_for(self, condition, what: str, seconds: float = 60):
        """Wait until `condition` of the list of jobs is true; give what it gives."""
        end = time.monotonic() + seconds
        while not (found := condition(self.jobs())):
            if time.monotonic() > end:
                raise RuntimeError(f"{what}: not seen in {seconds} s; jobs: {self.jobs()}")
            time.sleep(0.1)
        return found

    # --- nodes -------------------------------------------------------------------------------

    def start_node(self, name: str) -> None:
        """Start a node's daemon."""
        self._start("slurmd", "-D", "-N", name, name=name)

    def lose_node(self, name: str) -> None:
        """End a node as a power cut would: its daemon and every process of its jobs."""
        daemon = self._daemons[name]
        doomed = [daemon.pid, *_descendants(daemon.pid)]
        for job in self.jobs():
            if job["JobState"] == "RUNNING" and job["NodeList"] == name:
                doomed += _processes_of_job(job["JobId"])
        for pid in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        daemon.wait()

    def bring_back(self, name: str) -> None:
        """Start a lost node again and wait until it takes jobs."""
        self.start_node(name)
        self._wait(lambda: self.states().get(name) == "idle", f"{name} back")

    def __exit__(self, *_) -> None:
        if "slurmctld" in self._daemons:
            self.ask("scancel", "--quiet", "--state=PENDING", check=False)
            self.ask("scancel", "--quiet", "--state=RUNNING", check=False)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline and self.ask(
                "squeue", "--noheader", "--states=RUNNING,COMPLETING", check=False
            ):
                time.sleep(0.1)
        for daemon in reversed(self._daemons.values()):
            if daemon.poll() is None:
                daemon.terminate()
                try:
                    daemon.wait(15)
                except subprocess.TimeoutExpired:
                    daemon.kill()
                    daemon.wait()


def _parents() -> dict[int, int]:
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            text = path.read_text()
            found[int(path.parent.name)] = int(text.rpartition(")")[2].split()[1])
    return found


def _descendants(pid: int) -> list[int]:
    parents = _parents()
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _processes_of_job(job: str) -> list[int]:
    """List the processes of a job, by the variable that Slurm gives them, and its step daemons."""
    mark = f"SLURM_JOB_ID={job}\0".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (path / "cmdline").read_bytes()
            step = command.startswith(f"slurmstepd: [{job}.".encode())
            if step or mark in (path / "environ").read_bytes():
                found.append(int(path.name))
    return found
