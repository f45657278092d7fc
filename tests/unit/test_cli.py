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
