"""The page "What is real here" forgets nothing: an API, a setting or a rule without an entry fails here."""

import json
import re
from pathlib import Path
from typing import Any

import kafkalab.engine.simulation
from kafkalab.engine.api import ROUTES
from kafkalab.engine.api.simplified import REAL
from kafkalab.engine.config import IN_LARGER_UNITS, SETTINGS, TOPIC_DEFAULT_NAMES
from kafkalab.engine.controller.configs import INTERNAL, SHORTS
from kafkalab.engine.controller.group_configs import GROUP_CONFIGS
from kafkalab.engine.controller.resource_configs import CLIENT_METRICS_CONFIGS
from kafkalab.engine.log.topic_configs import INTERNAL_SEGMENT_BYTES, TOPIC_CONFIGS
from kafkalab.engine.simulation.rules import RULES
from kafkalab.lab.real import kafka_4_3, not_honoured, telling
from kafkalab.wire.api import SERVED, ApiKey

KAFKAS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "fixtures" / "data" / "apache_kafka_4_3_1_configs.json").read_text()
)
"""Name -> type, default and read_only, as a broker of Apache Kafka 4.3.1 describes them."""
SHORT = 4
OURS_ALONE = (*INTERNAL, "allow.everyone.if.no.acl.found", "super.users")
"""Internal to Kafka, or its authorizer's own: brokers do not show them."""


def test_every_request_that_is_answered_has_an_entry_and_no_other() -> None:
    names = {ApiKey(key).name for key in ROUTES}
    assert {ApiKey(key).name for key in REAL} == names, "see kafkalab/engine/api/simplified.py"


def test_every_request_of_kafkas_is_told_of_with_both_ranges_of_versions() -> None:
    rows = {row.key: row for row in telling.apis()}
    assert set(rows) >= set(kafka_4_3.VERSIONS)
    assert (rows[1].name, rows[1].served, rows[1].kafka) == ("Fetch", "4 to 18", "4 to 18")
    assert {row.key for row in rows.values() if row.state == "missing"} == set(kafka_4_3.VERSIONS) - set(ROUTES)


def test_no_version_is_served_that_kafka_does_not_have() -> None:
    for key in ROUTES:
        least, greatest = kafka_4_3.VERSIONS[ApiKey(key)]
        assert least <= SERVED[key][0], ApiKey(key).name
        assert SERVED[key][-1] <= greatest, ApiKey(key).name


def test_every_setting_of_a_broker_of_kafkas_is_honoured_or_listed_as_not() -> None:
    honoured = {*SETTINGS, *TOPIC_DEFAULT_NAMES, *IN_LARGER_UNITS}
    listed = [name for _, names in not_honoured.OF_BROKERS for name in names.split()]
    assert len(listed) == len(set(listed))
    assert set(KAFKAS["broker"]) - honoured <= set(listed)
    assert set(listed) <= set(KAFKAS["broker"])
    shown = {name for _, groups in telling.unread_configs() for each in groups for name in each.names}
    assert not shown & set(SETTINGS)


def test_settings_of_brokers_are_kafkas_in_type_default_and_when_they_change() -> None:
    for name, each in SETTINGS.items():
        if name in OURS_ALONE:
            continue
        theirs = KAFKAS["broker"][name]
        ours = str(each.default).lower() if isinstance(each.default, bool) else str(each.default)
        kind = SHORT if name in SHORTS else each.type.value
        assert (kind, ours, not each.changeable) == (theirs["type"], theirs["default"] or "", theirs["read_only"]), name


def test_settings_of_topics_are_kafkas_in_type_and_default() -> None:
    ours = {name: (each.type.value, each.default) for name, each in TOPIC_CONFIGS.items()}
    del ours[INTERNAL_SEGMENT_BYTES]
    assert ours == {name: (each["type"], each["default"]) for name, each in KAFKAS["topic"].items()}


def test_settings_of_groups_and_subscriptions_are_kafkas_in_type_and_default() -> None:
    ours = {name: (each.type.value, str(each.default)) for name, each in CLIENT_METRICS_CONFIGS.items()}
    assert ours == {name: (each["type"], each["default"]) for name, each in KAFKAS["metrics"].items()}
    streams = {name for _, names in not_honoured.OF_GROUPS for name in names.split()}
    assert set(KAFKAS["group"]) == {*GROUP_CONFIGS, *streams}
    for name, group in GROUP_CONFIGS.items():
        theirs = KAFKAS["group"][name]
        assert (group.setting.type.value, telling._text(group.setting.default)) == (theirs["type"], theirs["default"])


def test_every_setting_of_a_broker_is_read_somewhere() -> None:
    """What nothing reads would be pretended."""
    root = Path(kafkalab.engine.simulation.__file__).parents[2]
    files = [path for path in root.rglob("*.py") if path.name != "config.py" or path.parent.name != "engine"]
    text = "\n".join(path.read_text() for path in files)
    for_groups = {name for each in GROUP_CONFIGS.values() if each.broker_name for name in each.bound_names}
    for_groups |= {each.broker_name for each in GROUP_CONFIGS.values() if each.broker_name}
    unread = [name for name in SETTINGS if not re.search(rf"\.{name.replace('.', '_')}\b", text)]
    assert [name for name in unread if name not in for_groups] == []


def test_every_rule_of_the_simulation_has_a_sentence_and_no_other() -> None:
    directory = Path(kafkalab.engine.simulation.__file__).parent
    text = "\n".join(path.read_text() for path in directory.rglob("*.py") if path.name != "rules.py")
    assert set(RULES) == set(re.findall(r'"([LMTGX][0-9]+)"', text)), "see kafkalab/engine/simulation/rules.py"
