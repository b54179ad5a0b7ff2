"""Markdown as HTML that runs nothing and loads nothing, whoever wrote it.

HTML in the text is shown as text. There are no pictures in it, as each would be fetched from somewhere; addresses
that run something (javascript:, data:, vbscript:) are no links.
"""

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_READER = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "html_block", "html_inline"])


def line_as_html(text: str) -> SafeString:
    """A sentence, to stand within something else."""
    return mark_safe(_READER.renderInline(text))


def as_html(text: str) -> SafeString:
    # What the reader writes is markup of its own making around text that it has escaped.
    return mark_safe(_READER.render(text))
