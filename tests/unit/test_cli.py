"""A user's mistake is one line and status 2; a bug keeps its traceback; a log has no progress."""

import io
import sys

import pytest

from icefire import cli
from icefire.errors import UserError


def outcome(work, capsys, argv=()):
    parser = cli.parser("Do a thing.\n\nUsage:\n    thing.py --flag 1")
    parser.prog = "thing.py"
    parser.add_argument("--flag", type=cli.finite)
    parser.add_argument("--long-name", type=cli.points)
    parser.add_argument("--sun", type=cli.triple)
    return cli.run(parser, work, list(argv)), capsys.readouterr()


def raising(error):
    def work(arguments):
        raise error

    return work


def test_a_users_mistake_is_one_line_and_status_2(capsys):
    error = UserError("stars.fits: column\n   RA is missing\n(the file has ra)")
    status, printed = outcome(raising(error), capsys)
    assert status == 2 and printed.out == ""
    assert printed.err == ("thing.py: error: stars.fits: column RA is missing (the file has ra)\n")


def test_a_path_that_cannot_be_used_is_one_line_and_status_2(capsys, tmp_path):
    for work in (
        lambda _: (tmp_path / "none.fits").read_bytes(),
        lambda _: tmp_path.read_bytes(),
        lambda _: (tmp_path / "none" / "x").write_text("x"),
    ):
        status, printed = outcome(work, capsys)
        assert status == 2
        assert printed.err.startswith(f"thing.py: error: {tmp_path}")
        assert printed.err.count("\n") == 1


@pytest.mark.parametrize("bug", [ValueError("x"), KeyError("x"), OSError("no path")])
def test_a_bug_keeps_its_traceback(capsys, bug):
    with pytest.raises(type(bug)):
        outcome(raising(bug), capsys)


def test_progress_is_silent_in_a_log_and_passes_all_items(capsys):
    assert list(cli.progress(iter("abc"), 3, "stars")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("total", [4, 0])
def test_progress_shows_itself_on_a_terminal(monkeypatch, total):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    assert list(cli.progress(range(total), total, "stars")) == list(range(total))
    shown = sys.stderr.getvalue()
    assert shown.endswith("\rstars: 100 %\n")
    assert ("\rstars:  25 %" in shown) == (total == 4)


def test_counts_in_the_log_are_readable(capsys):
    cli.report("giants", 12345, of=302485)
    cli.report("stars", 7)
    assert capsys.readouterr().out == "giants: 12,345 of 302,485\nstars: 7\n"


@pytest.mark.parametrize("error", [MemoryError(), MemoryError("2 GiB for an array")])
def test_too_little_memory_is_said_in_one_line(capsys, error):
    status, said = outcome(raising(error), capsys)
    assert (status, said.err.count("\n")) == (2, 1)
    assert said.err.startswith("thing.py: error: out of memory (") and str(error) in said.err
