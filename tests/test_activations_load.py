"""Subjects by name: architectures with a file of weights, libraries with and without a network, functions of a user's file."""

import socket
import subprocess
import sys
from types import SimpleNamespace
from urllib.error import URLError

import numpy as np
import pytest
import torch
from activations import Plain, noise, plain
from torch import nn

from vvslib import models
from vvslib.activations import Preprocessing, Subject, calibrated, extract, load, probabilities
from vvslib.activations import weights as files
from vvslib.activations.preprocessing import Transformed
from vvslib.errors import VvsError
from vvslib.training import checkpoint

ARCH = "small_resnet_w4_d1"


def network(arch: str = ARCH, n_classes: int = 10, seed: int = 3) -> nn.Module:
    """An architecture with weights of a seed."""
    torch.manual_seed(seed)
    return models.build(arch, n_classes)


def same(one: nn.Module, other: nn.Module) -> bool:
    """Whether two networks have the same tensors."""
    state = other.state_dict()
    return all(torch.equal(value, state[key]) for key, value in one.state_dict().items())


# ---- untrained


def test_untrained_weights_follow_from_the_seed():
    """The same seed, the same weights and digest; torch's own generator is left where it was."""
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    first, again, other = load(f"{ARCH}@untrained"), load(ARCH, pretrained=False), load(f"{ARCH}@untrained", seed=1)
    assert torch.equal(before, torch.random.get_rng_state())
    assert same(first.module, again.module)
    assert first.digest == again.digest != other.digest
    assert (first.name, other.name) == (f"{ARCH}_untrained_s0", f"{ARCH}_untrained_s1")
    assert other.columns["is_random"] and other.columns["seed"] == 1 and other.columns["n_samples"] == 0


def test_an_architecture_without_weights_is_refused():
    """It is untrained only when that is asked for."""
    with pytest.raises(VvsError, match=rf"{ARCH} has no weights here; give a file of them .* or ask for {ARCH}@untrained"):
        load(ARCH)
    with pytest.raises(VvsError, match=r"did you mean 'small_resnet_w4_d1'"):
        load("smal_resnet_w4_d1")
    with pytest.raises(VvsError, match=r"@untrained must be the end of a name"):
        load(f"{ARCH}@untrained:x")


@pytest.mark.parametrize("options", [{"weights": "x.pt"}, {"pretrained": True}])
def test_untrained_and_weights_exclude_each_other(options):
    """One of them is meant."""
    with pytest.raises(VvsError, match=r"leave .*out"):
        load(f"{ARCH}@untrained", **options)


# ---- weights of a file


@pytest.mark.parametrize("form", ["run", "plain", "lightning", "parallel", "safetensors"])
def test_weights_of_a_file(form, tmp_path):
    """A run's file, a plain state_dict, one within a dict, one of a wrapped network, safetensors; with the file's classes."""
    trained = network()
    path = tmp_path / ("w.safetensors" if form == "safetensors" else "w.pt")
    state = trained.state_dict()
    if form == "run":
        checkpoint.write({"weights": state}, path)
    elif form == "safetensors":
        from safetensors.torch import save_file

        save_file(state, path)
    elif form == "lightning":
        torch.save({"epoch": 3, "state_dict": {f"model.{key}": value for key, value in state.items()}}, path)
    else:
        torch.save({f"module.{key}": value for key, value in state.items()} if form == "parallel" else state, path)
    found = load(ARCH, weights=path, classes=[f"c{i}" for i in range(10)])
    assert same(found.module, trained)
    assert found.name.startswith(f"{ARCH}_w_") and not found.columns.get("is_random")
    assert probabilities(found, noise(2, 32)).shape == (2, 10)


