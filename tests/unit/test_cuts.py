"""The cuts from giants to the halo: at their limits, on both sides of the plane, one by one."""

import numpy as np
import pytest

from icefire.files.columns import KINEMATIC_COLUMNS
from icefire.stars import cuts, orbits, substructure
from icefire.stars.ledger import Ledger, remove

# A star that no cut removes
KEPT = {"is_giant": True, "z": 5.1, "r": 10.1} | dict.fromkeys(
    ("is_sagittarius", "is_satellite", "is_aleph", "is_unbound"), False
)


def removed(**changes) -> str | None:
    """Give the step of the ledger under which a star goes, or None if it stays."""
    stars = {name: np.array([value]) for name, value in (KEPT | changes).items()}
    ledger, halo = Ledger(1), {"min_abs_z_kpc": 5.0, "min_radius_kpc": 10.0}
    left = np.ones(1, bool)
    for cut, entry in zip(cuts.CUTS, cuts.open_entries(ledger, {}, halo), strict=True):
        left = remove(left, cut.removes(stars, halo), entry)
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
def flags(config):
    """Flag stars that would be Aleph's, on a circular orbit but for the given changes."""

    def found(cuts_off=(), max_sigma=0.0, **changes) -> dict[str, np.ndarray]:
        columns = {"feh": -0.4, "afe": 0.2, "logg": 2.0, "energy": -1e5}
        columns |= {"x": -12.0, "y": 0.0, "z": 0.0, "r": 12.0}
        columns |= {"v_r": 0.0, "v_phi": -225.0, "v_theta": 0.0}
        columns |= {"lx": 0.0, "ly": 0.0, "lz": -2700.0, "ra": 0.0, "dec": 0.0}
        columns |= dict.fromkeys(KINEMATIC_COLUMNS, 0.0) | columns
        values = np.broadcast_arrays(*map(np.atleast_1d, (columns | changes).values()))
        stars = dict(zip(columns | changes, values, strict=True))
        nowhere = {name: np.empty(0) for name in ("ra", "dec", "radius")}
        flagged = substructure.Substructure(
            {name: config[name] for name in ("giants", "sagittarius", "aleph")}
            | {"satellites": {"min_radius_deg": 0.5, "max_sigma": 3.0}}
            | {"unbound": {"max_sigma": max_sigma}},
            cuts.Polygon(config["chemistry"]["insitu_polygon"]),
            orbits.potential("MilkyWayPotential-v1"),
            nowhere,
            dict.fromkeys(cuts_off, "made up"),
        )
        return flagged.flags(stars)

    return found


def test_a_star_is_unbound_from_an_energy_of_zero_on(flags):
    assert list(flags(energy=[-1.0, 0.0, 1.0])["is_unbound"]) == [False, True, True]


def test_a_star_is_unbound_from_so_many_errors_of_its_energy_on(flags):
    near = {"energy": [-1.0, 0.0, 19.9, 20.0, 20.1], "energy_error": 10.0}
    assert list(flags(max_sigma=2.0, **near)["is_unbound"]) == [False, False, False, True, True]
    assert not flags(cuts_off=("unbound",), **near)["is_unbound"].any()


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


def test_a_cut_that_a_survey_cannot_have_says_so_in_the_ledger():
    ledger, off = Ledger(1), {"giants": "no log g", "sagittarius_chemistry": "no [alpha/Fe]"}
    halo = {"min_abs_z_kpc": 5.0, "min_radius_kpc": 10.5}
    reasons = [entry.reason for entry in cuts.open_entries(ledger, off, halo)]
    assert reasons[0] == "not a giant: off, no log g"
    assert reasons[1] == "Sagittarius stream, all chemistries: no [alpha/Fe]"
    assert reasons[4] == "energy of zero or more"
    off = {"unbound": "no proper motions"}
    reasons = [entry.reason for entry in cuts.open_entries(Ledger(1), off, halo, 2.0)]
    assert reasons[4] == "energy of 2 of its errors or more: off, no proper motions"
    assert reasons[-2:] == ["|Z| not above 5 kpc", "r not above 10.5 kpc"]
