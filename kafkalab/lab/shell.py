"""The command line that each command equals: Kafka's own tools where there is one.

What Kafka has no tool for is written as a Unix administrator would do it, never dressed up as Kafka.
"""

import json
import shlex
from dataclasses import fields, replace

from kafkalab.lab import archive_commands as archives
from kafkalab.lab import branch_commands as branches
from kafkalab.lab import client_commands, config_orders, security_shell, share_commands
from kafkalab.lab import commands as order
from kafkalab.lab import controller_commands as controllers
from kafkalab.lab import fault_commands as fault
from kafkalab.lab import tempo_commands as tempo
from kafkalab.lab import terminal_commands as terminal
from kafkalab.lab import transaction_commands as transactions
from kafkalab.lab.config_commands import ConfigCommand
from kafkalab.lab.controller_commands import DescribeQuorum
from kafkalab.lab.parsing import snake_case
from kafkalab.lab.security_commands import SecurityCommand, SetPassword
from kafkalab.lab.stand_in_commands import StandInCommand


def shell(command: order.Command, bootstrap_servers: str = "127.0.0.1:9092") -> str:
    at = f"--bootstrap-server {bootstrap_servers}"
    match command:
        case order.CreateTopic():
            return _create_topic(command, at)
        case order.DeleteTopic(name):
            return f"kafka-topics.sh {at} --delete --topic {name}"
        case order.AddPartitions(name, partitions):
            return f"kafka-topics.sh {at} --alter --topic {name} --partitions {partitions}"
        case order.AlterTopicConfig(topic, name, value):
            change = f"--delete-config {name}" if value is None else f"--add-config {shlex.quote(_config(name, value))}"
            return f"kafka-configs.sh {at} --alter --topic {topic} {change}"
        case order.ElectLeader(topic, partition, election_type):
            return (
                f"kafka-leader-election.sh {at} --election-type {election_type} --topic {topic} --partition {partition}"
            )
        case order.ReassignPartition(topic, partition, replicas, throttle):
            move = {"topic": topic, "partition": partition, "replicas": list(replicas)}
            plan = shlex.quote(json.dumps({"version": 1, "partitions": [move]}))
            bound = "" if throttle is None else f" --throttle {throttle}"
            return f"kafka-reassign-partitions.sh {at} --execute --reassignment-json-file <(echo {plan}){bound}"
        case order.VerifyReassignment(topic, partition):
            plan = f"<the plan that moved {topic}-{partition}>"
            return f"kafka-reassign-partitions.sh {at} --verify --reassignment-json-file {plan}"
        case order.UnregisterBroker(broker):
            return f"kafka-cluster.sh unregister {at} --id {broker}"
        case order.DeleteRecords(topic, partition, before_offset):
            spec = {"partitions": [{"topic": topic, "partition": partition, "offset": before_offset}], "version": 1}
            return f"kafka-delete-records.sh {at} --offset-json-file <(echo {shlex.quote(json.dumps(spec))})"
        case order.SendRecord():
            return _send_record(command, bootstrap_servers)
        case order.CreateProducer(synchronous=True) | order.CreateProducer(partitioner="ranges"):
            # The tool calls send() and goes on, and it has no partitioner of that kind.
            return _own(command, "lab do")
        case order.CreateProducer():
            return _create_producer(command, at)
        case order.AddConsumer():
            return _add_consumer(command, at)
        case share_commands.AddShareConsumer():
            return _add_share_consumer(command, at)
        case share_commands.AlterShareGroupOffset(group, topic, partition, start_offset):
            return (
                f"kafka-share-groups.sh {at} --reset-offsets --group {shlex.quote(group)} --topic {topic} --execute"
                f" --to-earliest  # or --to-latest; no tool takes {start_offset} for {topic}-{partition}"
            )
        case order.DeleteGroup(group):
            return f"kafka-consumer-groups.sh {at} --delete --group {shlex.quote(group)}"
        case archives.StartArchive() | archives.StopArchive() | archives.CrashArchive():
            return archives.shell(command, bootstrap_servers)
        case DescribeQuorum():
            return f"kafka-metadata-quorum.sh {at} describe --status"
    if isinstance(command, ConfigCommand):
        return config_orders.shell(command, at)
    if isinstance(command, transactions.TransactionCommand):
        return transactions.shell(command, at)
    if isinstance(command, SecurityCommand):
        return security_shell.line(command, at)
    return _without_a_tool(command)


def line_for_all(command: order.Command, bootstrap_servers: str) -> str:
    """The line as everybody who watches may read it: without a password."""
    if isinstance(command, SetPassword):
        command = replace(command, password="…")
    return shell(command, bootstrap_servers)


def _config(name: str, value: str) -> str:
    """Brackets keep the commas of a list together."""
    return f"{name}=[{value}]" if "," in value else f"{name}={value}"


