"""Of a record that lies in a log it can be told how its partition was chosen."""

from kafkalab.lab.commands import AddPartitions, CreateTopic, SendRecord
from tests.lab.labs import carried_out, opened


def test_a_record_tells_the_formula_by_which_its_key_chose_the_partition() -> None:
    lab = opened()
    carried_out(lab, CreateTopic("orders", 3, 1))
    keyed = carried_out(lab, SendRecord("orders", "a", key="user-7")).detail
    free = carried_out(lab, SendRecord("orders", "b")).detail
    forced = carried_out(lab, SendRecord("orders", "c", key="user-7", partition=(keyed["partition"] + 1) % 3)).detail

    def told(detail: dict[str, int]) -> str:
        record = lab.logs.record("orders", detail["partition"], detail["offset"])
        assert record is not None
        return lab.logs.chosen(record)

    formula = 'murmur2("user-7") & 0x7fffffff = 696778364, mod 3 = 2'
    otherwise = "its producer chose by another rule, or when there were fewer partitions."
    assert told(keyed) == formula
    assert told(forced) == f"{formula}, and not 0: {otherwise}"
    assert told(free).startswith("Without a key its producer was free to choose")
    carried_out(lab, AddPartitions("orders", 4))
    assert told(keyed).startswith('murmur2("user-7") & 0x7fffffff = 696778364, mod 4 = 0, and not 2')
