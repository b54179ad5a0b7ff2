"""Rules of answering requests, wilfully broken."""

from typing import Any

from kafkalab.engine.api import fetch, fetch_reading
from kafkalab.engine.broker.fetch_sessions import FetchSessions, Wanted
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.broker.purgatory import Purgatory
from kafkalab.engine.broker.router import Router
from tests.simulation.planted.patch import Patch


def readers_see_what_is_not_committed(patch: Patch) -> None:
    """A consumer may read to the end of its leader's log."""

    def upper_offset(partition: Partition, body: Any) -> int:
        return partition.log.end_offset if partition.is_leader or body.replica_id >= 0 else partition.high_watermark

    patch(fetch, "upper_offset", upper_offset)
    patch(fetch_reading, "upper_offset", upper_offset)


def followers_serve_all_they_have(patch: Patch) -> None:
    """A consumer that reads from a follower gets what is not committed."""

    def upper_offset(partition: Partition, body: Any) -> int:
        follows = not partition.is_leader or body.replica_id >= 0
        return partition.log.end_offset if follows else partition.high_watermark

    patch(fetch, "upper_offset", upper_offset)
    patch(fetch_reading, "upper_offset", upper_offset)


def a_session_tells_of_records_only(patch: Patch) -> None:
    """In a fetch session a high watermark that moved is no news."""
    rightly = Wanted.has_news

    def has_news(wanted: Wanted, result: Any) -> bool:
        wanted.high_watermark = result.high_watermark
        return rightly(wanted, result)

    patch(Wanted, "has_news", has_news)


def a_session_learns_nothing_new(patch: Patch) -> None:
    """Partitions that a reader adds to its fetch session are not read for it."""
    rightly = FetchSessions.resume

    def resume(sessions: FetchSessions, body: Any, uses_topic_ids: bool, now_ms: int) -> Any:
        session = sessions.by_id.get(body.session_id)
        known = dict(session.wanted) if session is not None else {}
        resumed = rightly(sessions, body, uses_topic_ids, now_ms)
        for key in [key for key in resumed.wanted if key not in known]:
            del resumed.wanted[key]
        return resumed

    patch(FetchSessions, "resume", resume)


def waits_outlive_their_connection(patch: Patch) -> None:
    """Nobody takes a request out of purgatory when its connection is gone."""
    patch(Purgatory, "forget", lambda purgatory, source: None)
    patch(Purgatory, "expire_due", lambda purgatory, armed_us: None)


def connections_are_never_forgotten(patch: Patch) -> None:
    """What came on a connection that is gone goes on to block the next one."""
    patch(Router, "forget", lambda router, source: None)
