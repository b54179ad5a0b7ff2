"""Dataclasses whose objects nobody changes, for what is made thousands of times a second.

To mypy this `dataclass` is the standard library's, so `frozen=True` is kept by the type checker
wherever the engine touches such an object. At run time it is left out: a frozen dataclass sets
each of its fields through a guard, which makes one cost five times as much to make.
"""

from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from collections.abc import Callable
    from dataclasses import dataclass as mutable

    def dataclass(*, frozen: bool, slots: bool) -> Callable[[type[Any]], type[Any]]:
        # Equal objects still have equal hashes, as those of any frozen dataclass have.
        return mutable(slots=slots, unsafe_hash=frozen)