def test_weights_without_a_classifier(tmp_path):
    """Features alone: read-outs take the network's answer, and there are no choices."""
    trained = network()
    torch.save({key: value for key, value in trained.state_dict().items() if not key.startswith("fc.")}, tmp_path / "w.pt")
    found = load(ARCH, weights=tmp_path / "w.pt")
    expected, _ = models.split(trained.eval())
    with torch.no_grad():
        features = expected(found.preprocessing(noise(3, 32), [0, 1, 2])).numpy()
    np.testing.assert_allclose(extract(found, noise(3, 32), [found.penultimate])[":output"], features, rtol=1e-4, atol=1e-6)
    with pytest.raises(VvsError, match="no known classifier"):
        probabilities(found, noise(3, 32))


def test_weights_of_another_architecture(tmp_path):
    """Named, with what is missing, unknown, of another shape."""
    torch.save(network("small_resnet_w8_d1").state_dict(), tmp_path / "w.pt")
    with pytest.raises(VvsError, match=r"w.pt: these weights are of another architecture: \d+ of another shape \(conv1"):
        load(ARCH, weights=tmp_path / "w.pt")
    with pytest.raises(VvsError, match=r"another architecture: \d+ missing .*; \d+ unknown \(conv1.weight, bn1"):
        load("small_vit_w32_d2", weights=tmp_path / "w.pt")


class Evil:
    """What a pickle may do."""

    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (Evil(), r"cannot be read as plain tensors: .*; save network.state_dict\(\)"),
        (nn.Linear(2, 2), r"cannot be read as plain tensors"),
        ({"state_dict": {"a": "text"}}, r"must hold the tensors of a state_dict\(\); got a dict of 'state_dict'"),
        ([torch.zeros(1)], r"must hold the tensors of a state_dict\(\); got list"),
        (None, r"cannot be read as plain tensors"),
    ],
)
def test_files_of_anything_but_tensors(content, said, tmp_path, capsys):
    """Refused, and nothing in them runs."""
    path = tmp_path / "w.pt"
    path.write_bytes(b"no pickle") if content is None else torch.save(content, path)
    with pytest.raises(VvsError, match=said):
        files.read(path)
    assert "executed" not in capsys.readouterr().out
    with pytest.raises(VvsError, match="no file of weights at"):
        files.read(tmp_path / "absent.pt")


# ---- libraries


@pytest.fixture
def no_network(monkeypatch):
    """torch's downloader without a network; the cache is not looked into."""

    def fail(*args, **kwargs):
        assert socket.getdefaulttimeout() == 10
        raise URLError("Name or service not known")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", fail)


def test_without_a_network_weights_are_random_and_said_to_be(no_network):
    """Where the host cannot be reached: the note, the name and the row say that the weights are random."""
    found = load("torchvision:resnet18", seed=2)
    assert len(found.notes) == 1
    assert found.notes[0].startswith("the weights of torchvision:resnet18 could not be got (URLError: ")
    assert "RANDOM weights of seed 2 are scored instead" in found.notes[0]
    assert found.name == "torchvision:resnet18_untrained_s2"
    assert found.columns["is_random"] and not found.columns.get("is_pretrained") and "acc" not in found.columns
    assert found.digest == load("torchvision:resnet18@untrained", seed=2).digest
    assert load("torchvision:resnet18@untrained").notes == ()
    assert socket.getdefaulttimeout() is None


def test_weights_that_are_insisted_on_are_an_error(no_network):
    """With pretrained=True nothing else will do."""
    with pytest.raises(VvsError, match=r"the weights of torchvision:resnet18@IMAGENET1K_V1 could not be got"):
        load("torchvision:resnet18", pretrained=True)


def test_a_damaged_download_is_an_error(monkeypatch):
    """Only a network that is not there leads to random weights; a wrong file never does."""

    def fail(*args, **kwargs):
        raise RuntimeError("invalid hash value")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", fail)
    with pytest.raises(VvsError, match="invalid hash value"):
        load("torchvision:resnet18")