def _without_a_tool(command: order.Command) -> str:
    match command:
        case order.UpdateProducer() | order.UpdateConsumer() | share_commands.UpdateShareConsumer():
            return _own(command, "lab do")
        case order.PauseProducer(name):
            return f"kill -STOP <pid of {name}>"
        case order.ResumeProducer(name):
            return f"kill -CONT <pid of {name}>"
        case order.RemoveProducer(name) | order.RemoveConsumer(name):
            return f"kill -TERM <pid of {name}>"
        case order.RollSegment(topic):
            return f"# wait until the active segments of {topic} are full, or segment.ms has passed"
        case order.RunRetention(topic):
            return f"# wait for the next log.retention.check.interval.ms, when brokers look at {topic}"
        case order.CompactNow(topic):
            return f"# wait until {topic} is over min.cleanable.dirty.ratio and a log cleaner wakes up"
        case order.CrashConsumer(name) | client_commands.CrashProducer(name):
            return f"kill -9 <pid of {name}>"
        case order.CrashBroker(broker):
            return f"kill -9 <pid of broker {broker}>"
        case order.StopBroker(broker):
            return f"kafka-server-stop.sh  # on the machine of broker {broker}"
        case order.StartBroker(broker):
            return f"kafka-server-start.sh -daemon config/broker-{broker}.properties"
        case order.FreezeBroker(broker):
            return f"kill -STOP <pid of broker {broker}>"
        case order.ThawBroker(broker):
            return f"kill -CONT <pid of broker {broker}>"
        case order.IsolateBroker(broker):
            return f"iptables -P INPUT DROP; iptables -P OUTPUT DROP  # on the machine of broker {broker}"
        case order.HealNetwork():
            return "iptables -P INPUT ACCEPT; iptables -P OUTPUT ACCEPT  # on every machine that was cut off"
        case branches.Fork(name, at_us):
            moment = "" if at_us is None else f" --at {at_us / 1_000_000:.6f}"
            return f"lab fork{'' if name is None else f' {name}'}{moment}"
        case branches.RemoveBranch(name):
            return f"lab fork --remove {name}"
        case terminal.RunLine(line):
            return line
        case terminal.TypeLine(_, line):
            return f"# typed: {line}"
        case terminal.StopLine(_, how):
            return f"# {'Ctrl-C' if how == 'interrupt' else 'Ctrl-D'} at the terminal"
        case branches.WhatIf(change):
            return f"lab what-if {shlex.quote(change)}"
        case tempo.PauseTime():
            return "lab time pause"
        case tempo.PlayTime():
            return "lab time play"
        case tempo.StepTime():
            return "lab time step"
        case tempo.StepToSignificant():
            return "lab time step --significant"
        case tempo.RunTo(at_us):
            return f"lab time to {at_us / 1_000_000:.6f}"
        case tempo.EnterLabTime():
            return "lab time"
        case tempo.SetRate(rate):
            return f"lab time rate {rate}"
    if isinstance(command, StandInCommand):
        return _own(command, "lab do")
    if isinstance(command, controllers.ControllerCommand):
        return _to_controller(command)
    if isinstance(command, fault.FaultCommand):
        return _fault(command)
    raise AssertionError(f"no command line for {command!r}")


def _to_controller(command: controllers.ControllerCommand) -> str:
    match command:
        case controllers.CrashController(controller):
            return f"kill -9 <pid of controller {controller}>"
        case controllers.StopController(controller):
            return f"kafka-server-stop.sh  # on the machine of controller {controller}"
        case controllers.StartController(controller):
            return f"kafka-server-start.sh -daemon config/controller-{controller}.properties"
        case controllers.FreezeController(controller):
            return f"kill -STOP <pid of controller {controller}>"
        case controllers.ThawController(controller):
            return f"kill -CONT <pid of controller {controller}>"
        case controllers.IsolateController(controller):
            return f"iptables -P INPUT DROP; iptables -P OUTPUT DROP  # on the machine of controller {controller}"


def _fault(command: fault.FaultCommand) -> str:
    match command:
        case fault.SlowDisk(broker, delay_ms):
            return f"dmsetup reload broker-{broker} --table '0 <size> delay <device> 0 0 <device> 0 {delay_ms}'"
        case fault.FillDisk(broker, free_bytes):
            return f"fallocate -l <all but {free_bytes} bytes> <log.dirs of broker {broker}>/ballast"
        case fault.FailDisk(broker):
            return f"dmsetup reload broker-{broker} --table '0 <size> error'"
        case fault.TearWrite(broker):
            return f"# pull the plug of broker {broker} in the middle of its next write"
        case fault.CutLink(one, other):
            return f"iptables -A OUTPUT -d {shlex.quote(other)} -j DROP  # on the machine of {one}"
        case fault.LosePackets(one, other, percent):
            return f"tc qdisc add dev eth0 root netem loss {percent}%  # on {one}, to {other}"
        case fault.DelayLink(one, other, delay_ms, jitter_ms):
            return f"tc qdisc add dev eth0 root netem delay {delay_ms}ms {jitter_ms}ms  # on {one}, to {other}"
        case fault.DuplicateConnections(one, other, percent):
            return f"# let a proxy between {one} and {other} reset one side of its connections, {percent} of a hundred"
        case fault.IsolateRack(rack):
            return f"# pull the uplink of rack {rack}"
        case fault.SkewClock(broker, by_ms):
            return f"date -s '{by_ms / 1000:+g} seconds'  # on the machine of broker {broker}"
        case fault.AdvertiseWrongAddress(broker, host, port):
            return f"# in config/broker-{broker}.properties: advertised.listeners=PLAINTEXT://{host}:{port}"
        case fault.UndoFault(number):
            return f"lab undo {number}"
    return _own(command, "lab fault")


