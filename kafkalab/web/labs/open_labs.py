"""The labs that this process plays, by name. Whoever starts the server opens them; views only look them up.

The home lab is everybody's who can reach the page, as long as only this machine can; on a network it is the
instructor's. Any other lab is its owner's: to everybody else it is not there.
A lab lives on the event loop's thread, so only async views and sockets may touch it.
"""

from dataclasses import dataclass, field

from django.http import Http404

from kafkalab.lab import BRANCH_SIGN, Certificates, Lab, Listener, ManyLabs, Tenant
from kafkalab.web.labs.instructing import instructor_asks

HOME = "home"


@dataclass(frozen=True, slots=True)
class PrivateLab:
    owner: str
    lab: Lab
    page: str
    """Its address, which shows more than the stage."""


@dataclass
class OpenLabs:
    by_name: dict[str, Lab] = field(default_factory=dict)
    """Those that are open from the beginning to the end, and everybody's or the instructor's."""
    on_a_network: bool = False
    """The page can be reached from elsewhere."""
    private: dict[str, "PrivateLab"] = field(default_factory=dict)
    """Those that somebody has for a while: those of lessons."""
    many: ManyLabs | None = None
    """Those of learners, where there are any."""
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

    def tenant(self, name: str, owner: str) -> Tenant:
        """Raises Http404, with the same words whether there is no such lab or it is somebody else's."""
        tenant = self.many.by_name.get(name) if self.many is not None else None
        if tenant is None or not owner or tenant.owner != owner:
            raise Http404(f"There is no lab named {name}.")
        return tenant

    async def opened(self, name: str, owner: str) -> Lab:
        """Awake, if need be after a moment. Whoever may see a lab may see its branches. Raises Http404."""
        trunk, sign, branch = name.partition(BRANCH_SIGN)
        lab = await self._opened(trunk, owner)
        found = lab.family.named(branch) if sign else lab
        if found is None:
            raise Http404(f"There is no branch {branch} of {trunk}.")
        return found

    async def _opened(self, name: str, owner: str) -> Lab:
        if name in self.common:
            return self.common[name]
        if name in self.private:
            private = self.private[name]
            if not owner or private.owner != owner:
                raise Http404(f"There is no lab named {name}.")
            return private.lab
        tenant = self.tenant(name, owner)
        assert self.many is not None
        lab = await self.many.opened(tenant)
        if lab is None:
            raise Http404(f"The lab {name} cannot be opened just now: too many others are in use.")
        return lab


open_labs = OpenLabs()
