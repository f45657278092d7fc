"""What a run says where Snakemake is quiet about its rules: how far it is, and what failed."""

import logging
from pathlib import Path

from snakemake.logging import LogEvent
from snakemake.settings.enums import Quietness

_LEFT_OUT = ("Select jobs to execute", "Execute ", "Finished jobid", "Job stats")


def is_quiet(workflow) -> bool:
    """Tell whether rules are not to be shown (--quiet rules)."""
    return bool({Quietness.RULES, Quietness.ALL} & set(workflow.output_settings.quiet or ()))


def leave_progress(workflow) -> None:
    """Leave one line per finished step of what Snakemake says of progress, where it is quiet."""
    if is_quiet(workflow):
        logging.getLogger("snakemake.logging").addFilter(_is_shown)


def _is_shown(record: logging.LogRecord) -> bool:
    left_out = (LogEvent.JOB_FINISHED, LogEvent.RUN_INFO)
    said = str(record.msg).lstrip()
    return getattr(record, "event", None) not in left_out and not said.startswith(_LEFT_OUT)


def failures(workflow) -> str:
    """Give the logs of failed jobs, which Snakemake itself keeps back where it is quiet."""
    if not is_quiet(workflow):
        return ""
    said = []
    for job in workflow.scheduler.failed:
        for log in map(Path, job.log):
            text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
            said.append(f"{job.rule.name} failed; its log, {log}:\n{text}")
    return "\n".join(said)
