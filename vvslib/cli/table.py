"""``vvs table``: whether a score table keeps to the schema, what it holds, and what its columns mean."""

from typing import Annotated

import typer

HELP = """Score tables: check one, look at one, or list what the columns mean.

\b
Examples:
  vvs table check my_scores.csv
  vvs table show published
  vvs table columns
"""

Name = Annotated[str, typer.Argument(metavar="NAME|PATH", help="published, open, another name, or a .parquet or .csv file.")]


def register(app: typer.Typer) -> None:
    """Add the group ``table`` with the commands ``check``, ``show`` and ``columns``."""
    group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)

    @group.command("check", help="Check a table against the schema; the first fault is named with its rows.")
    def check(name: Name) -> None:
        from vvslib import published

        frame = published.load(name)
        unlisted = frame.attrs.get("unlisted_columns", [])
        typer.echo(f"{name}: right; {len(frame):,} rows, {frame.model_id.nunique():,} models, {len(frame.columns)} columns")
        if unlisted:
            typer.echo(f"columns outside the schema, kept as they are: {', '.join(unlisted)}")

    @group.command("show", help="Rows, models and scores of a table, by region.")
    def show(name: Name = "published") -> None:
        from vvslib import published, table

        frame = published.load(name)
        order = [region for region in table.REGIONS if region in set(frame["region"])]
        grouped = frame.groupby("region")["score"]
        summary = grouped.agg(rows="size", scored="count", lowest="min", median="median", highest="max").loc[order]
        summary.insert(0, "models", frame.groupby("region")["model_id"].nunique())
        typer.echo(summary.to_string(float_format="{:.3f}".format))
        for note in frame.attrs.get("notes", []):
            typer.echo(f"note: {note}")

    @group.command("columns", help="Every column of the schema: kind, unit, meaning, and what a missing value means.")
    def columns() -> None:
        from vvslib import table

        for row in table.data_dictionary().itertuples():
            typer.echo(f"{row.column}: {row.kind}, {row.unit}, {row.presence}\n  {row.meaning}; missing: {row.missing}")

    app.add_typer(group, name="table", short_help="Check a score table, or look at one.")
