"""What has no tool of Kafka's and is shown as an administrator would do it: such a line does here what it says.

`kill -9 <pid of broker 1>` kills broker 1 of the lab, and no process of the machine. `lab.shell` writes these lines.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from kafkalab.lab import archive_commands as archives
from kafkalab.lab import commands as order
from kafkalab.lab import controller_commands as controllers
from kafkalab.lab import fault_commands as fault
from kafkalab.lab import transaction_commands as transactions
from kafkalab.lab.client_commands import CrashProducer
from kafkalab.lab.shell import shell
from kafkalab.lab.terminal.line import NotUnderstood

if TYPE_CHECKING:
    from kafkalab.lab.commands import Command
    from kafkalab.lab.lab import Lab

_KILL = re.compile(r"kill -(9|TERM|STOP|CONT) <?pid of (?:(broker|controller) (\d+)|([\w.-]+?))>?")
_OF_BROKERS: dict[str, Callable[[int], "Command"]] = {
    "9": order.CrashBroker,
    "TERM": order.StopBroker,
    "STOP": order.FreezeBroker,
    "CONT": order.ThawBroker,
}
_OF_CONTROLLERS: dict[str, Callable[[int], "Command"]] = {
    "9": controllers.CrashController,
    "TERM": controllers.StopController,
    "STOP": controllers.FreezeController,
    "CONT": controllers.ThawController,
}
Words = tuple[str, ...]
_OF = r"# on the machine of (broker|controller)[ -](\d+)"
_LINES: tuple[tuple[str, Callable[[Words], "Command"]], ...] = (
    (
        rf"kafka-server-stop(?:\.sh)?\s+{_OF}",
        lambda it: (order.StopBroker if it[0] == "broker" else controllers.StopController)(int(it[1])),
    ),
    (
        r"kafka-server-start(?:\.sh)? -daemon config/(broker|controller)-(\d+)\.properties",
        lambda it: (order.StartBroker if it[0] == "broker" else controllers.StartController)(int(it[1])),
    ),
    (
        rf"iptables -P INPUT DROP; iptables -P OUTPUT DROP\s+{_OF}",
        lambda it: (order.IsolateBroker if it[0] == "broker" else controllers.IsolateController)(int(it[1])),
    ),
    (r"iptables -P INPUT ACCEPT; iptables -P OUTPUT ACCEPT.*", lambda it: order.HealNetwork()),
    (
        r"iptables -A OUTPUT -d '?([\w.-]+)'? -j DROP\s+# on the machine of ([\w.-]+)",
        lambda it: fault.CutLink(one=it[1], other=it[0]),
    ),
    (
        r"dmsetup reload broker-(\d+) --table '0 <size> delay <device> 0 0 <device> 0 (\d+)'",
        lambda it: fault.SlowDisk(int(it[0]), int(it[1])),
    ),
    (r"dmsetup reload broker-(\d+) --table '0 <size> error'", lambda it: fault.FailDisk(int(it[0]))),
    (
        r"fallocate -l <all but (\d+) bytes> <log.dirs of broker (\d+)>/ballast",
        lambda it: fault.FillDisk(int(it[1]), int(it[0])),
    ),
    (
        r"tc qdisc add dev eth0 root netem loss (\d+)%\s+# on ([\w.-]+), to ([\w.-]+)",
        lambda it: fault.LosePackets(it[1], it[2], int(it[0])),
    ),
    (
        r"tc qdisc add dev eth0 root netem delay (\d+)ms (\d+)ms\s+# on ([\w.-]+), to ([\w.-]+)",
        lambda it: fault.DelayLink(it[2], it[3], int(it[0]), int(it[1])),
    ),
    (
        r"date -s '([+-][\d.]+) seconds'\s+# on the machine of broker (\d+)",
        lambda it: fault.SkewClock(int(it[1]), round(float(it[0]) * 1000)),
    ),
    (r"# in the code of (\S+): producer\.beginTransaction\(\)", lambda it: transactions.BeginTransaction(it[0])),
    (
        r"# in the code of (\S+): producer\.(commit|abort)Transaction\(\)",
        lambda it: transactions.EndTransaction(it[0], it[1]),
    ),
    (
        r"python3 manage\.py archive --bootstrap \S+ --topic (\S+) --buffer-mib (\d+) --buffer-s (\d+) "
        r"--format (\S+)(?: --member (\S+))?",
        lambda it: archives.StartArchive(it[0], int(it[1]), int(it[2]), it[3], it[4]),
    ),
    (r"kill -9 <pid of ([\w.-]+)>  # (.+ a write)", lambda it: archives.CrashArchive(it[0], it[1])),
    (r"# wait until the active segments of (\S+) are full.*", lambda it: order.RollSegment(it[0])),
    (r"# wait for the next log\.retention\.check.*when brokers look at (\S+)", lambda it: order.RunRetention(it[0])),
    (r"# wait until (\S+) is over min\.cleanable.*", lambda it: order.CompactNow(it[0])),
    (r"# pull the plug of broker (\d+) in the middle.*", lambda it: fault.TearWrite(int(it[0]))),
    (
        r"# in config/broker-(\d+)\.properties: advertised\.listeners=PLAINTEXT://([\w.-]+):(\d+)",
        lambda it: fault.AdvertiseWrongAddress(int(it[0]), it[1], int(it[2])),
    ),
    (r"# pull the uplink of rack (.+)", lambda it: fault.IsolateRack(it[0])),
    (
        r"# let a proxy between (\S+) and (\S+) reset.*, (\d+) of a hundred",
        lambda it: fault.DuplicateConnections(it[0], it[1], int(it[2])),
    ),
)
_COMPILED = tuple((re.compile(pattern), made) for pattern, made in _LINES)
_OTHER = ("kill", "iptables", "dmsetup", "fallocate", "tc", "date", "kafka-server-start", "kafka-server-stop")


def unix_line(text: str, lab: "Lab") -> "Command | None":
    """None: it is none of these. Raises NotUnderstood."""
    killed = _KILL.fullmatch(text)
    if killed is not None:
        return _kill(killed, lab)
    for pattern, made in _COMPILED:
        found = pattern.fullmatch(text)
        if found is not None:
            return made(found.groups())
    if text.split(maxsplit=1)[0].removesuffix(".sh") in _OTHER:
        example = shell(order.CrashBroker(1))
        raise NotUnderstood(f"This is understood only as the page writes it, `{example}` for instance: see `lab help`.")
    return None


def _kill(killed: "re.Match[str]", lab: "Lab") -> "Command":
    signal, kind, number, name = killed.groups()
    if kind is not None:
        of_kind = _OF_BROKERS if kind == "broker" else _OF_CONTROLLERS
        return of_kind[signal](int(number))
    if name in lab.producers:
        of_producers: dict[str, Callable[[str], Command]] = {
            "9": CrashProducer,
            "TERM": order.RemoveProducer,
            "STOP": order.PauseProducer,
            "CONT": order.ResumeProducer,
        }
        if signal in of_producers:
            return of_producers[signal](name)
    elif signal in ("9", "TERM"):
        return order.CrashConsumer(name) if signal == "9" else order.RemoveConsumer(name)
    raise NotUnderstood(f"kill -{signal} does nothing here to {name}.")