def test_weights_of_torchvision(monkeypatch):
    """Their normalisation, size, classes and accuracy; D is ImageNet's where they were trained on it alone."""
    torch.manual_seed(7)
    state = models.build("torchvision:resnet18", pretrained=False).state_dict()
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", lambda *args, **kwargs: state)
    found = load("torchvision:resnet18")
    assert found.name == "torchvision:resnet18" and found.notes == ()
    assert found.preprocessing == Preprocessing(224)
    assert found.classes[0] == "tench" and len(found.classes) == 1000
    said = {"arch": "resnet18", "arch_family": "ResNet", "n_params": 11689512, "is_pretrained": True, "dataset": "imagenet"}
    assert found.columns | said | {"n_samples": 1281167, "acc": 0.69758} == found.columns
    assert torch.equal(found.module.state_dict()["fc.weight"], state["fc.weight"])


@pytest.mark.parametrize(
    ("spec", "interpolation", "mean", "first", "last"),
    [
        ("timm:convnext_atto@untrained", "bicubic", 0.485, "stem", "stages.3"),
        ("timm:vit_tiny_patch16_224@untrained", "bicubic", 0.5, "patch_embed", "norm"),
        ("torchvision:alexnet@untrained", "bilinear", 0.485, "features.1", "classifier.5"),
    ],
)
def test_libraries_say_what_their_networks_are_given(spec, interpolation, mean, first, last):
    """Normalisation and interpolation are the library's; layers early to late, without rows, copies and the classifier."""
    found = load(spec)
    assert (found.preprocessing.interpolation, found.preprocessing.mean[0]) == (interpolation, mean)
    assert found.layers[0] == first and last in found.layers
    assert not {"head", "blocks", "stages", "features", "classifier"} & set(found.layers)


def test_an_image_tower_has_features_and_no_choices(monkeypatch):
    """OpenCLIP's tower, of a package with its interface: its answer is read out, its normalisation is its own."""

    class Tower(nn.Module):
        output_dim, image_mean, image_std = 5, (0.4, 0.4, 0.4), (0.3, 0.3, 0.3)

        def __init__(self):
            super().__init__()
            self.proj = nn.Linear(3, 5)

        def forward(self, x):
            return self.proj(x.mean((2, 3)))

    package = SimpleNamespace(
        list_models=lambda: ["ViT-X"],
        list_pretrained_tags_by_model=lambda arch: ["openai"],
        get_model_config=lambda arch: {"vision_cfg": {"image_size": 32}},
        create_model=lambda arch, pretrained=None: SimpleNamespace(visual=Tower()),
    )
    monkeypatch.setitem(sys.modules, "open_clip", package)
    found = load("open_clip:ViT-X/openai")
    assert (found.penultimate, found.has_classifier) == (":output", False)
    assert found.preprocessing == Preprocessing(32, (0.4,) * 3, (0.3,) * 3, interpolation="bicubic")
    assert found.columns["is_open_clip"] and found.columns["dataset"] == "openai"
    assert extract(found, noise(2, 32), [found.penultimate])[":output"].shape == (2, 5)
    with pytest.raises(VvsError, match="has no known classifier, and so no choices; read its features out instead"):
        probabilities(found, noise(2, 32))


# ---- a user's file

USER = '''
"""A user's networks."""
import torch
from torch import nn

from helpers import WIDTH


class Net(nn.Module):
    def __init__(self, stride=1):
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTH, 3, stride=stride)
        self.blocks = nn.ModuleList([nn.Conv2d(WIDTH, WIDTH, 3) for _ in range(3)])
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x).relu_()
        return self.head(x.mean((2, 3)))


def bare():
    return Net()


def pair():
    return Net(), {"size": 20, "mean": (0.5, 0.5, 0.5), "std": (0.2, 0.2, 0.2), "degrees": 4}


def transform():
    from torchvision import transforms

    return Net(), transforms.Compose([transforms.Resize(24), transforms.CenterCrop(18), transforms.ToTensor()])


def whole():
    from vvslib.activations import Preprocessing, Subject

    return Subject("mine", Net(), Preprocessing(20), ("stem",), columns={"dataset": "mine"})


def breaks():
    return Net().nothing


def wrong():
    return "a network"


def needs(width):
    return Net()


def random():
    class Noisy(Net):
        def forward(self, x):
            return super().forward(x + torch.randn_like(x))

    return Noisy(), {"size": 20}
'''


