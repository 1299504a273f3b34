"""The loop: every step in sight, and nothing lost when it is stopped.

Everything random about a step follows from (seed, step). So the state that is saved is weights, optimiser, averages and sums; a
run that goes on from it ends, on the CPU with the same number of threads, with bitwise the same weights as one that was never
stopped.
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment, TorchElasticEnvironment

from vvslib import images as image_sets
from vvslib import models, stopping
from vvslib.errors import VvsError
from vvslib.images import ImageSet
from vvslib.training import batches, build, checkpoint, evaluation, memory, optimizers, schedule
from vvslib.training.average import Average
from vvslib.training.curves import Curve, Sums
from vvslib.training.hardware import Hardware
from vvslib.training.seeds import derive
from vvslib.training.spec import PUBLISHED, Plan, RunSpec, plan

PRECISIONS = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}
CHECK = 25
"""Steps between looks at the losses on a GPU, where every look waits for the device."""

TELL = 0.5
"""Seconds between reports."""

Report = Callable[[dict[str, Any]], None]


class Diverged(Exception):
    """The loss was not finite. `step` counts from 0."""

    def __init__(self, step: int):
        super().__init__(f"the loss was not finite at step {step}")
        self.step = step


@dataclass(frozen=True)
class Trained:
    """A finished run: what was asked and planned, the learning curve (rows), where the weights lie, seconds in this process."""

    spec: RunSpec
    plan: Plan
    curve: list[dict[str, float]]
    weights: Path
    seconds: float

    @property
    def last(self) -> dict[str, float]:
        """The last point of the curve."""
        return self.curve[-1]


def train(
    spec: RunSpec,
    folder: Path,
    *,
    hardware: Hardware | None = None,
    report: Report | None = None,
    sets: tuple[ImageSet, ImageSet] | None = None,
) -> Trained:
    """Train a network, or go on where a stopped run of the same parameters left off.

    Parameters
    ----------
    spec
        The run.
    folder
        Where its state, curve and weights lie.
    hardware
        How it is executed.
    report
        Is told about twice a second how far it is: step, steps, loss, images_per_s, seconds_left, and points of the curve.
    sets
        Training and validation images, where they are at hand; else they are loaded.

    Returns
    -------
    Trained
        The run; `folder` then holds ``weights.pt``, ``curve.csv`` and ``run.json``.

    Raises
    ------
    VvsError
        For parameters that do not fit together, a folder that holds another run, or a batch that does not fit the device's memory
        (with one that does).
    Diverged
        When the loss is not finite; the weights of before are kept in the last state.
    KeyboardInterrupt
        When stopped by SIGINT or SIGTERM, after the step in hand; the state is saved.
    """
    hardware = hardware or Hardware()
    training, validation = sets or (image_sets.load(spec.images, "train"), image_sets.load(spec.images, "val"))
    run = _Run(spec, Path(folder), hardware, report or (lambda event: None), training, validation)
    return run.finished() or run.train()


class _Run:
    """One run in hand: everything the loop moves, and how it is saved and brought back."""

    def __init__(self, spec, folder: Path, hardware: Hardware, report: Report, training: ImageSet, validation: ImageSet):
        self.spec, self.folder, self.hardware, self.report = spec, folder, hardware, report
        self.images, self.validation = training, validation
        self.indices = batches.subset(training, spec.per_class, spec.seed)
        self.plan = plan(spec, training)
        self.identity = spec.identity(training.digest)
        self.began = time.perf_counter()

    def finished(self) -> Trained | None:
        """The run, if the folder holds it complete.

        Raises
        ------
        VvsError
            When the folder holds another run.
        """
        note = self.folder / "run.json"
        if note.is_file():
            held = json.loads(note.read_text(encoding="utf-8"))
            if held["identity"] != json.loads(json.dumps(self.identity)):
                changed = [k for k in self.identity if held["identity"].get(k) != json.loads(json.dumps(self.identity[k]))]
                raise VvsError(f"{self.folder} holds another run (other {', '.join(changed)}); name another folder, or empty it")
            if (self.folder / checkpoint.WEIGHTS).is_file():
                return Trained(self.spec, self.plan, Curve.read(self.folder), self.folder / checkpoint.WEIGHTS, 0.0)
        return None

    def set_up(self) -> None:
        """Make everything as it is before the first step."""
        recipe, hardware = self.plan.recipe, self.hardware
        unused = recipe.objective in ("simclr", "dino")
        many = hardware.devices > 1
        self.fabric = Fabric(
            accelerator=hardware.device,
            devices=hardware.devices,
            strategy=("ddp_find_unused_parameters_true" if unused else "ddp") if many else "auto",
            precision=PRECISIONS[recipe.precision],
            # named, because a job of a cluster is one task of ours, and is not to be taken for one of several
            plugins=TorchElasticEnvironment() if TorchElasticEnvironment.detect() else LightningEnvironment(),
        )
        self.fabric.launch()
        self.network = build.network(self.spec, recipe, self.plan.n_classes, self.images.size)
        self.objective = build.objective(self.network, recipe, self.plan.n_classes, self.spec.seed)
        self.average = Average(self.network, recipe.ema) if recipe.ema else None
        if self.average:
            self.average.network.to(self.fabric.device)
        if hardware.compile:
            self.network.compile()
        optimizer = optimizers.optimizer(self.objective.trained(), recipe)
        self.wrapped = self.fabric.setup_module(self.objective)
        self.optimizer = self.fabric.setup_optimizers(optimizer)
        self.step, self.sums, self.curve = 0, Sums(), Curve()

    def train(self) -> Trained:
        """Train from where the folder's state is, to the end."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.set_up()
        self._note()
        self._restore()
        self.wrapped.train()
        with stopping.requested() as stop:
            try:
                for loss in self._steps():
                    if stop.is_set():
                        self._save()
                        raise KeyboardInterrupt(
                            f"the run stands at step {self.step:,} of {self.plan.steps:,}; the same command goes on from there"
                        )
                    self._keep_up(loss)
            except torch.cuda.OutOfMemoryError:
                raise memory.refusal(self.wrapped, self.plan, self.images.size, self.fabric.device) from None
        return self._finish()

    def _steps(self) -> Iterator[float]:
        """The loop. Yields after every step, with the loss where it is known without waiting for a GPU, else NaN."""
        recipe, total = self.plan.recipe, self.plan.steps
        share = (self.fabric.global_rank, self.fabric.world_size)
        taken = batches.Steps(self.indices, recipe, self.spec.seed, share)
        stream = batches.batches(
            self.images, taken, self.images.size, self.step, total, self.fabric.device, self.hardware.workers
        )
        self._recent: list[torch.Tensor] = []
        for views, labels in stream:
            step = self.step
            rate = schedule.learning_rate(step, total, recipe.lr, recipe.min_lr, recipe.warmup, recipe.schedule)
            decay = schedule.weight_decay(step, total, recipe.weight_decay, recipe.final_weight_decay)
            optimizers.steer(self.optimizer, rate, decay)
            self._seed(step, share[0])
            loss, seen = self.wrapped(views, labels, step, total, batches.generator(self.spec.seed, "objective", step, share[0]))
            self.fabric.backward(loss)
            if recipe.clip_norm is not None:
                self.fabric.clip_gradients(self.wrapped, self.optimizer, max_norm=recipe.clip_norm, error_if_nonfinite=False)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            self.objective.after_step(step, total)
            if self.average:
                self.average.follow(self.network, step)
            self._recent.append(loss.detach())
            self.sums.add({"train_loss": loss.detach(), **seen}, len(labels) * share[1])
            self.step = step + 1
            yield self._looked(step)

    def _seed(self, step: int, rank: int) -> None:
        """Seed what dropout and stochastic depth draw from.

        Not by `torch.manual_seed`: where there is no GPU it keeps a note for each kind of one, with the text of the whole stack,
        which takes a millisecond and is never given back.
        """
        seed = derive(self.spec.seed, "step", step, rank)
        torch.default_generator.manual_seed(seed)
        if self.fabric.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def _looked(self, step: int) -> float:
        """The loss of this step, NaN on a GPU between looks.

        Raises
        ------
        Diverged
            At the first step whose loss was not finite.
        """
        waits = self.fabric.device.type != "cpu"
        if waits and len(self._recent) < CHECK and self.step < self.plan.steps and not self._is_point():
            return math.nan
        losses = torch.stack(self._recent).float().cpu()
        bad = torch.nonzero(~torch.isfinite(losses)).flatten()
        if len(bad):
            raise Diverged(step + 1 - len(self._recent) + int(bad[0]))
        self._recent = []
        return float(losses[-1])

    def _is_point(self) -> bool:
        return self.step in self.points

    @property
    def points(self) -> frozenset[int]:
        """Steps after which a point of the curve is taken, denser at the start; the last is one."""
        return curve_points(self.plan.steps, looks(self.plan.n_samples_seen, len(self.validation)))

    def _keep_up(self, loss: float) -> None:
        """After a step: points of the curve, weights of an epoch, the saved state, a word to whoever watches."""
        if self._is_point():
            self._point()
        if self.step % self.plan.steps_per_epoch == 0:
            self._keep_epoch(self.step // self.plan.steps_per_epoch)
        now = time.perf_counter()
        # on a GPU, only what was looked at is known to be finite
        if now - self._saved >= self.hardware.save_every and not self._recent:
            self._save()
        if now - self._told >= TELL or self.step == self.plan.steps:
            self._tell(loss, now)

    def _tell(self, loss: float, now: float) -> None:
        done, seconds = self.step - self._first, max(now - self._started, 1e-9)
        if not math.isnan(loss):
            self._loss = loss
        self._told = now
        self.report(
            {
                "step": self.step,
                "steps": self.plan.steps,
                "loss": self._loss,
                "images_per_s": done * self.plan.n_samples_seen / self.plan.steps / seconds,
                "seconds_left": seconds / max(done, 1) * (self.plan.steps - self.step),
                **({"val_acc": self.curve.rows[-1]["val_acc"]} if self.curve.rows else {}),
            }
        )

    def _point(self) -> None:
        """A point of the learning curve: means since the last one, and the validation set."""
        found = {"step": self.step, "epoch": self.step / self.plan.steps_per_epoch, **self.sums.means()}
        found["lr"] = self.optimizer.param_groups[0]["lr"]
        evaluated = self.average.network if self.average else self.network
        if self.objective.classifies():
            found |= evaluation.classify(evaluated, self.validation, self.fabric.device)
        else:
            backbone, _ = models.split(evaluated)
            found |= evaluation.neighbours(backbone, self.images, self.indices, self.validation, self.fabric.device)
        found["seconds"] = time.perf_counter() - self.began
        self.sums = Sums()
        self.curve.add(found)

    def _keep_epoch(self, epoch: int) -> None:
        wanted = self.spec.checkpoints
        named = {"last": (), "published": PUBLISHED, "every": (epoch,)}
        if epoch in (named[wanted] if isinstance(wanted, str) else wanted) and self._leads():
            checkpoint.write({"weights": self._weights(), "epoch": epoch}, self.folder / f"weights_epoch{epoch:04d}.pt")

    def _weights(self) -> dict[str, torch.Tensor]:
        network = self.average.network if self.average else self.network
        return {name: value.detach().cpu() for name, value in network.state_dict().items()}

    def _leads(self) -> bool:
        return self.fabric.is_global_zero

    def _save(self) -> None:
        """Save what the run goes on from."""
        self._saved = time.perf_counter()
        if not self._leads():
            return
        state = {
            "identity": json.dumps(self.identity, sort_keys=True),
            "step": self.step,
            "objective": self.objective.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.network.state_dict() if self.average else None,
            "sums": self.sums.state(),
            "curve": self.curve.rows,
        }
        checkpoint.write(state, self.folder / checkpoint.STATE)

    def _restore(self) -> None:
        """Bring back the saved state, if there is one of this run."""
        path = self.folder / checkpoint.STATE
        if path.is_file():
            state = checkpoint.read(path)
            if state["identity"] != json.dumps(self.identity, sort_keys=True):
                raise VvsError(f"{path} is the state of another run; name another folder, or remove it")
            self.objective.load_state_dict(state["objective"])
            self.optimizer.load_state_dict(state["optimizer"])
            if self.average:
                self.average.network.load_state_dict(state["average"])
            self.step, self.sums, self.curve = state["step"], Sums.of(state["sums"]), Curve(state["curve"])
        self._first, self._loss, self._told = self.step, math.nan, 0.0
        self._started = self._saved = time.perf_counter()

    def _note(self) -> None:
        """Say in the folder which run it holds."""
        note = {"identity": self.identity, "spec": self.spec.model_dump(mode="json")}
        if self._leads():
            _write_text(json.dumps(note, indent=1, sort_keys=True), self.folder / "run.json")

    def _finish(self) -> Trained:
        """Leave the weights and the curve, and remove the state."""
        path = self.folder / checkpoint.WEIGHTS
        if self._leads():
            self.curve.write(self.folder)
            checkpoint.write({"weights": self._weights(), "epoch": self.plan.epoch(self.plan.steps - 1) + 1}, path)
            (self.folder / checkpoint.STATE).unlink(missing_ok=True)
        return Trained(self.spec, self.plan, self.curve.rows, path, time.perf_counter() - self.began)


def looks(n_samples_seen: int, n_validation: int) -> int:
    """How many points a learning curve gets: ten, or as few as three where looking would cost more than a tenth of training.

    A training image counts as three validation images: forward, and backward twice.

    Examples
    --------
    >>> looks(128_000, 480), looks(128_000, 10_000), looks(1_000, 10_000)
    (10, 3, 3)
    """
    return min(10, max(3, 3 * n_samples_seen // (10 * n_validation)))


def curve_points(steps: int, count: int) -> frozenset[int]:
    """Steps after which a point of the curve is taken.

    Examples
    --------
    >>> sorted(curve_points(1000, 5))
    [40, 160, 360, 640, 1000]
    """
    return frozenset(-(-steps * k * k // count**2) for k in range(1, count + 1))


def _write_text(text: str, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
