"""Losses by hand, by another implementation, and by what they must not depend on."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vvslib.errors import VvsError
from vvslib.objectives import Adversarial, Batch, Dino, SimCLR, Supervised, mix, nt_xent, soft_targets

N_CLASSES, SIDE = 5, 8


def seeded(seed=0):
    """A generator on the CPU."""
    return torch.Generator().manual_seed(seed)


def flat(out=N_CLASSES):
    """A linear network on pixels."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, out))


def batch(n=6, views=1, step=0, steps=10):
    """Random images and labels."""
    draws = seeded(1)
    images = [torch.randn(n, 3, SIDE, SIDE, generator=draws) for _ in range(views)]
    return Batch(images, torch.randint(0, N_CLASSES, (n,), generator=draws), step, steps, seeded(2))


def test_cross_entropy_is_torchs():
    """Without mixing, the smoothed cross-entropy of torch."""
    network, given = flat(), batch()
    loss, seen = Supervised(network, N_CLASSES, smoothing=0.1).loss(given)
    logits = network(given.views[0])
    assert torch.equal(loss, F.cross_entropy(logits, given.labels, label_smoothing=0.1))
    assert seen["train_acc"] == (logits.argmax(1) == given.labels).float().mean()


def test_soft_cross_entropy_equals_smoothing():
    """The loss on soft targets, with mixing that changes nothing, is the smoothed cross-entropy."""
    from vvslib.objectives.supervised import soft_cross_entropy

    logits, labels = torch.randn(4, N_CLASSES, generator=seeded()), torch.tensor([0, 1, 2, 3])
    soft = soft_cross_entropy(logits, soft_targets(labels, N_CLASSES, 0.1))
    assert soft.item() == pytest.approx(F.cross_entropy(logits, labels, label_smoothing=0.1).item(), rel=1e-6)


def test_bce_by_hand():
    """Two classes, logits 0 and log 3: −log σ = log 2, and −log(1 − σ(log 3)) = log 4, their mean."""
    objective = Supervised(nn.Identity(), 2, loss="bce")
    loss, _ = objective.loss(Batch([torch.tensor([[0.0, math.log(3)]])], torch.tensor([0]), 0, 1, seeded()))
    assert loss.item() == pytest.approx((math.log(2) + math.log(4)) / 2, rel=1e-6)


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.8, 0), (0, 1.0), (0.8, 1.0)])
def test_mixing_keeps_the_targets_a_distribution(mixup, cutmix):
    """Rows still sum to 1, and each mixed image is as much of each as its target says."""
    images = torch.stack([torch.full((3, SIDE, SIDE), float(i)) for i in range(4)])
    for seed in range(20):
        mixed, targets = mix(images, torch.eye(4), seeded(seed), mixup, cutmix)
        assert torch.allclose(targets.sum(1), torch.ones(4))
        assert torch.allclose(mixed.mean((1, 2, 3)), targets @ torch.arange(4.0), atol=1e-5)


def test_mixup_share_is_beta():
    """λ of mixup at α = .8: mean ½, variance 1 / (4 (2α + 1))."""
    share = torch.tensor([mix(torch.eye(2)[:, :, None, None], torch.eye(2), seeded(s), 0.8)[1][0, 0] for s in range(2000)])
    assert share.mean().item() == pytest.approx(0.5, abs=0.03)
    assert share.var().item() == pytest.approx(1 / (4 * 2.6), abs=0.01)


def test_nt_xent_against_a_loop():
    """Equation 1 of the paper, written out pair by pair."""
    first, second = torch.randn(5, 7, generator=seeded()), torch.randn(5, 7, generator=seeded(1))
    z = [v / v.norm() for v in (*first, *second)]
    total = 0.0
    for i in range(10):
        j = (i + 5) % 10
        others = sum(math.exp((z[i] @ z[k]).item() / 0.5) for k in range(10) if k != i)
        total += -math.log(math.exp((z[i] @ z[j]).item() / 0.5) / others)
    assert nt_xent(first, second, 0.5).item() == pytest.approx(total / 10, rel=1e-5)


def test_nt_xent_of_one_image_is_zero():
    """With nobody to tell it from, the loss is 0, not an error."""
    assert nt_xent(torch.ones(1, 3), torch.zeros(1, 3), 0.5).item() == 0


def dino(**changed):
    """DINO on a linear backbone with few prototypes."""
    backbone = flat(16)
    return Dino(backbone, backbone, 16, prototypes=8, hidden=12, bottleneck=6, **changed)


