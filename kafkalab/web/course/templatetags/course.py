"""What the course's templates need besides Django's own."""

from django import template
from django.utils.safestring import SafeString

from kafkalab.web.course.markdown import as_html, line_as_html

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as HTML that runs nothing, whoever wrote it."""
    return as_html(text)


@register.filter
def line(text: str) -> SafeString:
    """The same of a sentence."""
    return line_as_html(text)
