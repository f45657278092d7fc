"""The cuts that scripts put together: at their limits, on both sides of the plane, one by one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import flag_substructure
import select_samples
from icefire.files.columns import KINEMATIC_COLUMNS
from icefire.stars.ledger import Ledger, remove

# A star that no cut removes
KEPT = {"is_giant": True, "z": 5.1, "r": 10.1} | dict.fromkeys(
    ("is_sagittarius", "is_satellite", "is_aleph", "is_unbound"), False
)


def removed(**changes) -> str | None:
    """Give the step of the ledger under which a star goes, or None if it stays."""
    stars = {name: np.array([value]) for name, value in (KEPT | changes).items()}
    ledger = Ledger(1)
    left = np.ones(1, bool)
    for entry, goes in select_samples.all_cuts(ledger, {}, 5.0, 10.0):
        left = remove(left, goes(stars), entry)
    steps = [entry.step for entry in ledger.entries if entry.n_removed]
    assert left[0] == (not steps)
    return steps[0] if steps else None


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, None),
        ({"z": -5.1}, None),
        ({"z": 5.0}, "halo"),
        ({"z": -5.0}, "halo"),
        ({"r": 10.0}, "halo"),
        ({"r": np.nan}, "halo"),
        ({"is_giant": False}, "giants"),
        ({"is_sagittarius": True}, "sagittarius"),
        ({"is_satellite": True}, "satellites"),
        ({"is_aleph": True}, "aleph"),
        ({"is_unbound": True}, "unbound"),
    ],
    ids=str,
)
def test_a_halo_star_is_beyond_both_limits_and_in_no_substructure(changes, step):
    assert removed(**changes) == step


@pytest.fixture
def flags():
    """Flag stars that would be Aleph's, on a circular orbit but for the given changes."""

    def found(**changes) -> dict[str, np.ndarray]:
        columns = {"feh": -0.4, "afe": 0.2, "logg": 2.0, "energy": -1e5}
        columns |= {"x": -12.0, "y": 0.0, "z": 0.0, "r": 12.0}
        columns |= {"v_r": 0.0, "v_phi": -225.0, "v_theta": 0.0}
        columns |= {"lx": 0.0, "ly": 0.0, "lz": -2700.0, "ra": 0.0, "dec": 0.0}
        columns |= dict.fromkeys(KINEMATIC_COLUMNS, 0.0) | columns
        values = np.broadcast_arrays(*map(np.atleast_1d, (columns | changes).values()))
        stars = dict(zip(columns | changes, values, strict=True))
        nowhere = {name: np.empty(0) for name in ("ra", "dec", "radius")}
        arguments = SimpleNamespace(
            max_logg=3.5,
            spared_afe_slope=-0.3,
            spared_afe_intercept=0.2,
            ly_intercept_kpc_km_s=-2500.0,
            ly_slope=-0.3,
            max_lx_ratio=0.9,
            insitu_polygon=((-1.4, 0.6), (-0.45, 0.125), (-0.45, -0.6), (1.0, -0.6), (1.0, 0.6)),
            low_alpha_slope=-0.14,
            low_alpha_intercept=0.165,
            max_eccentricity=0.3,
            orbit_time_gyr=1.0,
            orbit_step_myr=2.0,
            potential="MilkyWayPotential-v1",
            min_radius_deg=0.5,
            max_sigma=3.0,
        )
        return flag_substructure.flags(stars, nowhere, {}, arguments)

    return found


def test_a_star_is_unbound_from_an_energy_of_zero_on(flags):
    assert list(flags(energy=[-1.0, 0.0, 1.0])["is_unbound"]) == [False, True, True]


def test_giants_are_below_the_limit_and_known_to_be(flags):
    assert list(flags(logg=[3.4, 3.5, 3.6, np.nan])["is_giant"]) == [True, False, False, False]


def test_aleph_is_on_round_orbits(flags):
    """With a third of the circular velocity an orbit is far from round."""
    found = flags(v_phi=[-225.0, -75.0])
    assert list(found["is_aleph"]) == [True, False]
    assert found["eccentricity"][0] < 0.1 < 0.5 < found["eccentricity"][1]


@pytest.mark.parametrize(
    "changes",
    [{"logg": 4.0}, {"energy": 0.0}, {"lz": 2700.0}, {"feh": np.nan}, {"afe": 0.3}],
    ids=str,
)
def test_only_bound_prograde_low_alpha_giants_have_their_orbits_followed(flags, changes):
    found = flags(**changes)
    assert np.isnan(found["eccentricity"][0])
    assert not found["is_aleph"][0]
