"""The scripts, one for each family of requests; each is given a conversation with a cluster."""

from collections.abc import Callable

from tests.clients.apache_kafka.conversation import Conversation
from tests.clients.apache_kafka.scripts import (
    cluster,
    configs,
    consumer_groups,
    fences,
    group_configs,
    groups,
    producing,
    quorum,
    quotas,
    reading,
    replicas,
    security,
    share,
    share_more,
    topics,
    transactions,
)

Script = Callable[[Conversation], None]

SCRIPTS: tuple[Script, ...] = (
    *cluster.SCRIPTS,
    *topics.SCRIPTS,
    *configs.SCRIPTS,
    *producing.SCRIPTS,
    *reading.SCRIPTS,
    *groups.SCRIPTS,
    *consumer_groups.SCRIPTS,
    *group_configs.SCRIPTS,
    *replicas.SCRIPTS,
    *quorum.SCRIPTS,
    *quotas.SCRIPTS,
    *security.SCRIPTS,
    *share.SCRIPTS,
    *share_more.SCRIPTS,
    *transactions.SCRIPTS,
    *fences.SCRIPTS,
)
