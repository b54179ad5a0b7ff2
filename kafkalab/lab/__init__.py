"""What a learner holds: one world, played, shown and open to real clients. Use only what is named here.

doors = Doors.bind(host, 9092, brokers)        ports taken now; PortRefused says why not
lab = Lab.open(directory, LabSettings(...), doors.plain_ports)   None keeps it in memory; StoreRefused
gateway = Gateway(lab, doors)
lab.play(); gateway.start()                    inside a running asyncio loop
lab.conductor.on_broken                        set it: called with a sentence when the engine raised
lab.ready                                      True once the brokers accept requests
lab.do(command, on_done)                       on_done(Outcome) once the engine has answered
lab.watch(on_ready)                            a Watcher: take() JSON texts, close()
lab.terminal.complete(text), .newest            the terminal: lines are run by lab.do(RunLine(line), on_done)
lab.snapshot()                                 the same as the first thing a watcher takes
lab.recording                                  index(), at(us), run(us, us): what was shown, to be shown again
lab.why.explain(entity_id, moment, text)      what led there; configs_of(lab, entity_id) its settings
lab.archives.entities(), lab.archives.compared(...)   what was piped into the lab's object store
lab.logs.records(...), lab.logs.record(...), lab.logs.find(...)   what lies in the logs, down to the bytes
fates(lab, Wanted("lost_after_ack"))           a page of the delivery ledger: what became of each record
gateway.close(); lab.close()

Listener(SecurityProtocol.SASL_SSL, doors, Certificates(directory).context(host))   another way in
labs = ManyLabs(directory, host, listeners); labs.create(owner); await labs.opened(tenant)   LabsRefused
labs.lead(tenant, lab)                         its clients come into that lab, until labs.lead(tenant, None)
Reception(listeners, labs.find, labs.enter, config)   the ports that they share

lab.fork()                                     a lab of its own that goes on from here, in lab time
stand_alone(fork)                              it needs no file of the first one any more
lab.past.at(us)                                the same, as it stood at that moment: see `past`
lab.family.branches                            those that a person has named, by their names
Again(look).after(seconds)                     when it is its turn then, among all that shares the loop
changes(lab)                                   what `WhatIf` could change about the past: see `twins`
differences(entities, others, name, other)     what differs between two labs, in sentences
leave_lab_time(lab)                            the clock is the wall's: a drill's is nobody's to hold
tape = load_tape(path)                         a Tape or a HistoryTape; TapeRefused says file and line
replay(tape, hear, until_us)                   play it on virtual time, judged: a Verdict
staged(tape, verdict)                          a lab in which it stands still just before its end
shown_again(*read_recording(bytes))            a lab that shows a recording; RecordingRefused
"""

