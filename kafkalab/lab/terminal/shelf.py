"""Which tools there are, by name; with and without `.sh`."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from kafkalab.lab.terminal.options import Given
from kafkalab.lab.terminal.tool import Tool
from kafkalab.lab.terminal.tools.acls import ACLS
from kafkalab.lab.terminal.tools.as_commands import PERF_TEST, SHARE_CONSUMER, perf_test, share_consumer
from kafkalab.lab.terminal.tools.client_metrics import CLIENT_METRICS_TOOL
from kafkalab.lab.terminal.tools.cluster import API_VERSIONS, CLUSTER, LOG_DIRS, METADATA_QUORUM
from kafkalab.lab.terminal.tools.configs import CONFIGS
from kafkalab.lab.terminal.tools.console_consumer import CONSOLE_CONSUMER
from kafkalab.lab.terminal.tools.console_producer import CONSOLE_PRODUCER
from kafkalab.lab.terminal.tools.dump_log import DUMP_LOG
from kafkalab.lab.terminal.tools.elections import LEADER_ELECTION
from kafkalab.lab.terminal.tools.groups import GROUPS
from kafkalab.lab.terminal.tools.kcat import KCAT
from kafkalab.lab.terminal.tools.offsets import DELETE_RECORDS, GET_OFFSETS
from kafkalab.lab.terminal.tools.reassign import REASSIGN
from kafkalab.lab.terminal.tools.share_groups import ALL_GROUPS, SHARE_GROUPS
from kafkalab.lab.terminal.tools.topics import TOPICS
from kafkalab.lab.terminal.tools.transactions import TRANSACTIONS

if TYPE_CHECKING:
    from kafkalab.lab.commands import Command

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        TOPICS,
        CONSOLE_PRODUCER,
        CONSOLE_CONSUMER,
        GROUPS,
        GET_OFFSETS,
        DELETE_RECORDS,
        METADATA_QUORUM,
        CLUSTER,
        API_VERSIONS,
        LOG_DIRS,
        CONFIGS,
        LEADER_ELECTION,
        REASSIGN,
        DUMP_LOG,
        TRANSACTIONS,
        ACLS,
        SHARE_GROUPS,
        ALL_GROUPS,
        CLIENT_METRICS_TOOL,
        PERF_TEST,
        SHARE_CONSUMER,
        KCAT,
    )
}
OWN = "lab"
"""The prefix of what belongs to the lab alone."""
AS_COMMANDS: dict[str, Callable[[Given], "Command"]] = {
    PERF_TEST.name: perf_test,
    SHARE_CONSUMER.name: share_consumer,
}
"""Tools that the lab runs as clients of its own, with a place on the stage."""


def named(word: str) -> Tool | None:
    return TOOLS.get(word.removeprefix("bin/").removeprefix("./").removesuffix(".sh"))


def unknown(word: str) -> str:
    close = get_close_matches(word.removesuffix(".sh"), [*TOOLS, OWN], 1, 0.5)
    return f"{word}: command not found." + (f" Did you mean {close[0]}?" if close else " Type `lab help`.")


def produces(tool: Tool, given: Given) -> bool:
    """Whether it is a producer as long as it runs."""
    return tool is CONSOLE_PRODUCER or (tool is KCAT and given.has("produce"))


def does_itself(tool: Tool, given: Given) -> bool:
    """Whether what is asked of it makes it a client of its own on the stage."""
    return tool is KCAT and (given.has("produce") or given.has("consume"))


def kind_of(command: "Command") -> str:
    return "producer" if "producer" in type(command).__name__.lower() else "consumer"
