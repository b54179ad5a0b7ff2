"""The labs that this process plays, by name. Whoever starts the server opens them; views only look them up.

The home lab is everybody's who can reach the page, as long as only this machine can; on a network it is the
instructors'. Any other lab is its owner's; that of a room is theirs who have their seat there, and the instructor's to
look at: to everybody else it is not there. There is one way in, `visited`.
A lab lives on the event loop's thread, so only async views and sockets may touch it.
"""

from dataclasses import dataclass, field
from enum import Enum

from django.http import Http404
from django.utils.translation import gettext as _

from kafkalab.lab import BRANCH_SIGN, Certificates, Lab, Listener, ManyLabs, Tenant
from kafkalab.web.labs.instructing import instructor_asks

HOME = "home"


@dataclass(frozen=True, slots=True)
class PrivateLab:
    owner: str
    lab: Lab
    page: str
    """Its address, which shows more than the stage."""
    socket: str = ""
    """Where more is told than of the lab; "" where there is no such."""


class Role(Enum):
    """What somebody is in a lab that is there to him."""

    ACTS = "acts"
    LEADS = "leads"
    """Acts even while everybody else has to wait."""
    WATCHES = "watches"


@dataclass(frozen=True, slots=True)
class Visit:
    lab: Lab
    name: str
    """Of the lab, or of the one that it is a branch of."""
    role: Role = Role.ACTS


@dataclass
class OpenLabs:
    by_name: dict[str, Lab] = field(default_factory=dict)
    """Those that are open from the beginning to the end, and everybody's or the instructor's."""
    on_a_network: bool = False
    """The page can be reached from elsewhere."""
    private: dict[str, "PrivateLab"] = field(default_factory=dict)
    """Those that somebody has for a while: those of lessons."""
    many: ManyLabs | None = None
    """Those of learners and of rooms."""
    held: dict[str, str] = field(default_factory=dict)
    """Labs in which only who leads acts just now, and the sentence that says why."""
    listeners: tuple[Listener, ...] = ()
    """Of the home lab, besides the first one."""
    certificates: Certificates | None = None
    """Where something is encrypted."""

    @property
    def home_is_open(self) -> bool:
        """To whoever asks."""
        return not self.on_a_network or instructor_asks()

    @property
    def common(self) -> dict[str, Lab]:
        """Of those that are open from the beginning to the end what whoever asks may see: all or nothing."""
        return self.by_name if self.home_is_open else {}

    @property
    def own(self) -> ManyLabs | None:
        """Where learners may make labs of their own: behind ports that those share."""
        return self.many if self.many is not None and self.many.listeners else None

    def tenant(self, name: str, owner: str) -> Tenant:
        """One that is his alone. Raises Http404, with the same words whether there is no such lab or it is
        somebody else's."""
        tenant = self.many.by_name.get(name) if self.many is not None else None
        if tenant is None or not owner or tenant.owner != owner:
            raise Http404(f"There is no lab named {name}.")
        return tenant

    async def known(self, name: str, owner: str) -> tuple[Tenant, Role]:
        """One that is his, or a room's in which he is; it may be asleep. Raises Http404 as `tenant` does."""
        tenant = self.many.by_name.get(name) if self.many is not None else None
        role = await _role(tenant, owner) if tenant is not None else None
        if tenant is None or role is None:
            raise Http404(f"There is no lab named {name}.")
        return tenant, role

    async def opened(self, name: str, owner: str) -> Lab:
        """Awake, if need be after a moment, for who only looks. Raises Http404."""
        return (await self.visited(name, owner)).lab

    async def visited(self, name: str, owner: str) -> Visit:
        """The same with what may be done there. Whoever may see a lab may see its branches. Raises Http404."""
        trunk, sign, branch = name.partition(BRANCH_SIGN)
        lab, role = await self._opened(trunk, owner)
        found = lab.family.named(branch) if sign else lab
        if found is None:
            raise Http404(f"There is no branch {branch} of {trunk}.")
        return Visit(found, trunk, role)

    async def _opened(self, name: str, owner: str) -> tuple[Lab, Role]:
        if name in self.common:
            return self.common[name], Role.ACTS
        if name in self.private:
            private = self.private[name]
            may = await _role(private, owner)
            if may is None:
                raise Http404(f"There is no lab named {name}.")
            return private.lab, may
        tenant, role = await self.known(name, owner)
        assert self.many is not None
        lab = await self.many.opened(tenant)
        if lab is None:
            raise Http404(f"The lab {name} cannot be opened just now: too many others are in use.")
        return lab, role

    def refusal(self, visit: Visit) -> str:
        """Why nothing can be done there just now, as a sentence; "" if it can."""
        if visit.role is Role.WATCHES:
            return str(_("You are looking at the lab of others: only they act here."))
        return self.held.get(visit.name, "") if visit.role is Role.ACTS else ""


async def _role(tenant: Tenant | PrivateLab, owner: str) -> Role | None:
    if owner and tenant.owner == owner:
        return Role.ACTS
    # Rooms are built upon labs: what they say is asked for when it is needed.
    from kafkalab.web.classroom.guests import role_in

    return await role_in(tenant, owner)


open_labs = OpenLabs()
