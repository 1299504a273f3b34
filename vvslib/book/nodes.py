"""The one node that the extension adds: HTML that knows the way from its page to the book's root."""

from html import escape
from typing import Any

from docutils import nodes
from sphinx.util.osutil import relative_uri

ROOT = "@ROOT@"  # replaced, when a page is written, by the way to the folder of index.html


class BookHtml(nodes.General, nodes.Element):
    """A piece of HTML; ``@ROOT@`` in it stands for the relative path to the book's root."""


def book_html(html: str) -> BookHtml:
    """A node of that HTML.

    Examples
    --------
    >>> book_html("<p>x</p>")["html"]
    '<p>x</p>'
    """
    return BookHtml(html=html)


def element(tag: str, *content: str, **attributes: str | None) -> str:
    """An HTML element; attributes are escaped, content is not.

    Parameters
    ----------
    tag
        Its name.
    content
        HTML.
    attributes
        ``class_`` stands for ``class``, other underscores for hyphens; None leaves one out, an empty string gives it no value.

    Examples
    --------
    >>> element("a", "CSV", href="x.csv", download="", class_="vvs-file")
    '<a href="x.csv" download class="vvs-file">CSV</a>'
    """
    written = [
        f" {name.rstrip('_').replace('_', '-')}" + (f'="{escape(value)}"' if value else "")
        for name, value in attributes.items()
        if value is not None
    ]
    return f"<{tag}{''.join(written)}>{''.join(content)}</{tag}>"


def visit_html(translator: Any, node: BookHtml) -> None:
    """Write the HTML, with the way to the root filled in."""
    here = translator.builder.get_target_uri(translator.builder.current_docname)
    # A sentinel file keeps relative_uri from treating the root itself as a page.
    root = relative_uri(here, "_static/").removesuffix("_static/")
    translator.body.append(node["html"].replace(ROOT, root))
    raise nodes.SkipNode


def skip(translator: Any, node: BookHtml) -> None:
    """Leave it out where there is no HTML."""
    raise nodes.SkipNode
