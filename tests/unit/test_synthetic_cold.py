"""Satellites of the synthetic survey that the user's table does not tell everything of."""

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from icefire.synthetic.clouds import satellites

CATALOGUE = {
    "name": ["Equator", "Wrap", "High"],
    "kind": ["dwarf", "globular_cluster", "dwarf"],
    "ra": [120.0, 0.05, 250.0],
    "dec": [0.0, 30.0, 75.0],
    "radius": [0.4, 0.5, 0.2],
    "radius_kind": ["half-light", "tidal", "half-light"],
    "distance": [80.0, 12.0, 40.0],
    "rv": [100.0, -200.0, 30.0],
    "sigma_v": [9.0, 4.0, 5.0],
    "pmra": [0.1, -2.0, 0.5],
    "pmdec": [-0.2, 1.5, -0.7],
}


@pytest.mark.parametrize(("name", "blank"), [("dec", False), ("pmra", True)])
def test_an_object_without_a_number_is_left_out_and_the_others_stay_as_they_are(
    model, sun, tmp_path, name, blank
):
    def members(**columns) -> dict[str, np.ndarray]:
        path = tmp_path / "satellites.ecsv"
        Table(CATALOGUE | columns).write(path, format="ascii.ecsv", overwrite=True)
        found = satellites(path, model["satellites"], sun, np.random.default_rng(1))
        names = np.unique(found.object_name)
        return {one.decode(): found.ra[found.object_name == one] for one in names}

    values = CATALOGUE[name]
    column = [values[0], np.nan, values[2]]
    if blank:
        column = MaskedColumn(values, mask=[False, True, False])
    usual, found = members(), members(**{name: column})
    assert set(usual) - set(found) == {"Wrap"}
    for kept in found:
        np.testing.assert_array_equal(found[kept], usual[kept])
