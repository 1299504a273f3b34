"""``vvs models``: what it prints, and how it refuses."""

import json

import pytest
from typer.testing import CliRunner

from vvslib import models
from vvslib.cli import build
from vvslib.models import remembered


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of this test's own."""
    monkeypatch.setenv("VVS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def vvs_models(*arguments):
    """The command, run in this process."""
    return CliRunner().invoke(build(), ["models", *arguments])


def test_the_table_has_a_row_a_model():
    """Name, family, parameters, operations, size, number of layers."""
    lines = vvs_models("--family", "AlexNet").stdout.splitlines()
    assert lines[0].split() == ["name", "family", "n_params", "flops", "size", "layers"]
    assert lines[1].split() == ["alexnet", "AlexNet", "61,100,840", "1.428e+09", "224", "8"]
    assert [line.split()[0] for line in lines[1:]] == models.names("AlexNet")
    assert len({len(line) for line in lines}) == 1


def test_json_has_the_layers():
    """Everything that is known of a model, the names of its layers included."""
    shown = json.loads(vvs_models("--family", "CORnet-S", "--json").stdout)
    assert [one["name"] for one in shown] == models.names("CORnet-S")
    assert set(shown[0]) == {"name", "family", "n_params", "flops", "attention_flops", "size", "layers"}
    assert shown[0]["layers"][-2:] == ["IT.steps.1", "decoder.avgpool"]


def test_any_model_can_be_asked_for():
    """Unlisted widths and models of other libraries, with another number of classes."""
    shown = json.loads(vvs_models("small_resnet_w20_d3", "torchvision:resnet18", "--n-classes", "10", "--json").stdout)
    assert [one["n_params"] for one in shown] == [models.info(one["name"], 10).n_params for one in shown]
    assert shown[1]["n_params"] == 11_689_512 - 990 * 513


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--family", "ResNets"), "got 'ResNets'; did you mean 'ResNet'"),
        (("resnet81",), "got 'resnet81'; did you mean 'resnet18'"),
        (("resnet18", "--family", "ResNet"), "takes names or --family, not both"),
        (("resnet18", "--n-classes", "0"), "n_classes must be a whole number from 1; got 0"),
    ],
)
def test_refusals(arguments, said):
    """An unknown family or name is refused with the nearest."""
    result = vvs_models(*arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert result.stdout == ""


def test_help_has_examples():
    """The command teaches by example."""
    assert "Examples:" in vvs_models("--help").stdout


def test_counts_are_remembered(cache, monkeypatch):
    """A second call prints the same without building anything."""
    first = vvs_models("small_alexnet_w4", "small_vit_w32_d2", "--json").stdout
    monkeypatch.setattr(remembered, "info", None)
    assert vvs_models("small_vit_w32_d2", "small_alexnet_w4", "--json").stdout != first
    assert vvs_models("small_alexnet_w4", "small_vit_w32_d2", "--json").stdout == first


@pytest.mark.parametrize("content", ["", "[1]", '{"small_alexnet_w4 None": {"name": "small_alexnet_w4"}}', '{"a": 1}'])
def test_a_broken_cache_is_counted_anew(cache, content):
    """Whatever the file holds, the answer is right and the file is mended."""
    right = vvs_models("small_alexnet_w4", "--json").stdout
    (file,) = cache.iterdir()
    good = file.read_text()
    file.write_text(content)
    assert vvs_models("small_alexnet_w4", "--json").stdout == right
    assert file.read_text() == good


def test_another_version_counts_anew(cache, monkeypatch):
    """A change of the code or of a library does not meet old counts."""
    vvs_models("small_alexnet_w4")
    monkeypatch.setattr(remembered, "_version", lambda: "another")
    monkeypatch.setattr(remembered, "info", lambda name, n_classes: models.Info(name, "none", 1, 2, 0, 3, ()))
    assert json.loads(vvs_models("small_alexnet_w4", "--json").stdout)[0]["family"] == "none"


def test_a_cache_that_cannot_be_written_is_no_hindrance(cache):
    """A file lies where the folder would be."""
    cache.write_text("")
    assert vvs_models("small_alexnet_w4").exit_code == 0
