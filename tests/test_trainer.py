"""The loop: it learns, repeats itself bitwise, survives being killed, and says what is wrong."""

import copy
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
import training
from PIL import Image
from torch.nn import functional as F

from vvslib import models
from vvslib.errors import VvsError
from vvslib.training import batches, build, checkpoint, memory, plan
from vvslib.training.average import Average
from vvslib.training.optimizers import LARS, groups
from vvslib.training.trainer import Diverged, Hardware, train

pytestmark = pytest.mark.filterwarnings("ignore:The `srun` command is available")

CPU = Hardware(device="cpu")
ALWAYS = Hardware(device="cpu", save_every=0)
OBJECTIVES = {
    "supervised": {"recipe_ema": 0.99, "recipe_mixup": 0.5},
    "simclr": {"recipe_head": [32, 16]},
    "dino": {"recipe_prototypes": 32, "recipe_dino_head": [32, 16], "recipe_local_crops": 1},
    "adversarial": {"recipe_min_steps": 0},
}


def weights(folder):
    """The weights that a run left."""
    return checkpoint.read(folder / "weights.pt")["weights"]


def same(one, other):
    """Whether two state dictionaries agree bitwise."""
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


class Stop(Exception):
    """Raised by a test in the middle of a run, as a crash would be."""


def stopping_at(step):
    """A report that ends the run the first time it is told of this step or a later one."""

    def report(event):
        if event["step"] >= step:
            raise Stop

    return report


def told_every_step(monkeypatch_time):
    """Make every step worth a report."""
    monkeypatch_time.setattr("vvslib.training.trainer.TELL", 0.0)


@pytest.mark.slow
def test_learns(tmp_path):
    """A network of 20,000 parameters names 24 rendered categories far above chance within seconds."""
    images = "sandbox:size=32,per_class=60,val_per_class=10,variation=low"
    done = train(training.spec(images=images, recipe_steps=150, recipe_batch_size=64), tmp_path, hardware=CPU)
    assert done.last["val_acc"] > 8 / done.plan.n_classes
    assert done.curve[-1]["train_loss"] < 0.75 * done.curve[0]["train_loss"]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_stopped_run_ends_with_the_same_weights(objective, tmp_path, monkeypatch):
    """Crashed after an early step and run again: weights and curve are bitwise those of a run in one go."""
    told_every_step(monkeypatch)
    run, sets = training.spec(objective=objective, **OBJECTIVES[objective]), training.sets()
    whole = train(run, tmp_path / "whole", hardware=CPU, sets=sets)
    with pytest.raises(Stop):
        train(run, tmp_path / "parts", hardware=ALWAYS, sets=sets, report=stopping_at(5))
    with pytest.raises(Stop):
        train(run, tmp_path / "parts", hardware=ALWAYS, sets=sets, report=stopping_at(9))
    again = train(run, tmp_path / "parts", hardware=CPU, sets=sets)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    one, other = ([{k: v for k, v in row.items() if k != "seconds"} for row in done.curve] for done in (whole, again))
    assert one == other


def test_a_seed_fixes_everything_else(tmp_path):
    """The same run twice is bitwise the same; another seed is not."""
    sets = training.sets()
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        train(training.spec(seed=seed, recipe_steps=4), tmp_path / name, hardware=CPU, sets=sets)
    one, two, three = (weights(tmp_path / name) for name in ("one", "two", "three"))
    assert same(one, two) and not same(one, three)


def test_a_finished_run_is_not_trained_again(tmp_path):
    """The second call reads what is there."""
    run, sets = training.spec(recipe_steps=3), training.sets()
    first = train(run, tmp_path, hardware=CPU, sets=sets)
    changed = (tmp_path / "weights.pt").stat().st_mtime_ns
    second = train(run, tmp_path, hardware=CPU, sets=sets)
    assert (tmp_path / "weights.pt").stat().st_mtime_ns == changed
    assert second.curve == first.curve


def test_a_folder_of_another_run_is_refused(tmp_path):
    """What differs is named."""
    train(training.spec(recipe_steps=2), tmp_path, hardware=CPU)
    with pytest.raises(VvsError, match=r"holds another run \(other seed\); name another folder, or empty it"):
        train(training.spec(recipe_steps=2, seed=1), tmp_path, hardware=CPU)


