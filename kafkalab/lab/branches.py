"""A lab and the branches that parted from it: other histories, each a lab of its own, side by side.

Whoever acts in the past begins a branch there: what came afterwards is never thrown away. A branch lives
in memory and in lab time, and as long as the lab that it comes from. No real client comes in there.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kafkalab.engine.events import BranchBegan, BranchRemoved
from kafkalab.lab.branch_commands import BranchCommand, Fork, RemoveBranch
from kafkalab.lab.lab_time import clock_words
from kafkalab.lab.not_possible import NotPossible
from kafkalab.lab.past import NotHeld

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab

MOST_BRANCHES = 5
SIGN = "~"
"""Between the name of a lab and that of its branch."""


@dataclass(frozen=True, slots=True)
class Branch:
    name: str
    of: str
    """The branch that it parted from; "" for the lab itself."""
    parted_us: int
    lab: "Lab"
    says: str = ""
    """Of a what-if twin: what would have been different."""


class Family:
    """The lab itself, here called the trunk, and its branches, which know of each other."""

    def __init__(self, trunk: "Lab") -> None:
        self.trunk = trunk
        self.branches: dict[str, Branch] = {}
        """By name, in the order in which they began."""

    def named(self, name: str) -> "Lab | None":
        branch = self.branches.get(name)
        return branch.lab if branch is not None else None

    @property
    def watched(self) -> bool:
        """Whether anybody looks at any of them."""
        return any(lab.frames.watchers for lab in self._labs())

    def entities(self) -> dict[str, dict[str, Any]]:
        return {
            f"branch:{each.name}": {
                "kind": "branch",
                "name": each.name,
                "of": each.of,
                "parted_us": each.parted_us,
                "path": self.path(each.name),
            }
            for each in self.branches.values()
        }

    def path(self, branch: str) -> str:
        """By which it is asked for."""
        trunk = self.trunk.settings.name
        return f"{trunk}{SIGN}{branch}" if branch else trunk

    def close(self) -> None:
        for branch in list(self.branches.values()):
            self._end(branch)

    # -- what a person does --------------------------------------------------------------------

    def do(self, lab: "Lab", command: BranchCommand) -> dict[str, Any]:
        """Given in that lab. Raises NotPossible."""
        if isinstance(command, Fork):
            branch = self._fork(lab, command)
            asked_us = branch.parted_us if command.at_us is None else command.at_us
            exact = {} if branch.parted_us == asked_us else {"earlier_us": asked_us - branch.parted_us}
            return {"name": branch.name, "path": self.path(branch.name), "at_us": branch.parted_us} | exact
        assert isinstance(command, RemoveBranch)
        branch = self._find(command.name)
        self._end(branch)
        del self.branches[branch.name]
        self._tell(BranchRemoved(branch.name))
        return {}

    def _fork(self, lab: "Lab", command: Fork) -> Branch:
        name = command.name or self._free_name()
        if name in self.branches:
            raise NotPossible(name=f"{name} is a branch already")
        if len(self.branches) >= MOST_BRANCHES:
            known = ", ".join(self.branches)
            raise NotPossible(command=f"needs a place, and all {MOST_BRANCHES} are taken: remove one of {known} first")
        forked = _as_it_stands(lab) if command.at_us is None else _at(lab, command.at_us)
        return self._keep(Branch(name, lab.branch, forked.world.now_us, forked), lab)

    def _keep(self, branch: Branch, lab: "Lab") -> Branch:
        forked, name = branch.lab, branch.name
        forked.family, forked.branch = self, name
        forked.settings = replace(lab.settings, name=self.path(name))
        forked.conductor.on_broken = self.trunk.conductor.on_broken
        self.branches[name] = branch
        self._tell(BranchBegan(name, self.path(lab.branch), clock_words(branch.parted_us)))
        if lab.conductor.playing:
            forked.play()
        return branch

    def room_for(self, number: int) -> None:
        """Raises NotPossible."""
        if len(self.branches) + number > MOST_BRANCHES:
            known = ", ".join(self.branches)
            raise NotPossible(
                command=f"needs room for {number} of {MOST_BRANCHES} branches: remove one of {known} first"
            )

    def keep_pair(self, lab: "Lab", one: tuple[str, "Lab"], other: tuple[str, "Lab"], says: str) -> tuple[str, str]:
        """Two that stand still at one moment, and what differs between them. What they are called now."""
        number = 1
        while {f"{one[0]}-{number}", f"{other[0]}-{number}"} & set(self.branches):
            number += 1
        names = (f"{one[0]}-{number}", f"{other[0]}-{number}")
        for name, (_, kept) in zip(names, (one, other), strict=True):
            self._keep(Branch(name, lab.branch, kept.world.now_us, kept, says), lab)
        return names

    def take_in(self, name: str, forked: "Lab", says: str) -> "Lab":
        """One that parted from another lab, in place of any of that name, however many branches there are."""
        if (older := self.branches.pop(name, None)) is not None:
            self._end(older)
        return self._keep(Branch(name, "", forked.world.now_us, forked, says), self.trunk).lab

    def _find(self, name: str) -> Branch:
        if name not in self.branches:
            raise NotPossible(name=f"{name} is no branch of this lab")
        return self.branches[name]

    def _free_name(self) -> str:
        number = 1
        while f"branch-{number}" in self.branches:
            number += 1
        return f"branch-{number}"

    def _end(self, branch: Branch) -> None:
        branch.lab.abandon()
        branch.lab.frames.end()

    def _tell(self, event: BranchBegan | BranchRemoved) -> None:
        for lab in self._labs():
            lab.tell("lab", event)

    def _labs(self) -> "list[Lab]":
        return [self.trunk, *(each.lab for each in self.branches.values())]


def _as_it_stands(lab: "Lab") -> "Lab":
    """Going on as this one does, where this one goes by lab time."""
    if lab.orders_under_way:
        raise NotPossible(command="must wait a moment: an order to the cluster is not answered yet")
    forked = lab.fork()
    assert forked.time is not None
    if lab.time is not None:
        forked.time.change(rate=lab.time.rate, paused=lab.time.paused)
    return forked


def _at(lab: "Lab", us: int) -> "Lab":
    if lab.past is None:
        raise NotPossible(at_us="is not held: this lab has never been played")
    try:
        return lab.past.near(us)
    except NotHeld as refused:
        raise NotPossible(at_us=f"cannot be entered: {refused}") from None
