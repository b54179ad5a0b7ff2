"""What must be true of transactions when all is quiet: each one counts as a whole, or not at all.

T3 what a client was told is what the logs say, and where it was told nothing it is all or nothing; who reads
only what is committed has received exactly that, in its order; T4 no transactional id has two coordinators;
T6 no transaction stays open.
"""

from bisect import bisect_left, bisect_right

from kafkalab.engine.broker.broker import Broker
from kafkalab.engine.broker.partition import Partition
from kafkalab.engine.simulation.compacted import stored
from kafkalab.engine.simulation.sight import Broken
from kafkalab.engine.simulation.transactional import ACCOUNTS
from kafkalab.engine.simulation.transactions_referee import Account, Told, TransactionsReferee
from kafkalab.engine.transactions.metadata import AT_REST, TransactionState
from kafkalab.wire import batches

Place = tuple[str, int]
PATIENCE_MS = 12_000
"""How much longer than its timeout a transaction may be open: the coordinator looks every ten seconds."""


def transactions_end_in_time(brokers: list[Broker]) -> None:
    """T6, some time after everything was mended."""
    for broker in brokers:
        for it in broker.transactions.transactions.values():
            open_ms = broker.clock_ms - it.started_ms
            if it.state is TransactionState.ONGOING and open_ms > it.timeout_ms + PATIENCE_MS:
                raise Broken("T6", f"{it.transactional_id} is open for {open_ms} ms: {it}")


def transactions_have_ended(brokers: list[Broker]) -> None:
    """T6, when no producer has done anything for longer than any timeout."""
    coordinators: dict[str, int] = {}
    for broker in brokers:
        for shard in broker.transactions.shards.values():
            if shard.loading:
                raise Broken("T6", f"{broker.name} still loads __transaction_state-{shard.partition}")
            for transactional_id, known in shard.transactions.items():
                if known.metadata.state not in AT_REST or known.pending is not None:
                    raise Broken("T6", f"{transactional_id} is not at rest on {broker.name}: {known}")
                other = coordinators.setdefault(transactional_id, broker.broker_id)
                if other != broker.broker_id:
                    raise Broken("T4", f"{transactional_id} has two coordinators, {other} and {broker.broker_id}")


def count_transactions(referee: TransactionsReferee, leaders: dict[Place, Partition]) -> None:
    """Raises Broken."""
    fates: dict[tuple[str, int], bool] = {}
    for place, leader in leaders.items():
        if place[0] != ACCOUNTS:
            continue
        account = referee.appended((leader.topic_id.int, place[1], leader.broker.broker_id), leader)
        for span in account.open.values():
            raise Broken("T6", f"{place}: {span} is still open")
        committed = _read(leader, account, fates)
        _received_exactly(place, committed, referee.received.get(place, []))
    unfinished = [Told(client, tuple(serials), None) for client, serials in referee.sending.items()]
    for told in (*referee.told, *unfinished):
        _all_or_nothing(told, fates)


def _read(leader: Partition, account: Account, fates: dict[tuple[str, int], bool]) -> list[int]:
    """The offsets of what is committed; every record's fate goes to `fates`, by client and serial."""
    found: list[int] = []
    for batch in stored(leader.log):
        if batch.is_control:
            continue
        is_committed = not account.is_aborted(batch)
        for record in batches.records(batch):
            serial, _, client = (record.value or b"").decode().partition(" from ")
            fates[client, int(serial)] = is_committed
            if is_committed:
                found.append(record.offset)
    return found


def _all_or_nothing(told: Told, fates: dict[tuple[str, int], bool]) -> None:
    counted = [serial for serial in told.serials if fates.get((told.client, serial), False)]
    if told.committed is False and counted:
        raise Broken("T3", f"{told} was aborted, and {counted} count")
    if (told.committed or counted) and len(counted) < len(told.serials):
        raise Broken("T3", f"of {told} only {counted} count")


def _received_exactly(place: Place, committed: list[int], ranges: list[tuple[int, int, int]]) -> None:
    """Again after a rebalance, perhaps; never with a gap, and never anything else."""
    reached = -1
    for first, last, count in ranges:
        begin, end = bisect_left(committed, first), bisect_right(committed, last)
        if end - begin != count or first not in committed[begin : begin + 1] or last not in committed[end - 1 : end]:
            raise Broken(
                "T3", f"{place}: {count} records from {first} to {last} were read, {end - begin} are committed"
            )
        if bisect_right(committed, reached) < begin:
            raise Broken("T3", f"{place}: read on at {first} after {reached}, and left out what is committed between")
        reached = max(reached, last)
    if bisect_right(committed, reached) < len(committed):
        raise Broken("T3", f"{place}: {committed[-1]} is committed, and was read up to {reached} only")
