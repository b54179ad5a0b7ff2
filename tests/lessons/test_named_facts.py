"""What goals and answers find of a lab, under names that do not differ from seed to seed."""

from kafkalab.lab import parse_command
from kafkalab.lessons import look
from tests.lab.labs import SECOND_US, carried_out, opened


def test_a_partition_has_what_lies_in_the_log_of_its_leader_and_nothing_while_nobody_leads() -> None:
    lab = opened()
    carried_out(lab, parse_command({"command": "create_topic", "name": "orders", "partitions": 1}))
    carried_out(lab, parse_command({"command": "send_record", "topic": "orders", "key": "ann", "value": None}))
    partition = look(lab)["partitions"]["orders-0"]
    assert [(cell["offset"], cell["key"], cell["kind"]) for cell in partition["tail"]] == [(0, "ann", "tombstone")]
    assert [(segment["base"], segment["end"]) for segment in partition["segments"]] == [(0, 1)]
    carried_out(lab, parse_command({"command": "crash_broker", "broker": partition["leader"]}))
    lab.advance(20 * SECOND_US)
    partition = look(lab)["partitions"]["orders-0"]
    assert (partition["leader"], partition["tail"], partition["segments"]) == (-1, [], [])
    lab.close()


def test_faults_go_by_their_number_and_clients_by_their_id_also_when_they_have_left() -> None:
    lab = opened()
    carried_out(lab, parse_command({"command": "create_topic", "name": "orders", "partitions": 1}))
    carried_out(lab, parse_command({"command": "lose_answers", "times": 5}))
    carried_out(lab, parse_command({"command": "run_stand_in", "client_id": "my-app", "topic": "orders"}))
    lab.advance(2 * SECOND_US)
    known = look(lab)
    assert {number: fault["name"] for number, fault in known["faults"].items()} == {"1": "lose_answers"}
    assert (known["clients"]["my-app"]["kind"], "my-app" in known["producers"]) == ("client", False)
    carried_out(lab, parse_command({"command": "remove_stand_in", "client_id": "my-app"}))
    lab.advance(40 * SECOND_US)
    assert look(lab)["clients"]["my-app"]["kind"] == "former_client"
    lab.close()
