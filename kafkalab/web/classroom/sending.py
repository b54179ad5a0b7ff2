"""The instructor's state for everybody: the desk's lab as it stood then, of which each place gets a branch.

It is forked once and stands still; a place gets its own copy of it when somebody there asks for it, so that a class of
sixty does not hold up the engines. Whatever was at work in the place's own lab goes on there. As every branch, it lives
in memory: after a restart the instructor sends it again.
"""

import asyncio

from kafkalab.lab import Lab, NotPossible, Tenant, stand_alone
from kafkalab.web.classroom.models import Room
from kafkalab.web.classroom.places import desk_name, opened

BRANCH = "from-your-instructor"
SAYS = "as your instructor has it"
TRIES = 40
BETWEEN_S = 0.05


class Sent:
    def __init__(self) -> None:
        self._states: dict[str, Lab] = {}
        """By the mark of the room."""
        self._arrived: dict[str, Lab] = {}
        """Which of them is in which lab, by the lab's name."""

    async def send(self, room: Room) -> None:
        """Raises LabsRefused, and NotPossible while the lab is too busy to be copied."""
        desk = await opened(room, desk_name(room))
        for _ in range(TRIES):
            if not desk.orders_under_way:
                break
            await asyncio.sleep(BETWEEN_S)
        else:
            raise NotPossible(command="must wait a moment: an order to the cluster is not answered yet")
        state = desk.fork()
        stand_alone(state)
        assert state.time is not None
        if desk.time is not None:
            state.time.change(rate=desk.time.rate, paused=desk.time.paused)
        self.forget(room)
        self._states[room.mark] = state

    def deliver(self, room: Room, tenant: Tenant) -> Lab | None:
        """The branch of that place's lab, which is awake. None where nothing was sent."""
        state, lab = self._states.get(room.mark), tenant.lab
        if state is None or lab is None:
            return None
        found = lab.family.named(BRANCH)
        if found is None or self._arrived.get(tenant.name) is not state:
            forked = state.fork()
            assert forked.time is not None
            assert state.time is not None
            forked.time.change(rate=state.time.rate, paused=state.time.paused)
            found = lab.family.take_in(BRANCH, forked, SAYS)
            self._arrived[tenant.name] = state
        return found

    def is_sent(self, room: Room) -> bool:
        return room.mark in self._states

    def forget(self, room: Room) -> None:
        state = self._states.pop(room.mark, None)
        if state is not None:
            self._arrived = {name: each for name, each in self._arrived.items() if each is not state}
            state.abandon()


sent = Sent()
