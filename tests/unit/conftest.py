"""What the tests of the synthetic survey share."""

import pytest

from icefire.stars import kinematics, orbits
from icefire.synthetic.clouds import sagittarius, satellites
from icefire.synthetic.model import read_model
from icefire.synthetic.survey import Survey, stream


@pytest.fixture(scope="session")
def model(repo) -> dict:
    """The shipped model of the synthetic survey; copy it before changing it."""
    return read_model(str(repo / "config" / "synthetic.yaml"))


@pytest.fixture(scope="session")
def sun():
    """The frame of astropy's default "v4.0", which is that of the model."""
    return kinematics.frame(8.122, 20.8, (12.9, 245.6, 7.78))


@pytest.fixture(scope="session")
def milky_way():
    """The potential of the model."""
    return orbits.potential("MilkyWayPotential-v1")


@pytest.fixture(scope="session")
def clouds(repo, model, sun, milky_way) -> list:
    """A Sagittarius of fewer particles, and the catalogued satellites."""
    few = {**model["sagittarius"], "stripping_episodes": 20, "particles_per_episode": 50}
    path = repo / "resources" / "satellites.ecsv"
    return [
        sagittarius(few, sun, milky_way, stream(1, 2**31)),
        satellites(path, model["satellites"], sun, stream(1, 2**31 + 1)),
    ]


@pytest.fixture(scope="session")
def survey_of(model, sun, milky_way, clouds):
    """Make a small survey of the model, of which whole sections or keys of one are changed."""

    def make(rows: int = 3000, seed: int = 1, clouds=clouds, **changes) -> Survey:
        changed = {
            key: {**model[key], **value} if isinstance(value, dict) else value
            for key, value in changes.items()
        }
        return Survey(rows, seed, {**model, **changed}, sun, milky_way, clouds)

    return make
