"""Many labs in one process: one for each learner who wants one, behind ports that they share.

DIR/labs.json      who owns which lab, and the password of its door
DIR/NAME/          that lab, as any other (see `store`)

A lab that nobody looks at and nobody is connected to is closed after a while and wakes up when its owner, or a
client of its own, comes back: it has everything back then, as after any restart. The password is told to the owner,
so it is kept; the lab's cluster itself has only keys made of it. Where no ports are shared, the labs are reached by
the page alone.
"""

import asyncio
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from kafkalab.engine.security.scram import (
    MIN_ITERATIONS,
    Credentials,
    ScramMechanism,
    UserScramCredentialRecord,
    credential,
    salted_password,
)
from kafkalab.engine.spec import SecurityProtocol
from kafkalab.lab.doors import Listener, ports_of
from kafkalab.lab.gateway import Gateway
from kafkalab.lab.lab import Lab
from kafkalab.lab.mechanisms import Account
from kafkalab.lab.opening import OWNER
from kafkalab.lab.store import LabSettings, StoreRefused

IDLE_S = 15 * 60
MOVED_IDLE_S = 20
"""The same of a lab whose owner is busy in another one (`lead`)."""
LOOK_S = 15.0
NEXT_S = 0.1
"""Between two that are put to sleep: when a whole class goes, nobody else shall have to wait for all of them."""
READY_WITHIN_S = 60
BROKERS = 3
"""Where no ports say how many."""
FORMAT = 1


class LabsRefused(Exception):
    """There can be no such lab; the message is one sentence for the person who asked."""


RECORDED_BYTES = 8 * 1024**2
"""Of each lab: sixty of them may be awake at once."""
STORED_BYTES = 1024**3
"""Of each lab: whoever may make one must not fill the disk for everybody."""


@dataclass(frozen=True, slots=True)
class Bounds:
    labs: int = 200
    """In all, asleep or awake."""
    of_one_owner: int = 3
    awake: int = 64
    """A class of sixty, and whoever leads it."""
    idle_s: float = IDLE_S


@dataclass
class Tenant:
    """A lab of somebody's."""

    name: str
    owner: str
    password: str
    seed: int
    gateway: Gateway | None = None
    """While it is awake."""
    used_at: float = 0.0
    opened_in_s: float = 0.0
    """How long it took the last time until its brokers accepted requests."""
    elsewhere: Gateway | None = None
    """Into which its clients come just now, and not into the lab itself."""
    held: bool = False
    """Where its clients belong will be known in a moment: until then they are sent away, and come again."""
    broken: str = ""
    """What the engine said last, if it did: the lab stands still."""
    credentials: Credentials = field(default_factory=dict)
    """Of its users, as they were when it fell asleep."""
    opening: "asyncio.Task[None] | None" = None
    waiting: list[Callable[[Gateway | None], None]] = field(default_factory=list)

    @property
    def user(self) -> str:
        """Who is let in to this lab, and may do everything there."""
        return self.name

    @property
    def lab(self) -> Lab | None:
        return self.gateway.lab if self.gateway is not None else None