@pytest.fixture
def user(tmp_path):
    """A user's folder, with a module that another folder has under the same name."""
    (tmp_path / "nets.py").write_text(USER)
    (tmp_path / "helpers.py").write_text("WIDTH = 6\n")
    return tmp_path / "nets.py"


def test_a_user_s_function(user):
    """A module alone: its layers and classifier are found, weights follow from the seed, and a note says what it is given."""
    found = load(f"{user}:bare", size=20)
    assert found.name == "nets:bare"
    assert found.layers == ("stem", "blocks.0", "blocks.1", "blocks.2")
    assert found.penultimate == "head:input"
    assert found.notes == (f"{user}:bare returns no preprocessing: 20 px and ImageNet's normalisation",)
    assert found.columns == {"arch": "Net", "n_params": 6 * 28 + 3 * 6 * 55 + 28}
    assert extract(found, noise(), found.layers)["blocks.2"].shape == (7, 6 * 12 * 12)
    assert load(f"{user}:bare", size=20).digest == found.digest
    assert len({load(f"{user}:bare", size=20, seed=1).digest, load(f"{user}:bare", size=24).digest, found.digest}) == 3


def test_a_user_s_preprocessing(user):
    """Options, a transform, or a whole subject."""
    assert load(f"{user}:pair").preprocessing == Preprocessing(20, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), degrees=4)
    assert load(f"{user}:pair", degrees=6.0).preprocessing.degrees == 6
    found = load(f"{user}:transform")
    assert isinstance(found.preprocessing, Transformed) and found.preprocessing.size == 18
    whole = load(f"{user}:whole", columns={"seed": 4})
    assert (whole.name, whole.layers, whole.columns) == ("mine", ("stem",), {"dataset": "mine", "seed": 4})
    with pytest.raises(VvsError, match="size is decided by the transform, 18 px; got 20; leave it out"):
        load(f"{user}:transform", size=20)


def test_a_user_s_weights(user, tmp_path):
    """A file of weights goes into what the function returns."""
    trained = load(f"{user}:pair", seed=9)
    torch.save({"state_dict": trained.module.state_dict()}, tmp_path / "w.pth")
    assert load(f"{user}:pair", weights=tmp_path / "w.pth").digest == trained.digest
    with pytest.raises(VvsError, match="of another architecture"):
        torch.save({"a": torch.zeros(1)}, tmp_path / "v.pth")
        load(f"{user}:pair", weights=tmp_path / "v.pth")


def test_the_digest_knows_the_user_s_code(user):
    """An edit of the file, or of a module beside it, is another network, although its weights are the same."""
    first = load(f"{user}:pair").digest
    user.write_text(USER.replace("x.mean((2, 3))", "x.amax((2, 3))"))
    second = load(f"{user}:pair").digest
    (user.parent / "helpers.py").write_text("WIDTH = 6  # as before\n")
    assert len({first, second, load(f"{user}:pair").digest}) == 3


def test_equal_names_of_two_folders_do_not_meet(user, tmp_path):
    """Each file finds the module beside itself, and none of them stays imported."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "nets.py").write_text(USER)
    (other / "helpers.py").write_text("WIDTH = 4\n")
    before = {name for name in sys.modules if not name.startswith(("vvs_user_", "torch", "vvslib", "PIL"))}
    widths = [load(f"{path}:pair").module.stem.out_channels for path in (user, other / "nets.py", user)]
    assert widths == [6, 4, 6]
    assert "helpers" not in {name for name in sys.modules if name not in before}
    assert not any("test_equal_names" in path for path in sys.path)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("bear", r"nets.py has no function 'bear'; did you mean 'bare'"),
        (
            "breaks",
            r"nets.py:breaks cannot be called: AttributeError: 'Net' object .* \(.*nets.py, line \d+: return Net\(\).nothing\)",
        ),
        ("wrong", r"nets.py:wrong must return a torch.nn.Module, \(module, preprocessing\) or a Subject; got str"),
        ("needs", r"nets.py:needs must be callable without arguments; missing a required argument: 'width'; give each a default"),
        ("", r"is named FILE.py:FUNCTION; got .*; it has bare, pair, transform, whole"),
    ],
)
def test_what_is_wrong_with_a_user_s_function(user, function, said):
    """Named, with the line or the nearest."""
    with pytest.raises(VvsError, match=said):
        load(f"{user}:{function}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(:\n", r"mine.py cannot be run: SyntaxError: .* \(.*mine.py, line 1\)"),
        ("import no_such_module\n", r"cannot be run: ModuleNotFoundError: No module named 'no_such_module' \(.*mine.py, line 1"),
        ("import sys\nsys.exit(3)\n", r"cannot be run: SystemExit: 3 \(.*mine.py, line 2"),
        ("x = 1\n\n\n1 / 0\n", r"cannot be run: ZeroDivisionError: division by zero \(.*mine.py, line 4: 1 / 0\)"),
    ],
)
def test_what_is_wrong_with_a_user_s_file(tmp_path, text, said):
    """Named, with the user's line."""
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(VvsError, match=said):
        load(f"{path}:f")
    with pytest.raises(VvsError, match=r"no file at .*absent.py"):
        load(f"{tmp_path / 'absent.py'}:f")


