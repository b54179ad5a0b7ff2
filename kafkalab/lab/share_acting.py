"""How the consumers of share groups are run and changed."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from kafkalab.engine.clients.share_consumer import ChangeShareConsumer, ShareConsumer, ShareConsumerSettings
from kafkalab.lab import share_commands
from kafkalab.lab.not_possible import NotPossible

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab


def add_share_consumer(lab: "Lab", command: share_commands.AddShareConsumer, name: str) -> dict[str, Any]:
    wanted = {field: getattr(command, field) for field in command.__dataclass_fields__ if field != "name"}
    settings = _checked(ShareConsumerSettings(**wanted))
    lab.kept_clients.keep(replace(command, name=name))
    lab.start_client(ShareConsumer(name, lab.bootstrap_nodes, settings))
    return {"name": name}


def update_share_consumer(lab: "Lab", command: share_commands.UpdateShareConsumer) -> dict[str, Any]:
    consumer = lab.share_consumers.get(command.name)
    if consumer is None:
        raise NotPossible(name=f"{command.name} is no consumer of a share group of this lab")
    wanted = {field: value for field, value in asdict(command).items() if field != "name" and value is not None}
    settings = _checked(replace(consumer.settings, **wanted))
    lab.kept_clients.keep(replace(lab.kept_clients.by_name[command.name], **wanted))
    lab.world.tell_node(consumer.name, ChangeShareConsumer(settings))
    return {}


def _checked(settings: ShareConsumerSettings) -> ShareConsumerSettings:
    if problems := settings.problems():
        raise NotPossible(**problems)
    return settings
