"""What a model or a budget is held against: which rows of a table, averaged over which regions, along which scales."""

from collections.abc import Sequence

import pandas as pd

from vvslib import experiments
from vvslib.errors import VvsError, suggest
from vvslib.experiments import Experiment
from vvslib.refit import varied
from vvslib.table import REGIONS, fold_flex

NEURAL = ["V1", "V2", "V4", "IT"]
MEASURES = {**{region: [region] for region in REGIONS}, "neural": NEURAL, "all": [*NEURAL, "behavior"]}
"""What a score may be of: one region, the mean of the four neural ones, or the mean of all five."""

SIZE_AND_DATA = ("n_params", "n_samples_seen")
COMPUTE = ("total_flops",)
PUBLISHED = {SIZE_AND_DATA: "compute_chinchilla", COMPUTE: "compute_neuro"}
"""The experiment whose rows are the reference in the published table, by the scales of its law."""

LAWS = {SIZE_AND_DATA: "chinchilla", COMPUTE: "saturating"}


def measure(name: str) -> list[str]:
    """The regions that a measure is the mean of.

    Raises
    ------
    VvsError
        For an unknown name, with the nearest known ones.

    Examples
    --------
    >>> measure("neural")
    ['V1', 'V2', 'V4', 'IT']
    """
    if name not in MEASURES:
        raise VvsError(f"a score must be of one of {', '.join(MEASURES)}; got {name!r}; {suggest(name, MEASURES)}")
    return MEASURES[name]


def definition(
    name: str, scales: Sequence[str] = SIZE_AND_DATA, base: str | None = None, *, family: str | None = None
) -> Experiment:
    """The experiment that a measure is expected by.

    Parameters
    ----------
    name
        Key of `MEASURES`.
    scales
        Model size and samples seen, for the two-variable law; or training compute, for the saturating law.
    base
        Experiment whose rows are taken; every row of the table when None.
    family
        Only models of this family (`arch_family`).

    Returns
    -------
    Experiment
        With the region and, where `base` is of other scales, the law replaced.

    Raises
    ------
    VvsError
        For an unknown measure, experiment, or pair of scales.

    Examples
    --------
    >>> definition("IT", COMPUTE).law
    'saturating'
    """
    regions, scales = measure(name), tuple(scales)
    if scales not in LAWS:
        raise VvsError(
            f"a reference law must be of {' and '.join(SIZE_AND_DATA)}, or of {COMPUTE[0]}; got {', '.join(scales)}; take one"
        )
    units = [experiments.UNITS[scale] for scale in scales]
    if base is None:
        one = experiments.build(
            {"name": name, "x": list(scales), "unit": units, "law": LAWS[scales], "require": list(scales)}, "a reference"
        )
    else:
        one = experiments.load(base)
        if tuple(one.x) != scales:
            one = one.model_copy(update={"x": list(scales), "unit": units, "law": LAWS[scales]})
    where = {"region": regions} | ({} if family is None else {"arch_family": [family]})
    return varied(one, **where)


def check_family(scores: pd.DataFrame, family: str, *, folded: bool) -> None:
    """Refuse a family that a table does not have.

    Parameters
    ----------
    scores, family
        Table and family.
    folded
        Whether Flex variants count to the family that they vary.

    Raises
    ------
    VvsError
        With the nearest that it has.

    Examples
    --------
    >>> check_family(pd.DataFrame({"arch_family": ["ViTFlex"]}), "ViT", folded=True)
    """
    wanted_columns(scores, ["arch_family"])
    known = (fold_flex(scores) if folded else scores)["arch_family"].dropna().unique()
    if family not in known:
        raise VvsError(f"family must be one of the table's; {family!r} is none: {suggest(family, known)}")


def wanted_columns(scores: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a table that lacks columns that are needed, or has no value in them; those it lacks are named."""
    missing = [column for column in columns if column not in scores or scores[column].isna().all()]
    if missing:
        raise VvsError(
            f"the table must have the column(s) {', '.join(columns)}; it has no values in {', '.join(missing)}; fill them in, or "
            "take another table"
        )