def test_a_network_that_answers_differently_each_time_is_told(user):
    """A note says that scores will differ."""
    assert load(f"{user}:random").notes == ("nets:random answers the same image differently from one pass to the next",)


# ---- digest and calibration


def test_the_digest_is_the_same_in_another_process():
    """Nothing of it depends on the process: not on hashing, not on addresses."""
    code = f"from vvslib.activations import load; print(load('{ARCH}@untrained').digest)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert told.stdout.strip() == load(f"{ARCH}@untrained").digest


def test_the_digest_is_of_what_decides_answers():
    """Weights, buffers, plain attributes, structure, preprocessing; not names, columns or training mode."""
    first = plain()
    assert plain(columns={"seed": 3}).digest == first.with_(name="other").digest == first.digest
    assert Subject("a", first.module.train(), first.preprocessing).digest == first.digest
    others = [plain(seed=1), plain(size=18), plain(library=True)]
    scaled, buffered, stride, other = Plain(), Plain(), Plain(), Plain()
    for module in (scaled, buffered, stride, other):
        module.load_state_dict(first.module.state_dict())
    scaled.scale, stride.conv1.stride, other.act = 2.0, (2, 2), torch.relu
    buffered.register_buffer("kept", torch.ones(1), persistent=False)
    others += [Subject("a", module, first.preprocessing) for module in (scaled, buffered, stride, other)]
    assert len({first.digest, *(other.digest for other in others)}) == 8


def test_a_subject_that_is_none():
    """Each part is checked."""
    for arguments, said in (
        (("", Plain(), Preprocessing(8)), "name of a network must be text; got ''"),
        (("a", Plain, Preprocessing(8)), r"a: the network must be a torch.nn.Module; got type"),
        (("a", Plain(), 8), "a: preprocessing must be a Preprocessing or a Transformed; got int"),
    ):
        with pytest.raises(VvsError, match=said):
            Subject(*arguments)


def test_calibration_is_batch_normalisation_by_the_images():
    """Fitted to a set, a network answers that set in evaluation as it does in training; the network itself is left alone."""
    net, images = load(f"{ARCH}@untrained"), noise(8, 32)
    fitted = calibrated(net, images)
    assert fitted.name == f"{net.name}_calibrated" and fitted.digest != net.digest
    assert same(net.module, load(f"{ARCH}@untrained").module)
    as_trained = load(f"{ARCH}@untrained").module.train()
    with torch.no_grad():
        expected = as_trained(net.preprocessing(images, np.arange(8)))
    found = extract(fitted, images, [":output"])[":output"]
    # training divides by n, the running variance is that of n − 1
    assert np.abs(found - expected.numpy()).max() < 0.1 * np.abs(expected.numpy()).max()
    assert not any(module.training for module in fitted.module.modules())
    with pytest.raises(VvsError, match="has no batch normalisation to be calibrated"):
        calibrated(plain(), images)
