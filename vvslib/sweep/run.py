"""One run of a sweep: a task, its parameters, and the id that follows from what matters."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from vvslib.errors import VvsError
from vvslib.sweep.canonical import canonical, digest, plain

ID_DIGITS = 16


@dataclass(frozen=True)
class Run:
    """What is to be run.

    Attributes
    ----------
    task, version
        Name and version of the task (`vvslib.sweep.task.Task`).
    parameters
        Plain values.
    digests
        Of what parameters name or imply, such as images. A digest takes the place of a parameter of its name in the id: where the
        images lie does not matter, which images they are does.
    flops
        Estimated operations; None where not known. Not part of the id.

    Examples
    --------
    >>> here = Run("m:f", 1, {"images": "folder:path=/a", "seed": 0}, {"images": "abc"})
    >>> there = Run("m:f", 1, {"seed": 0, "images": "folder:path=/b"}, {"images": "abc"})
    >>> here.id == there.id, here.id == Run("m:f", 2, here.parameters, here.digests).id
    (True, False)
    """

    task: str
    version: int
    parameters: dict[str, Any]
    digests: dict[str, str] = field(default_factory=dict)
    flops: float | None = None

    @cached_property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the sha256 of task, version and parameters."""
        named = {key: value for key, value in self.parameters.items() if key not in self.digests}
        content = {"task": self.task, "version": self.version, "parameters": named, "digests": self.digests}
        return digest(content)[:ID_DIGITS]

    @property
    def label(self) -> str:
        """The parameters in a line, for people."""
        return label(self.parameters)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, from which `from_dict` makes the same run."""
        return {
            "id": self.id,
            "task": self.task,
            "version": self.version,
            "parameters": self.parameters,
            "digests": self.digests,
            "flops": self.flops,
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Run":
        """The run that `as_dict` described.

        Raises
        ------
        VvsError
            When the id does not follow from the rest.
        """
        run = cls(*(plain(content[key], key) for key in ("task", "version", "parameters", "digests", "flops")))
        if run.id != content["id"]:
            raise VvsError(f"run {content['id']} must have the id that follows from its parameters, {run.id}; it was altered")
        return run


def label(parameters: dict[str, Any]) -> str:
    """Parameters in a line: ``key=value``, long values cut.

    Examples
    --------
    >>> label({"arch": "resnet18", "per_class": 10, "recipe": {"lr": 0.1}})
    'arch=resnet18 per_class=10 recipe={"lr":0.1}'
    """
    shown = []
    for key, value in parameters.items():
        text = value if isinstance(value, str) else canonical(value)
        shown.append(f"{key}={text if len(text) <= 40 else text[:39] + '…'}")
    return " ".join(shown)
