"""A clock set back: files dated ahead of it, and others long before."""

import os
import time
from pathlib import Path

from .conftest import Place

DAY = 86_400


def date(path: Path, days: float) -> None:
    """Date a file some days from what it says."""
    seconds = path.stat().st_mtime + days * DAY
    os.utime(path, (seconds, seconds))


def goes_through(place: Place, wanted: dict[str, str]) -> None:
    """Run; the run ends well, gives the bytes, and leaves nothing to do."""
    done = place.run()
    assert done.returncode == 0, done.stdout
    assert place.files() == wanted
    assert "Nothing to be done" in place.run().stdout


def test_all_files_of_the_run_are_dated_ahead_and_one_is_to_be_made(finished, undisturbed):
    for name in undisturbed.wanted:
        date(finished.folder / name, 2)
    for kind in ("pdf", "png"):
        (finished.figures / f"fig09_sigma_profile.{kind}").unlink()
    goes_through(finished, undisturbed.wanted)


def test_the_project_s_files_are_dated_long_before(finished, undisturbed):
    for folder in ("config", "paper", "report", "scripts", "resources", "rules"):
        for path in (finished.folder / folder).rglob("*"):
            date(path, -3650)
    goes_through(finished, undisturbed.wanted)


def test_a_file_of_the_user_is_dated_ahead(finished, undisturbed):
    claims = finished.folder / "resources" / "paper_claims.yaml"
    claims.write_text(claims.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    date(claims, (time.time() - claims.stat().st_mtime) / DAY + 2)
    done = finished.run()
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if "ahead of the clock" in line]
    assert "resources/paper_claims.yaml" in line and "touch" in line
    claims.touch()
    goes_through(finished, undisturbed.wanted)
