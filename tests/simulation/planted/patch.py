"""How a bug is planted."""

from collections.abc import Callable
from typing import Any

Patch = Callable[[Any, str, Any], None]
"""Puts a value in the place of an object's attribute, until the test is over."""
