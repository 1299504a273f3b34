"""Models of other libraries by name: what they are, how weights are read, and what is said where they cannot be got."""

import socket
import sys
from types import SimpleNamespace
from urllib.error import URLError

import pytest
import torch
from torch import nn

from vvslib import models
from vvslib.errors import VvsError
from vvslib.models import pretrained


def test_without_weights_nothing_is_downloaded(monkeypatch):
    """Fresh initialisation needs no network."""
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", None)
    model = models.build("torchvision:resnet18", n_classes=10, pretrained=False)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


@pytest.fixture
def served(monkeypatch):
    """torch's downloader, replaced by one that hands out the weights of a ResNet-18 of seed 5; what it was asked for is kept."""
    torch.manual_seed(5)
    weights, asked = models.build("torchvision:resnet18", pretrained=False).state_dict(), {}

    def load(url, *args, **kwargs):
        asked.update(kwargs, url=url)
        return weights

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", load)
    return SimpleNamespace(weights=weights, asked=asked)


def test_weights_are_read_as_tensors_and_checked(served):
    """torchvision's weights: no pickled code is run, the digest in the file's name is compared, every tensor arrives."""
    model = models.build("torchvision:resnet18@IMAGENET1K_V1")
    assert served.asked["weights_only"] is True
    assert served.asked["check_hash"] is True
    assert served.asked["url"].endswith("resnet18-f37072fd.pth")
    assert all(torch.equal(value, served.weights[key]) for key, value in model.state_dict().items())


def test_another_number_of_classes_gets_a_fresh_classifier(served):
    """Features keep their weights, the classifier has the outputs asked for."""
    model = models.build("torchvision:resnet18", n_classes=7)
    assert torch.equal(model.layer4[1].conv2.weight, served.weights["layer4.1.conv2.weight"])
    assert model.fc.weight.shape == (7, 512)
    assert models.split(model)[1] == 512


@pytest.mark.parametrize("error", [URLError("no route"), RuntimeError("invalid hash value")])
def test_weights_that_cannot_be_got_are_one_error(monkeypatch, error):
    """What failed, why, and what to do, whatever the library raised."""

    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", fail)
    said = rf"the weights of torchvision:resnet18@IMAGENET1K_V1 could not be got \({type(error).__name__}: .*\); .* network"
    with pytest.raises(VvsError, match=said):
        models.build("torchvision:resnet18")


def test_timm_does_not_wait_for_a_host_that_is_not_there(monkeypatch):
    """Where the hub's host has no address, its cache alone is asked, and its setting is restored."""
    import timm
    from huggingface_hub import constants

    def unknown(*args, **kwargs):
        raise socket.gaierror("Name or service not known")

    def create(name, **kwargs):
        raise OSError(f"offline is {constants.HF_HUB_OFFLINE}")

    before = constants.HF_HUB_OFFLINE
    monkeypatch.setattr(pretrained, "getproxies", dict)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(timm, "create_model", create)
    with pytest.raises(VvsError, match=r"the weights of timm:convnext_atto could not be got \(OSError: offline is True\)"):
        models.build("timm:convnext_atto")
    assert constants.HF_HUB_OFFLINE is before


def test_timm_s_classifier_is_split_off():
    """timm says where its classifier is; a model without one returns features as it is."""
    with torch.device("meta"):
        headed = models.build("timm:convnext_atto", n_classes=3, pretrained=False)
        headless = models.build("timm:vit_small_patch14_dinov2", pretrained=False)
    assert headed.classifier_name == "head.fc"
    assert models.split(headed)[1] == 320
    assert models.split(headless) == (headless, 384)


def test_a_model_of_this_registry_s_name_is_of_its_family():
    """torchvision's ResNet is a ResNet with the same layers; what is not listed here is of its library's name."""
    assert models.info("torchvision:resnet50").family == "ResNet"
    assert models.info("torchvision:resnet50").layers == models.info("resnet50").layers
    assert models.info("torchvision:vit_b_16").family == "torchvision"


class Tower(nn.Module):
    """Stands for the image tower of an OpenCLIP model."""

    output_dim = 5

    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(3, 5)

    def forward(self, x):
        return self.proj(x.mean((2, 3)))


@pytest.fixture
def open_clip(monkeypatch):
    """A package of OpenCLIP's interface with one model and one set of weights; `asked` is what it was asked for."""
    asked = []

    def create_model(arch, pretrained=None):
        asked.append((arch, pretrained))
        return SimpleNamespace(visual=Tower())

    package = SimpleNamespace(
        list_models=lambda: ["ViT-B-32"],
        list_pretrained_tags_by_model=lambda arch: ["openai"],
        get_model_config=lambda arch: {"vision_cfg": {"image_size": 224}},
        create_model=create_model,
        asked=asked,
    )
    monkeypatch.setitem(sys.modules, "open_clip", package)
    return package


def test_open_clip_gives_its_image_tower(open_clip):
    """Features without a classifier, from the weights that the name says."""
    tower = models.build("open_clip:ViT-B-32/openai")
    assert open_clip.asked == [("ViT-B-32", "openai")]
    assert models.split(tower) == (tower, 5)


def test_open_clip_absent_says_how_to_get_it(monkeypatch):
    """One command."""
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(VvsError, match="which is not installed: pip install open_clip_torch"):
        models.build("open_clip:ViT-B-32/openai")


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("torchvison:resnet18", {}, "must begin with a library; got 'torchvison:resnet18'; did you mean 'torchvision'"),
        ("torchvision:resnet81", {}, "torchvision has no classifier 'resnet81'; did you mean 'resnet18'"),
        ("torchvision:inception_v3", {}, "torchvision has no classifier 'inception_v3'"),
        ("torchvision:resnet50@IMAGENET1K_V3", {}, "no weights 'IMAGENET1K_V3' for resnet50; did you mean 'IMAGENET1K_V"),
        ("torchvision:resnet18", {"size": 64}, "size of torchvision:resnet18 is that of its weights, 224 px; got 64"),
        ("timm:convnext_ato", {}, "timm has no model 'convnext_ato'; did you mean 'convnext_atto'"),
        ("timm:convnext_atto.nope", {}, "timm has no weights 'nope' for convnext_atto; known: 'd2_in1k'"),
        ("timm:hf-hub:someone/something", {}, "timm has no model 'hf-hub:someone/something'"),
        ("open_clip:ViT-B-23/openai", {}, "open_clip has no model 'ViT-B-23'; did you mean 'ViT-B-32'"),
        ("open_clip:ViT-B-32", {}, "open_clip models are named open_clip:ARCH/TAG; got 'open_clip:ViT-B-32'"),
        ("open_clip:ViT-B-32/openai", {"n_classes": 10}, "open_clip:ViT-B-32 has no classifier: n_classes must be left out"),
    ],
)
def test_refusals(name, options, said, open_clip):
    """What no library has is refused with the nearest."""
    with pytest.raises(VvsError, match=said):
        models.build(name, **options)
