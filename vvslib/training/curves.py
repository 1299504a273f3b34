"""Learning curves: means between points, points as rows, rows as a CSV beside the weights."""

import csv
from pathlib import Path

from torch import Tensor

FILE = "curve.csv"


class Sums:
    """Sums over images of what the objective reports, weighted by the number of images.

    Examples
    --------
    >>> import torch
    >>> sums = Sums()
    >>> sums.add({"train_loss": torch.tensor(2.0)}, 30); sums.add({"train_loss": torch.tensor(1.0)}, 10)
    >>> sums.means()
    {'train_loss': 1.75}
    """

    def __init__(self) -> None:
        self.totals: dict[str, Tensor | float] = {}
        self.n = 0

    def add(self, values: dict[str, Tensor], n: int) -> None:
        """Add the mean values of n images; nothing waits for the device."""
        for name, value in values.items():
            self.totals[name] = self.totals.get(name, 0.0) + value.double() * n
        self.n += n

    def means(self) -> dict[str, float]:
        """Means so far; empty where nothing was added."""
        return {name: float(total) / self.n for name, total in self.totals.items()}

    def state(self) -> dict:
        """Plain values."""
        return {"totals": {name: float(total) for name, total in self.totals.items()}, "n": self.n}

    @classmethod
    def of(cls, state: dict) -> "Sums":
        """From plain values."""
        sums = cls()
        sums.totals, sums.n = dict(state["totals"]), state["n"]
        return sums


class Curve:
    """Points of a learning curve, in the order in which they were taken."""

    def __init__(self, rows: list[dict[str, float]] | None = None) -> None:
        self.rows = list(rows or [])

    def add(self, row: dict[str, float]) -> None:
        """Add a point."""
        self.rows.append(row)

    def write(self, folder: Path) -> None:
        """Write the rows as CSV, in full precision."""
        temporary = folder / f".{FILE}.new"
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(dict.fromkeys(key for row in self.rows for key in row)))
            writer.writeheader()
            writer.writerows(self.rows)
        temporary.replace(folder / FILE)

    @staticmethod
    def read(folder: Path) -> list[dict[str, float]]:
        """Rows of a folder's curve; empty cells are left out."""
        with open(folder / FILE, newline="", encoding="utf-8") as file:
            return [{k: float(v) for k, v in row.items() if v != ""} for row in csv.DictReader(file)]