def test_dino_against_a_loop():
    """Cross-entropy of every student view with every other large view of the teacher, mean over pairs."""
    objective, given = dino().eval(), batch(views=2)
    teacher = [F.softmax((objective.teacher[1](objective.teacher[0](v)) - objective.centre) / 0.04, dim=1) for v in given.views]
    student = [F.log_softmax(objective.head(objective.backbone(v)) / 0.1, dim=1) for v in given.views]
    expected = (-(teacher[0] * student[1]).sum(1).mean() - (teacher[1] * student[0]).sum(1).mean()) / 2
    assert objective.loss(given)[0].item() == pytest.approx(expected.item(), rel=1e-6)


def test_dino_teacher_follows_by_momentum():
    """At the first step exactly m·teacher + (1 − m)·student; at the end it stands still."""
    objective = dino(momentum=0.9)
    before = objective.teacher[1].prototypes.clone()
    with torch.no_grad():
        objective.head.prototypes.add_(1.0)
    objective.after_step(0, 10)
    after = objective.teacher[1].prototypes.clone()
    assert torch.allclose(after - before, torch.full_like(before, 0.1), atol=1e-6)
    objective.after_step(10, 10)
    assert torch.equal(objective.teacher[1].prototypes, after)


def test_dino_centre_moves_in_training_only():
    """The centre follows the teacher's mean output."""
    objective = dino()
    objective.eval().loss(batch(views=2))
    assert not objective.centre.any()
    objective.train().loss(batch(views=2))
    assert objective.centre.any()


def test_self_supervision_leaves_the_classifier_alone():
    """What the loss does not reach is not trained."""
    from vvslib import models

    network = models.build("small_resnet_w4_d1", n_classes=N_CLASSES)
    backbone, width = models.split(network)
    classifier = {id(p) for p in network.get_submodule(network.classifier_name).parameters()}
    for objective in (SimCLR(network, backbone, width, head=(8, 4)), Dino(network, backbone, width, 8, 8, 4)):
        trained = {id(p) for _, p in objective.trained()}
        assert not trained & classifier
        assert len(trained) > 10


def attacker(**changed):
    """An attack on pixels as they are."""
    return Adversarial(flat(), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), **changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"attack": "ffgsm", "epsilon": 4 / 255, "alpha": 5 / 255},
        {"attack": "pgd_linf", "epsilon": 8 / 255, "alpha": 2 / 255, "attack_steps": 5},
        {"attack": "pgd_l2", "epsilon": 1.0, "alpha": 0.3, "attack_steps": 5},
    ],
)
def test_attack_stays_in_its_ball_and_raises_the_loss(changed):
    """Within ε and within [0, 1] as pixels; the loss there is higher than on clean images and at random places."""
    objective = attacker(**changed)
    pixels = torch.rand(6, 3, SIDE, SIDE, generator=seeded())
    images, labels = (pixels - 0.5) / 0.25, torch.arange(6) % N_CLASSES
    attacked = objective.attacked(images, labels, seeded()) * 0.25 + 0.5
    change = attacked - pixels
    size = change.flatten(1).norm(dim=1).max() if changed["attack"] == "pgd_l2" else change.abs().max()
    assert size <= changed["epsilon"] * (1 + 1e-4)
    assert attacked.min() >= -1e-6 and attacked.max() <= 1 + 1e-6

    def loss(x):
        return F.cross_entropy(objective.network((x - 0.5) / 0.25), labels).item()

    assert loss(attacked) > loss(pixels)
    assert loss(attacked) > loss((pixels + change[torch.randperm(6, generator=seeded(3))]).clamp(0, 1))


def test_ffgsm_by_hand():
    """One signed step of α from the random start, cut to ε (Wong et al. 2020, algorithm 3)."""
    objective = attacker(attack="ffgsm", epsilon=0.1, alpha=0.125)
    pixels, labels = torch.full((2, 3, SIDE, SIDE), 0.5), torch.tensor([0, 1])
    start = (torch.rand(pixels.shape, generator=seeded()) * 2 - 1) * 0.1
    x = (pixels + start).requires_grad_(True)
    F.cross_entropy(objective.network((x - 0.5) / 0.25), labels).backward()
    expected = pixels + (start + 0.125 * x.grad.sign()).clamp(-0.1, 0.1)
    attacked = objective.attacked((pixels - 0.5) / 0.25, labels, seeded()) * 0.25 + 0.5
    assert torch.allclose(attacked, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: attacker(attack="ffgms"), "attack 'ffgms' is unknown: did you mean 'ffgsm'"),
        (lambda: Supervised(flat(), 5, loss="mse"), "loss must be one of cross_entropy, bce; got 'mse'"),
        (lambda: SimCLR(flat(), flat(), 5, temperature=0), "temperature must be positive; got 0"),
    ],
)
def test_refusals(make, said):
    """Unknown kinds and values without meaning are refused."""
    with pytest.raises(VvsError, match=said):
        make()
