"""The ledger counts every removed star once and its rows are a chain."""

import numpy as np
import pytest

from icefire.errors import UserError
from icefire.stars.ledger import Ledger, remove


def test_a_star_with_several_faults_counts_under_the_first_only():
    ledger = Ledger(5)
    first, second = ledger.add("clean", "first"), ledger.add("clean", "second")
    left = remove(np.ones(5, bool), np.array([1, 1, 0, 0, 0], bool), first)
    left = remove(left, np.array([0, 1, 1, 0, 0], bool), second)
    assert left.tolist() == [False, False, False, True, True]
    assert (first.n_removed, second.n_removed, ledger.n_left) == (2, 1, 2)


def test_counts_add_up_over_blocks():
    ledger = Ledger(10)
    entry = ledger.add("halo", "low")
    for start in (0, 4, 8):
        remove(np.ones(len(range(start, min(start + 4, 10))), bool), np.array([True]), entry)
    assert entry.n_removed == 4 + 4 + 2


def test_a_table_without_a_ledger_is_refused_by_its_name():
    with pytest.raises(UserError, match=r"stars\.fits.*ledger"):
        Ledger.from_meta({}, "stars.fits")
