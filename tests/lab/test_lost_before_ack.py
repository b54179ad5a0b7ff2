"""What a producer's application had not heard an answer to dies with it, unless a log has it."""

from kafkalab.lab import Lab
from kafkalab.lab.client_commands import CrashProducer
from kafkalab.lab.commands import CrashBroker, CreateProducer, CreateTopic, RemoveProducer, UpdateProducer
from kafkalab.lab.fates.rows import Wanted, page
from kafkalab.lab.fault_commands import DelayLink
from tests.lab.labs import Ask


def totals(lab: Lab) -> tuple[int, int, int]:
    ledger = lab.view()["ledger"]
    return ledger["sent"], ledger["acked"], ledger["lost_before_ack"]


def test_what_waits_in_a_batch_is_lost_when_the_application_is_killed(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", "shop", rate=50, limit=7, linger_ms=5_000))
    lab.advance(1_000_000)
    assert (lab.producers["shop"].sent, totals(lab)) == (7, (0, 0, 0))
    assert ask(CrashProducer("shop")).shell == "kill -9 <pid of shop>"
    lab.advance(10_000_000)
    assert totals(lab) == (0, 0, 7)
    assert lab.view()["partition:orders:0"]["log_end"] == 0
    rows = page(lab.ledger, Wanted("lost_before_ack"), None).rows
    assert [(row.offset, row.error, row.attempts) for row in rows] == [
        (None, "its producer was killed before it was sent", 0)
    ] * 7
    assert totals(lab.fork()) == (0, 0, 7)


def test_what_is_stored_and_not_yet_acked_when_the_application_is_killed_is_not_lost(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", "shop", rate=0, linger_ms=0))
    lab.advance(100_000)
    for broker in lab.broker_ids:
        ask(DelayLink("shop", f"broker-{broker}", delay_ms=100))
    ask(UpdateProducer("shop", rate=1))
    lab.advance(150_000)
    assert lab.producers["shop"].requests_in_flight == 1
    ask(CrashProducer("shop"))
    lab.advance(1_000_000)
    stored = lab.view()["partition:orders:0"]["log_end"]
    assert (stored, totals(lab)) == (1, (1, 0, 0))


def test_who_waits_for_each_answer_has_one_record_to_lose(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", "shop", rate=50, linger_ms=5_000, synchronous=True))
    lab.advance(12_000_000)
    assert (lab.producers["shop"].sent, lab.producers["shop"].acked) == (3, 2)
    ask(CrashProducer("shop"))
    assert totals(lab) == (2, 2, 1)


def test_a_producer_that_is_closed_sends_what_it_holds(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 3))
    ask(CreateProducer("orders", "shop", rate=50, limit=7, linger_ms=5_000))
    lab.advance(1_000_000)
    ask(RemoveProducer("shop"))
    lab.advance(1_000_000)
    assert totals(lab) == (7, 7, 0)


def test_what_was_refused_and_waits_to_be_sent_again_is_lost_with_its_producer(lab: Lab, ask: Ask) -> None:
    ask(CreateTopic("orders", 1, 1))
    ask(CreateProducer("orders", "shop", rate=50, limit=3, linger_ms=200))
    lab.advance(100_000)
    ask(CrashBroker(lab.view()["partition:orders:0"]["leader"]))
    lab.advance(1_000_000)
    ask(CrashProducer("shop"))
    lab.advance(1_000_000)
    assert totals(lab)[1:] == (0, 3)