def test_images_may_move(tmp_path):
    """A run goes on when its folder of images lies elsewhere; other images under the old name are another run."""
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        for name in ("cat", "dog"):
            (tmp_path / "here" / split / name).mkdir(parents=True)
            for i in range(4):
                Image.fromarray(rng.integers(0, 255, (32, 32, 3), np.uint8)).save(tmp_path / "here" / split / name / f"{i}.png")
    moved = {"recipe_steps": 2, "recipe_batch_size": 4}
    first = train(training.spec(images=f"folder:path={tmp_path / 'here'},size=32", **moved), tmp_path / "run", hardware=CPU)
    (tmp_path / "here").rename(tmp_path / "there")
    second = train(training.spec(images=f"folder:path={tmp_path / 'there'},size=32", **moved), tmp_path / "run", hardware=CPU)
    assert second.curve == first.curve
    (tmp_path / "there" / "train" / "cat" / "3.png").unlink()
    with pytest.raises(VvsError, match=r"holds another run \(other images\)"):
        train(training.spec(images=f"folder:path={tmp_path / 'there'},size=32", **moved), tmp_path / "run", hardware=CPU)


def test_one_step_is_plain_torch(tmp_path):
    """After one step of SGD the weights are those of ten lines of torch."""
    run, (images, validation) = training.spec(recipe_steps=1, recipe_warmup=0, recipe_weight_decay=0.01), training.sets()
    train(run, tmp_path, hardware=CPU, sets=(images, validation))
    _, recipe = run.resolved()
    network = build.network(run, recipe, len(images.classes), 32)
    steps = batches.Steps(batches.subset(images, 0, 0), recipe, 0)
    (views,), labels = next(iter(batches.MemoryBatches(images, steps, 32, 0, 1, torch.device("cpu"))))
    optimizer = torch.optim.SGD(network.parameters(), lr=recipe.lr, momentum=0.9, nesterov=True, weight_decay=0.01)
    F.cross_entropy(network(views), labels).backward()
    optimizer.step()
    assert same(weights(tmp_path), network.state_dict())


def test_average_by_hand():
    """Two steps: (1 + t) / (10 + t) while that is below the decay, then the decay; buffers are copied."""
    network = torch.nn.BatchNorm1d(1)
    average = Average(network, 0.15)
    with torch.no_grad():
        network.weight.fill_(3.0)
    average.follow(network, 0)
    assert average.network.weight.item() == pytest.approx(0.1 * 1 + 0.9 * 3)
    average.follow(network, 5)
    assert average.network.weight.item() == pytest.approx(0.15 * 2.8 + 0.85 * 3)
    network.running_mean.fill_(7.0)
    average.follow(network, 6)
    assert average.network.running_mean.item() == 7.0


def test_lars_by_hand():
    """‖w‖ = 5, g + βw = (1, 0): the step is lr · η · 5 along it; vectors of the other group take plain steps."""
    w, v = torch.nn.Parameter(torch.tensor([[3.0, 4.0]])), torch.nn.Parameter(torch.tensor([1.0]))
    optimizer = LARS(groups([("w", w), ("v", v)], 0.5, decay_norms=False), lr=0.2, momentum=0.9)
    w.grad, v.grad = torch.tensor([[1 - 1.5, -2.0]]), torch.tensor([1.0])
    optimizer.step()
    assert w.detach().flatten().tolist() == pytest.approx([3 - 0.2 * 1e-3 * 5, 4.0])
    assert v.item() == pytest.approx(1 - 0.2)


def test_vectors_decay_only_if_asked():
    """Biases and norms stand in a group without decay."""
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    split = groups(network.named_parameters(), 0.1, decay_norms=False)
    assert [(g["weight_decay"], len(g["params"])) for g in split] == [(0.1, 1), (0.0, 3)]
    assert len(groups(network.named_parameters(), 0.1, decay_norms=True)) == 1


def test_one_image_a_class_trains(tmp_path):
    """A subset smaller than a batch is one short batch an epoch, and training goes on over epochs."""
    done = train(training.spec(per_class=1, recipe_steps=5), tmp_path, hardware=CPU)
    assert done.last["epoch"] == 5
    assert done.plan.n_samples_seen == 5 * done.plan.n_classes


