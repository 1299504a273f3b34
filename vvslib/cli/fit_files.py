"""The files that ``vvs fit`` writes, draws and pictures: each complete, or not there."""

import html
import os
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pandas as pd

from vvslib import figures
from vvslib.errors import VvsError
from vvslib.plotting import Figure, interactive, palette, static
from vvslib.refit import Refit
from vvslib.summaries import draws


def check_target(path: Path | None, *suffixes: str) -> None:
    """Refuse, before any work, a file of another kind or in a folder that is not there.

    Raises
    ------
    VvsError
        For an unknown suffix, a missing folder, or a folder in the file's place.
    """
    if path is None:
        return
    if path.suffix.casefold() not in suffixes:
        raise VvsError(f"{path} must end in {', '.join(suffixes[:-1])} or {suffixes[-1]}; got {path.suffix or 'no suffix'!r}")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise VvsError(f"{path} must be a file in a folder that exists; make the folder, or choose another place")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it: an older file stays until the new one is whole.

    Raises
    ------
    VvsError
        When the folder cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise VvsError(f"{path} must be a file that can be written ({error.strerror or error}); choose another place") from error
    finally:
        partial.unlink(missing_ok=True)


def write_draws(found: list[Refit], path: Path) -> None:
    """Write one row per resample, Parquet or CSV by suffix; with several refits, their names in the first column.

    Parameters
    ----------
    found
        Refits with resamples.
    path
        A ``.parquet`` or ``.csv`` file.
    """
    frames = [draws(one) for one in found]
    if len(found) > 1:
        for one, frame in zip(found, frames, strict=True):
            frame.insert(0, "experiment", one.name)
    frame = pd.concat(frames, ignore_index=True)
    stream = BytesIO()
    if path.suffix.casefold() == ".parquet":
        frame.to_parquet(stream, index=False)
    else:
        frame.to_csv(stream, index=False, lineterminator="\n")
    write_whole(path, stream.getvalue())


def picture(found: Refit, suffix: str) -> bytes:
    """Rows and fitted curve with its band; for the two-variable law, the compute-optimal path.

    Parameters
    ----------
    found
        A refit.
    suffix
        ``.png``, ``.svg`` or ``.html`` (one page that needs no other file).

    Raises
    ------
    VvsError
        For a two-variable law without an allocation.
    """
    figure = _figure(found)
    if suffix != ".html":
        return static.render(figure)[suffix[1:]]
    script = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(found.name)}</title>\n'
        f"<script>{script}</script></head>\n<body>\n{interactive.fragment(interactive.plotly(figure), 'fit')}</body></html>\n"
    ).encode()


def _figure(found: Refit) -> Figure:
    if found.experiment.law == "chinchilla":
        if found.allocation is None:
            raise VvsError(
                "--plot of the two-variable law draws its compute-optimal path; this fit has none: it takes x "
                "n_params,n_samples_seen, a table with total_flops, and a minimum inside the bounds; leave --plot out"
            )
        return figures.allocation_plane(found)
    frame = found.observations.frame
    known = {name: frame[name].nunique() for name in ("arch_family", "dataset") if name in frame and frame[name].notna().all()}
    fill = "dataset" if 0 < known.get("dataset", 0) <= len(palette.FILLS) else None
    group = "arch_family" if "arch_family" in known else None
    return figures.scaling(
        [figures.panel([found], [f"{found.fit.law} law"], group=group, fill=fill, title=found.experiment.about)]
    )
