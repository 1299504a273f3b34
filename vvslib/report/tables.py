"""Tables, as files hold them and as readers see them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vvslib.errors import VvsError
from vvslib.plotting import labels

if TYPE_CHECKING:
    import pandas as pd
    from pandas.io.formats.style import Styler


def display(frame: "pd.DataFrame", digits: int = 3, headings: Mapping[str, str] | None = None, name: str = "table") -> "Styler":
    """A table as readers see it: headings for columns, significant digits, no index, the same HTML every time.

    Parameters
    ----------
    frame
        What to show.
    digits
        Significant digits of numbers that are not whole.
    headings
        Column → heading.
    name
        Makes the ids of the HTML; must differ between the tables of a page.

    Raises
    ------
    VvsError
        When two columns have the same heading.

    Examples
    --------
    >>> import pandas as pd
    >>> "0.483" in display(pd.DataFrame({"asymptote": [0.48312]})).to_html()
    True
    """
    repeated = [heading for heading in (headings or {}).values() if list((headings or {}).values()).count(heading) > 1]
    if repeated:
        raise VvsError(f"headings must differ from column to column; got {repeated[0]!r} twice; tell the columns apart")
    shown = frame.rename(columns=lambda column: (headings or {}).get(str(column), str(column)))
    real = [column for column in shown.columns if shown[column].dtype.kind == "f"]
    style = shown.style.hide(axis="index").format(precision=digits, na_rep="–", escape="html")
    style = style.format(lambda value: labels.number(value, digits), subset=real, na_rep="–")
    return style.set_uuid(name).set_table_styles([{"selector": "td", "props": "text-align: right"}])


def flat(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The named levels of the index as columns; an unnamed index is a row number and says nothing."""
    named = [level for level in frame.index.names if level is not None]
    return frame.reset_index(level=named).reset_index(drop=True) if named else frame.reset_index(drop=True)


def csv_bytes(frame: "pd.DataFrame") -> bytes:
    """CSV in UTF-8, every number to the last digit, missing values empty."""
    return frame.to_csv(index=False, lineterminator="\n").encode()