def test_divergence_is_named_with_its_step(tmp_path):
    """A rate beyond reason ends the run, at the step at which the loss was first not finite."""
    with pytest.raises(Diverged) as caught:
        train(training.spec(recipe_lr=1e30, recipe_warmup=0), tmp_path, hardware=CPU)
    assert 0 < caught.value.step < 12


def test_too_many_images_a_class_are_refused(tmp_path):
    """The classes that hold too few are named."""
    with pytest.raises(VvsError, match="30 images per class were asked for; there are fewer of "):
        train(training.spec(per_class=30), tmp_path, hardware=CPU)


@pytest.mark.parametrize(("kept", "epochs"), [("every", [1, 2, 3]), ([2], [2]), ("published", [1, 2, 3]), ("last", [])])
def test_weights_of_epochs_are_kept(kept, epochs, tmp_path):
    """As asked; the last weights always."""
    run = training.spec(per_class=2, recipe_steps=3, recipe_batch_size=64, checkpoints=kept)
    train(run, tmp_path, hardware=CPU)
    found = sorted(int(path.stem[-4:]) for path in tmp_path.glob("weights_epoch*.pt"))
    assert found == epochs
    assert (tmp_path / "weights.pt").is_file()


def test_adversarial_training_starts_from_given_weights(tmp_path):
    """The first step moves the supervised weights, not fresh ones."""
    train(training.spec(recipe_steps=3), tmp_path / "first", hardware=CPU)
    run = training.spec(objective="adversarial", recipe_steps=1, recipe_lr=1e-12, initial=str(tmp_path / "first" / "weights.pt"))
    train(run, tmp_path / "second", hardware=CPU)
    first, second = (weights(tmp_path / name) for name in ("first", "second"))
    parameters = [k for k in first if "running" not in k and "num_batches" not in k]
    assert all(torch.allclose(first[k], second[k], atol=1e-9) for k in parameters)


def test_weights_of_another_architecture_are_refused(tmp_path):
    """With what is missing and what does not fit."""
    train(training.spec(recipe_steps=1), tmp_path, hardware=CPU)
    with pytest.raises(VvsError, match=r"weights are of another architecture: .* of another shape"):
        checkpoint.load_weights(models.build("small_resnet_w8_d1", 24), tmp_path / "weights.pt")


def test_nothing_in_a_file_of_weights_is_executed(tmp_path):
    """A pickle that would run code is refused as such."""

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    torch.save({"format": 1, "weights": Trap()}, tmp_path / "trap.pt")
    with pytest.raises(VvsError, match="cannot be read as plain tensors"):
        checkpoint.read(tmp_path / "trap.pt")
    assert not (tmp_path / "sprung").exists()


def test_a_truncated_state_is_named(tmp_path):
    """It is never silently begun anew."""
    (tmp_path / "state.pt").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(VvsError, match=r"state\.pt: cannot be read as plain tensors"):
        train(training.spec(recipe_steps=2), tmp_path, hardware=CPU)


