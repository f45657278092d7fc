"""How often intervals of the mass hold it: two hundred halos in equilibrium (docs/mass.md)."""

import numpy as np
import pytest
from equilibrium import coverage


@pytest.mark.parametrize("beta", [0.0, 0.5])
@pytest.mark.parametrize(("kind", "degree"), [("logarithmic", 1), ("hernquist", 2)])
def test_intervals_hold_the_true_mass_as_often_as_they_say(tmp_path, kind, degree, beta):
    found = coverage(tmp_path, kind, beta, halos=200, n_stars=3000, degree=degree)
    assert found[68] == pytest.approx(0.68, abs=0.05)
    assert found[95] == pytest.approx(0.95, abs=0.02)
    assert np.all(np.abs(found["ratio"] - 1) < 0.03)