def _own(command: order.Command, prefix: str) -> str:
    """As the terminal of the lab takes what nobody else has a command for."""
    said = {it.name: (getattr(command, it.name), it.default) for it in fields(command)}
    words = [f"{name}={shlex.quote(_typed(value))}" for name, (value, default) in said.items() if value != default]
    return " ".join([prefix, snake_case(type(command).__name__), *words])


def _typed(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _create_topic(command: order.CreateTopic, at: str) -> str:
    line = f"kafka-topics.sh {at} --create --topic {command.name}"
    if command.partitions != -1:
        line += f" --partitions {command.partitions}"
    if command.replication_factor != -1:
        line += f" --replication-factor {command.replication_factor}"
    for name, value in command.configs.items():
        line += f" --config {shlex.quote(f'{name}={value}')}"
    return line


def _send_record(command: order.SendRecord, bootstrap_servers: str) -> str:
    """kcat and not the console producer: that one can choose no partition and send no null."""
    line = f"kcat -b {bootstrap_servers} -P -t {command.topic}"
    if command.partition is not None:
        line += f" -p {command.partition}"
    if command.key is not None:
        line += f" -k {shlex.quote(command.key)}"
    for name, value in command.headers:
        line += f" -H {shlex.quote(f'{name}={value}' if value is not None else name)}"
    if command.acks != "all":
        line += f" -X acks={command.acks}"
    return line + (" -Z <<< ''" if command.value is None else f" <<< {shlex.quote(command.value)}")


def _create_producer(command: order.CreateProducer, at: str) -> str:
    wanted = {
        "acks": command.acks,
        "enable.idempotence": str(command.idempotence).lower(),
        "linger.ms": command.linger_ms,
        "batch.size": command.batch_size,
        "compression.type": command.compression,
    }
    if command.retries != order.MANY:
        wanted["retries"] = command.retries
    if command.buffer_memory != order.BUFFER:
        wanted["buffer.memory"] = command.buffer_memory
    transactions = ""
    if command.transactional_id:
        transactions = f" --transactional-id {shlex.quote(command.transactional_id)}"
        if command.records_per_transaction and command.rate:
            # The tool commits as time passes, and never aborts.
            transactions += f" --transaction-duration-ms {1000 * command.records_per_transaction // command.rate}"
        wanted["transaction.timeout.ms"] = command.transaction_timeout_ms
    return (
        f"kafka-producer-perf-test.sh {at} --topic {command.topic} --num-records {command.limit or '<no limit>'}"
        f" --record-size {command.value_size} --throughput {command.rate}{transactions} --command-property "
        + " ".join(f"{name}={value}" for name, value in wanted.items())
    )


def _add_consumer(command: order.AddConsumer, at: str) -> str:
    topics = f"--topic {command.topics[0]}" if len(command.topics) == 1 else f"--include '{'|'.join(command.topics)}'"
    line = f"kafka-console-consumer.sh {at} {topics}"
    if command.group is not None:
        line += f" --group {shlex.quote(command.group)}"
    if command.auto_offset_reset == "earliest":
        line += " --from-beginning"
    if command.isolation_level != "read_uncommitted":
        line += f" --isolation-level {command.isolation_level}"
    if command.commit != "auto":
        line += " --command-property enable.auto.commit=false"
    if command.rack is not None:
        line += f" --command-property {shlex.quote(f'client.rack={command.rack}')}"
    if command.group_protocol != "classic":
        line += f" --command-property group.protocol={command.group_protocol}"
    if command.group_remote_assignor is not None:
        line += f" --command-property group.remote.assignor={command.group_remote_assignor}"
    if command.assignor != "range":
        line += f" --command-property partition.assignment.strategy={ASSIGNORS[command.assignor]}"
    return line


def _add_share_consumer(command: share_commands.AddShareConsumer, at: str) -> str:
    line = f"kafka-console-share-consumer.sh {at} --topic {command.topics[0]} --group {shlex.quote(command.group)}"
    wanted: dict[str, object] = {}
    if command.acknowledgement != "implicit":
        wanted["share.acknowledgement.mode"] = command.acknowledgement
    if command.max_poll_records != 500:
        wanted["max.poll.records"] = command.max_poll_records
    if command.rack is not None:
        wanted["client.rack"] = command.rack
    return line + "".join(f" --command-property {shlex.quote(f'{name}={value}')}" for name, value in wanted.items())


ASSIGNORS = {
    "roundrobin": "org.apache.kafka.clients.consumer.RoundRobinAssignor",
    "sticky": "org.apache.kafka.clients.consumer.StickyAssignor",
    "cooperative-sticky": "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
}
