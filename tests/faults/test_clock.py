"""A clock set back: files dated ahead of it, and others long before."""

import os
import time
from pathlib import Path

DAY = 86_400


def date(path: Path, days: float) -> None:
    """Date a file some days from what it says."""
    seconds = path.stat().st_mtime + days * DAY
    os.utime(path, (seconds, seconds))


def test_all_files_of_the_run_are_dated_ahead_and_one_is_to_be_made(finished, undisturbed):
    for name in undisturbed.wanted:
        date(finished.folder / name, 2)
    for kind in ("pdf", "png"):
        (finished.figures / f"fig09_sigma_profile.{kind}").unlink()
    finished.ends_like(undisturbed)


def test_the_project_s_files_are_dated_long_before(finished, undisturbed):
    for folder in ("config", "paper", "report", "scripts", "resources", "rules"):
        for path in (finished.folder / folder).rglob("*"):
            date(path, -3650)
    finished.ends_like(undisturbed)


def test_a_file_of_the_user_is_dated_ahead(finished, undisturbed):
    claims = finished.folder / "resources" / "paper_claims.yaml"
    claims.write_text(claims.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    date(claims, (time.time() - claims.stat().st_mtime) / DAY + 2)
    (line,) = [line for line in finished.fails() if "ahead of the clock" in line]
    assert "resources/paper_claims.yaml" in line and "touch" in line
    claims.touch()
    finished.ends_like(undisturbed)
