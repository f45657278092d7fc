"""Every uncertainty method through the scripts: any shards, errors in or off."""

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from .calls import call
from .chain import overlay

METHODS = ("han2024", "bootstrap", "likelihood")


@pytest.fixture(scope="module")
def summarised(config, chain, tmp_path_factory):
    """Measure the halo by a method in so many shards; give the summary of a geometry."""

    @functools.cache
    def measured(method: str, shards: int, *flags: str) -> Path:
        folder = tmp_path_factory.mktemp(method)
        other = overlay(config, {"uncertainty": {"method": method}})
        step = chain.of_script("run_realisations").under(config, other)
        step = step.with_flag("--shards", str(shards))
        for shard in range(shards):
            part = step.with_flag("--shard", str(shard)).writing_to(folder / str(shard))
            # Not the shards of a rule, of which the first stands for all
            outputs = {flag: path.with_name("part.npz") for flag, path in part.outputs.items()}
            part = dataclasses.replace(part, outputs=outputs)
            done = call(part.script, [*part.argv(), *flags])
            assert (done.status, done.err) == (0, "")
        return folder

    def summary(method: str, shards: int, geometry: str, *flags: str) -> Path:
        folder = measured(method, shards, *flags)
        found = folder / f"{geometry}.ecsv"
        paths = [folder / str(shard) / geometry / "halo" / "part.npz" for shard in range(shards)]
        done = call("summarise", ["--shards", *map(str, paths), "--summary", str(found)])
        assert (done.status, done.err) == (0, "")
        return found

    return summary


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("geometry", ["sky", "radial"])
def test_a_summary_has_the_same_bytes_whatever_the_shards(summarised, method, geometry):
    one = summarised(method, 1, geometry)
    assert np.isfinite(Table.read(one)["sigma_r"]).sum() > 5
    assert summarised(method, 3, geometry).read_bytes() == one.read_bytes()


def test_the_methods_that_take_errors_off_agree_and_are_below_the_paper_s(summarised):
    tables = {method: Table.read(summarised(method, 1, "radial")) for method in METHODS}
    many = tables["han2024"]["n_stars"] > 100
    assert many.sum() >= 3
    phi = {method: np.asarray(table["sigma_phi"])[many] for method, table in tables.items()}
    assert np.all(phi["bootstrap"] < phi["han2024"])
    assert np.all(phi["likelihood"] < phi["han2024"])
    np.testing.assert_allclose(phi["likelihood"], phi["bootstrap"], rtol=0.15)


@pytest.mark.parametrize("sound", METHODS[1:])
def test_a_sound_method_beside_the_paper_s_gives_what_it_gives_alone(summarised, sound):
    beside = Table.read(summarised("han2024", 2, "radial", f"--uncertainty-sound={sound}"))
    alone = Table.read(summarised(sound, 1, "radial"))
    for name, both in (("sigma_r", "sigma_r_sound"), ("beta_lo68", "beta_sound_lo68")):
        np.testing.assert_array_equal(beside[both], alone[name])
    assert not [name for name in alone.colnames if "_sound" in name]


@pytest.mark.parametrize("method", METHODS)
def test_errors_are_left_in_or_taken_off_as_told(summarised, method):
    own = Table.read(summarised(method, 1, "radial"))
    off = Table.read(summarised(method, 1, "radial", "--dispersion-deconvolve"))
    left = Table.read(summarised(method, 1, "radial", "--no-dispersion-deconvolve"))
    many = own["n_stars"] > 100
    assert np.all(off["sigma_phi"][many] < left["sigma_phi"][many])
    same = left if method == "han2024" else off
    for name in (name for name in own.colnames if "_sound" not in name):
        np.testing.assert_array_equal(own[name], same[name])
    for table, said in ((own, None), (off, True), (left, False)):
        assert table.meta["parameters"]["run_realisations"].get("dispersion_deconvolve") is said