from kafkalab.engine.log.topic_configs import TOPIC_CONFIGS
from kafkalab.engine.spec import HostLimits, SecurityProtocol
from kafkalab.lab import commands
from kafkalab.lab.acting import Outcome
from kafkalab.lab.archive_commands import ArchiveCommand
from kafkalab.lab.archives import Archives
from kafkalab.lab.branches import SIGN as BRANCH_SIGN
from kafkalab.lab.branches import Family
from kafkalab.lab.certificates import Certificates
from kafkalab.lab.commands import Command
from kafkalab.lab.configs_shown import configs_of
from kafkalab.lab.differences import Difference, clocks, differences
from kafkalab.lab.doors import Doors, Listener, PortRefused, Ports, ports_of
from kafkalab.lab.fates.rows import FATES, Place, Row, Wanted, fates
from kafkalab.lab.fault_commands import FaultCommand
from kafkalab.lab.forking import stand_alone
from kafkalab.lab.frames import Frame, Frames, Watcher, apply, encode
from kafkalab.lab.gateway import Gateway
from kafkalab.lab.lab import Lab
from kafkalab.lab.many import Bounds, LabsRefused, ManyLabs, Tenant
from kafkalab.lab.metrics.history import Chart
from kafkalab.lab.metrics.keeping import GROUPS as METRIC_GROUPS
from kafkalab.lab.metrics.keeping import METRICS
from kafkalab.lab.metrics.metric import NODE, Kind, Metric, Reading, Times, percentile
from kafkalab.lab.not_possible import NotPossible
from kafkalab.lab.parsing import CommandRefused, CommandSchema, FieldSchema, by_name, parse, schema
from kafkalab.lab.permissions_in_words import Needed, needed
from kafkalab.lab.reading import ByteField, HexLine, OpenedRecord, RecordLine
from kafkalab.lab.real import telling
from kafkalab.lab.reception import Reception
from kafkalab.lab.recording import Forgotten, Recording, RecordingRefused
from kafkalab.lab.recording import head as recording_head
from kafkalab.lab.recording import read as read_recording
from kafkalab.lab.replay import Verdict, replay, staged
from kafkalab.lab.shell import shell
from kafkalab.lab.shown_again import shown_again
from kafkalab.lab.significance import FREQUENT, is_significant
from kafkalab.lab.store import LabSettings, StoreRefused
from kafkalab.lab.tape import HistoryTape, Tape, TapeRefused
from kafkalab.lab.tape import load as load_tape
from kafkalab.lab.tape import read as read_tape
from kafkalab.lab.tempo_acting import leave_lab_time
from kafkalab.lab.terminal import Job
from kafkalab.lab.terminal.marks import spans
from kafkalab.lab.terminal_commands import RunLine, StopLine, TypeLine
from kafkalab.lab.turns import Again
from kafkalab.lab.twins import Change, changes

COMMANDS = by_name(Command)
"""Every command's class under its name in JSON."""
FAULTS = tuple(by_name(FaultCommand))
"""The names of those that break something, and of the one that undoes it."""
ARCHIVE_ORDERS = tuple(by_name(ArchiveCommand))
"""The names of those that run sinks and end them."""
TOPIC_SETTINGS = tuple(TOPIC_CONFIGS)
"""The names of a topic's settings."""


def parse_command(said: object) -> Command:
    """A command from decoded JSON; raises CommandRefused with a reason for each wrong field."""
    return parse(said, COMMANDS)  # type: ignore[no-any-return]


def command_schema() -> list[CommandSchema]:
    """All commands with their fields, for documentation and forms."""
    return schema(COMMANDS)


__all__ = [
    "ARCHIVE_ORDERS",
    "BRANCH_SIGN",
    "COMMANDS",
    "FATES",
    "FAULTS",
    "FREQUENT",
    "METRICS",
    "METRIC_GROUPS",
    "NODE",
    "TOPIC_SETTINGS",
    "Again",
    "Archives",
    "Bounds",
    "ByteField",
    "Certificates",
    "Change",
    "Chart",
    "Command",
    "CommandRefused",
    "CommandSchema",
    "Difference",
    "Doors",
    "Family",
    "FieldSchema",
    "Forgotten",
    "Frame",
    "Frames",
    "Gateway",
    "HexLine",
    "HistoryTape",
    "HostLimits",
    "Job",
    "Kind",
    "Lab",
    "LabSettings",
    "LabsRefused",
    "Listener",
    "ManyLabs",
    "Metric",
    "Needed",
    "NotPossible",
    "OpenedRecord",
    "Outcome",
    "Place",
    "PortRefused",
    "Ports",
    "Reading",
    "Reception",
    "RecordLine",
    "Recording",
    "RecordingRefused",
    "Row",
    "RunLine",
    "SecurityProtocol",
    "StopLine",
    "StoreRefused",
    "Tape",
    "TapeRefused",
    "Tenant",
    "Times",
    "TypeLine",
    "Verdict",
    "Wanted",
    "Watcher",
    "apply",
    "changes",
    "clocks",
    "command_schema",
    "commands",
    "configs_of",
    "differences",
    "encode",
    "fates",
    "is_significant",
    "leave_lab_time",
    "load_tape",
    "needed",
    "parse_command",
    "percentile",
    "ports_of",
    "read_recording",
    "read_tape",
    "recording_head",
    "replay",
    "shell",
    "shown_again",
    "spans",
    "staged",
    "stand_alone",
    "telling",
]