class ManyLabs:
    def __init__(
        self,
        directory: Path | None,
        host: str,
        listeners: tuple[Listener, ...],
        bounds: Bounds | None = None,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """Without a directory the labs live in memory, and a lab that falls asleep is gone. `say` hears of labs
        that broke."""
        self.host = host
        self.listeners = listeners
        self.bounds = bounds or Bounds()
        self.by_name: dict[str, Tenant] = {}
        self.ports = ports_of(listeners)
        self.brokers = len(listeners[0].doors.ports) if listeners else BROKERS
        """Of each lab."""
        self._directory = directory
        self._say = say
        self._look: asyncio.TimerHandle | None = None
        self.on_awake: list[Callable[[Tenant], None]] = []
        """Called with each lab when its brokers accept requests."""
        self._load()

    def start(self) -> None:
        """On the running loop: close what is idle, from now on."""
        self._close_idle()

    def close(self) -> None:
        if self._look is not None:
            self._look.cancel()
        for tenant in self.by_name.values():
            self.put_to_sleep(tenant)

    # -- whose is what -------------------------------------------------------------------------

    def owned_by(self, owner: str) -> list[Tenant]:
        return [tenant for tenant in self.by_name.values() if tenant.owner == owner] if owner else []

    def create(self, owner: str) -> Tenant:
        """Raises LabsRefused."""
        if not owner:
            raise LabsRefused("A lab needs an owner.")
        if len(self.by_name) >= self.bounds.labs:
            raise LabsRefused(f"There are {self.bounds.labs} labs already, and no room for more.")
        if len(self.owned_by(owner)) >= self.bounds.of_one_owner:
            raise LabsRefused(f"You have as many labs as one may have ({self.bounds.of_one_owner}): delete one first.")
        name = f"lab-{secrets.token_hex(3)}"
        while name in self.by_name:
            name = f"lab-{secrets.token_hex(3)}"
        tenant = Tenant(name, owner, secrets.token_urlsafe(15), secrets.randbits(31), used_at=time.monotonic())
        self.by_name[name] = tenant
        self._keep()
        return tenant

    def delete(self, tenant: Tenant) -> None:
        """With everything in it."""
        self.lead(tenant, None)
        self.put_to_sleep(tenant)
        del self.by_name[tenant.name]
        self._keep()
        if self._directory is not None:
            shutil.rmtree(self._directory / tenant.name, ignore_errors=True)

    def begin_again(self, tenant: Tenant) -> None:
        """The same name and password, and nothing in it."""
        self.put_to_sleep(tenant)
        tenant.seed = secrets.randbits(31)
        tenant.credentials = {}
        tenant.broken = ""
        self._keep()
        if self._directory is not None:
            shutil.rmtree(self._directory / tenant.name, ignore_errors=True)

    def find(self, user: str) -> Account | None:
        """Of `lab-7f3a` its owner's account, of `alice@lab-7f3a` that of its cluster's user alice."""
        name, at, lab_name = user.rpartition("@")
        tenant = self.by_name.get(lab_name)
        if tenant is None:
            return None
        within = name if at else tenant.user
        there = tenant.elsewhere.lab if tenant.elsewhere is not None else tenant.lab
        credentials = there.image.scram if there is not None else tenant.credentials
        known = {mechanism: each for (holder, mechanism), each in credentials.items() if holder == within}
        if not known and not at:
            # It has not run since this process began, or that cluster does not know the door's own user:
            # whoever has the lab's password can always come in.
            known = {each.mechanism: each for each in users_of(tenant)}
        return Account(f"User:{within}", known, tenant) if known else None

    def lead(self, tenant: Tenant, lab: Lab | None) -> None:
        """Its clients come into another lab from now on, which was opened with the `ports` of these; None: into their
        own again. Whoever is connected is let go, and finds the other one when he comes back."""
        tenant.held = False
        if tenant.gateway is not None:
            tenant.gateway.let_go()
        if tenant.elsewhere is not None:
            tenant.elsewhere.close()
            tenant.elsewhere = None
        if lab is not None:
            lab.listens = True
            tenant.elsewhere = Gateway(lab, None)
            tenant.elsewhere.start()

    # -- awake and asleep ----------------------------------------------------------------------

    def wake(self, tenant: object, then: Callable[[Gateway | None], None]) -> None:
        """`then` hears once of its gateway when its brokers accept requests: None if they cannot."""
        assert isinstance(tenant, Tenant)
        tenant.used_at = time.monotonic()
        if tenant.gateway is not None and tenant.opening is None:
            then(tenant.gateway)
            return
        tenant.waiting.append(then)
        if tenant.opening is None:
            tenant.opening = asyncio.get_running_loop().create_task(self._open(tenant))

    def enter(self, tenant: object, then: Callable[[Gateway | None], None]) -> None:
        """For a client: into the lab, or where its clients are led; None also while that is not known yet."""
        assert isinstance(tenant, Tenant)
        if tenant.elsewhere is not None or tenant.held:
            then(tenant.elsewhere)
        else:
            # While it wakes up its clients may be led away.
            self.wake(tenant, lambda gateway: then(tenant.elsewhere or gateway))

    async def opened(self, tenant: Tenant) -> Lab | None:
        """The lab, once its brokers accept requests."""
        heard: asyncio.Future[Gateway | None] = asyncio.get_running_loop().create_future()
        self.wake(tenant, lambda gateway: None if heard.done() else heard.set_result(gateway))
        gateway = await heard
        return gateway.lab if gateway is not None else None

    async def _open(self, tenant: Tenant) -> None:
        began = time.perf_counter()
        gateway = None
        try:
            if sum(each.gateway is not None for each in self.by_name.values()) < self.bounds.awake or self._make_room():
                gateway = tenant.gateway = self._gateway(tenant)
                gateway.lab.play()
                gateway.start()
                await asyncio.wait_for(gateway.lab.until_ready(), READY_WITHIN_S)
                tenant.opened_in_s = time.perf_counter() - began
        except (StoreRefused, TimeoutError) as error:
            self._say(f"The lab {tenant.name} does not open: {error}")
            gateway = None
        finally:
            tenant.opening = None
            if gateway is None:
                self.put_to_sleep(tenant)
            else:
                for heard in self.on_awake:
                    heard(tenant)
            waiting, tenant.waiting = tenant.waiting, []
            for then in waiting:
                then(gateway)

    def _gateway(self, tenant: Tenant) -> Gateway:
        settings = LabSettings(
            name=tenant.name,
            brokers=self.brokers,
            host=self.host,
            seed=tenant.seed,
            broker_configs={"super.users": f"{OWNER};User:{tenant.user}"},
            limits={"recorded_bytes": RECORDED_BYTES, "stored_bytes": STORED_BYTES},
        )
        lab = Lab.open(
            self._directory / tenant.name if self._directory is not None else None,
            settings,
            self.ports,
            users=users_of(tenant),
        )
        lab.listens = bool(self.ports)
        tenant.broken = ""

        def broke(sentence: str) -> None:
            tenant.broken = sentence
            self._say(f"{tenant.name}: {sentence}")

        lab.conductor.on_broken = broke
        return Gateway(lab, None)

    def put_to_sleep(self, tenant: Tenant) -> None:
        """Close it in good order; with a directory it comes back as it was."""
        if tenant.gateway is None:
            return
        gateway, tenant.gateway = tenant.gateway, None
        tenant.credentials = dict(gateway.lab.image.scram)
        gateway.close()
        if tenant.broken:
            gateway.lab.abandon()
        else:
            gateway.lab.close()

    def is_idle(self, tenant: Tenant) -> bool:
        gateway = tenant.gateway
        if gateway is None or tenant.opening is not None:
            return False
        if gateway.connections or gateway.lab.family.watched:
            tenant.used_at = time.monotonic()
        idle_s = min(self.bounds.idle_s, MOVED_IDLE_S) if tenant.elsewhere is not None else self.bounds.idle_s
        return time.monotonic() - tenant.used_at > idle_s

    def _close_idle(self) -> None:
        idle = next((tenant for tenant in self.by_name.values() if self.is_idle(tenant)), None)
        if idle is not None:
            self.put_to_sleep(idle)
        wait_s = min(LOOK_S, self.bounds.idle_s / 4) if idle is None else NEXT_S
        self._look = asyncio.get_running_loop().call_later(wait_s, self._close_idle)

    def _make_room(self) -> bool:
        """Put to sleep whoever has been unused for longest and is unused now."""
        unused = [
            tenant
            for tenant in self.by_name.values()
            if tenant.gateway is not None
            and tenant.opening is None
            and not tenant.gateway.connections
            and not tenant.gateway.lab.family.watched
        ]
        if not unused:
            return False
        self.put_to_sleep(min(unused, key=lambda tenant: tenant.used_at))
        return True

    # -- on disk -------------------------------------------------------------------------------

    def _load(self) -> None:
        if self._directory is None or not (path := self._directory / "labs.json").exists():
            return
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            for each in kept["labs"]:
                self.by_name[each["name"]] = Tenant(each["name"], each["owner"], each["password"], each["seed"])
        except (OSError, ValueError, KeyError) as error:
            raise StoreRefused(f"{path} cannot be read: {error}.") from None

    def _keep(self) -> None:
        if self._directory is None:
            return
        labs = [
            {"name": each.name, "owner": each.owner, "password": each.password, "seed": each.seed}
            for each in self.by_name.values()
        ]
        path = self._directory / "labs.json"
        new = path.with_suffix(".new")
        self._directory.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        # It holds passwords: readable by its owner alone.
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, "labs": labs}, file, indent=2)
        os.replace(new, path)


def users_of(tenant: Tenant) -> tuple[UserScramCredentialRecord, ...]:
    """Whom its cluster is formatted with: the door's user, for both mechanisms."""
    return _door_users(tenant.name, tenant.user, tenant.seed, tenant.password)


@lru_cache(256)
def _door_users(name: str, user: str, seed: int, password: str) -> tuple[UserScramCredentialRecord, ...]:
    """Kept, as a client that is sent away asks again and again, and each of its asks would take two milliseconds."""
    made = []
    for mechanism in ScramMechanism:
        salt = f"{name} {seed} {mechanism.name}".encode()
        salted = salted_password(mechanism, password, salt, MIN_ITERATIONS)
        made.append(credential(user, mechanism, salted, salt, MIN_ITERATIONS))
    return tuple(made)


PROTOCOLS = (SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL)
"""By which the shared ports can be reached."""
