"""What a notebook leaves behind: values, tables, figures and their provenance, in one folder, complete or not at all."""

from vvslib.report.reading import read_manifest, read_provenance, read_table, read_values
from vvslib.report.tables import display
from vvslib.report.writing import Report, Shown

__all__ = ["Report", "Shown", "display", "read_manifest", "read_provenance", "read_table", "read_values"]