def test_a_batch_that_does_not_fit_is_answered_with_one_that_does():
    """Doubling down from the batch asked for until memory suffices, on an objective whose memory is 20 images."""

    class Small(torch.nn.Module):
        def forward(self, views, labels, step, steps, generator):
            if len(labels) > 20:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory")
            return (views[0] * torch.ones(1, requires_grad=True)).sum(), {}

    given = plan(training.spec(recipe_batch_size=100), training.sets()[0])
    said = str(memory.refusal(Small(), given, 32, torch.device("cpu")))
    assert said == "a batch of 100 images of 32 px does not fit the memory of cpu; recipe.batch_size=16 would fit"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_a_killed_process_loses_nothing(number, tmp_path):
    """Killed while it trains and started again: the weights of an undisturbed run. Asked to stop, it says where it stands."""
    code = (
        "import sys, torch; torch.set_num_threads(1); import training; from pathlib import Path\n"
        "from vvslib.training.trainer import Hardware, train\n"
        "train(training.spec(recipe_steps=60), Path(sys.argv[1]), hardware=Hardware('cpu', save_every=0))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE, text=True, env=environment)
    until = time.monotonic() + 60
    while not (tmp_path / "state.pt").exists() and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(number)
    said = process.communicate()[1]
    assert process.returncode != 0 and not (tmp_path / "weights.pt").exists()
    if number != signal.SIGKILL:
        assert "the same command goes on from there" in said
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        train(training.spec(recipe_steps=60), tmp_path, hardware=CPU)
        train(training.spec(recipe_steps=60), tmp_path / "whole", hardware=CPU)
    finally:
        torch.set_num_threads(before)
    assert same(weights(tmp_path), weights(tmp_path / "whole"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("objective", "changes"),
    [
        ("simclr", {"recipe_steps": 60, "recipe_head": [64, 32], "recipe_batch_size": 128}),
        ("adversarial", {"recipe_steps": 60, "recipe_lr": 0.05}),
        ("dino", {"recipe_steps": 300, "recipe_prototypes": 64, "recipe_local_crops": 0, "recipe_batch_size": 32}),
    ],
)
def test_every_objective_improves(objective, changes, tmp_path):
    """The loss falls, and what was learned names classes above chance (nearest neighbours for the self-supervised).

    DINO's loss first rises to that of a teacher without preferences; what counts is that it falls from there.
    """
    done = train(training.spec(objective=objective, **changes), tmp_path, hardware=CPU)
    losses = np.array([row["train_loss"] for row in done.curve])
    before = losses[len(losses) // 3 :].max() if objective == "dino" else losses[:3].mean()
    assert losses[-3:].mean() < before - 0.05
    assert done.last["val_acc"] > 2.5 / done.plan.n_classes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arch", "steps"),
    [
        ("small_cornet_s_w4", 60),
        ("small_convnext_w8_d1", 60),
        ("small_efficientnet_w8_d1", 60),
        ("small_vit_w32_d2", 150),
        ("small_alexnet_w16", 150),
    ],
)
def test_every_small_family_learns(arch, steps, tmp_path):
    """Above chance within some steps of its own recipe."""
    images = "sandbox:size=32,per_class=60,val_per_class=10,variation=low"
    done = train(training.spec(arch=arch, images=images, recipe_steps=steps), tmp_path, hardware=CPU)
    assert done.last["val_acc"] > 2.5 / done.plan.n_classes


def test_two_processes_train_as_one(tmp_path):
    """Distributed over two processes on the CPU, plain gradients average to those of one (no batch statistics involved)."""
    code = (
        "import sys, torch; torch.set_num_threads(1); import training; from pathlib import Path\n"
        "from vvslib.training.trainer import Hardware, train\n"
        "run = training.spec(arch='small_vit_w32_d2', recipe_steps=3, recipe_optimizer='sgd', recipe_augmentation='none')\n"
        "train(run, Path(sys.argv[1]), hardware=Hardware('cpu', devices=1))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__), "OMP_NUM_THREADS": "1"}
    script = tmp_path / "run.py"
    script.write_text(code)
    subprocess.run([sys.executable, script, tmp_path / "one"], env=environment, check=True, capture_output=True)
    script.write_text(code.replace("devices=1", "devices=2"))
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run([*torchrun, script, tmp_path / "two"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert max((one[k] - two[k]).abs().max().item() for k in one) < 1e-5


def test_initial_weights_do_not_depend_on_what_was_drawn_before():
    """The global generator is neither read nor moved."""
    run = training.spec()
    _, recipe = run.resolved()
    torch.manual_seed(1)
    one = build.network(run, recipe, 5, 32).state_dict()
    drawn = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.rand(3))
    assert same(one, build.network(run, recipe, 5, 32).state_dict())


def test_report_tells_how_far_it_is(tmp_path):
    """Step, loss, speed and time left, and the end."""
    events = []
    train(training.spec(recipe_steps=3), tmp_path, hardware=CPU, report=events.append)
    last = copy.copy(events[-1])
    assert (last["step"], last["steps"], last["seconds_left"]) == (3, 3, 0)
    assert last["loss"] > 0 and last["images_per_s"] > 0 and 0 <= last["val_acc"] <= 1
