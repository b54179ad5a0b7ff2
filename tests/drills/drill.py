"""A small drill for tests, right but for what each of them changes."""

from pathlib import Path

RIGHT = """---
number: 1
title: A stopped producer
level: 1
cluster:
  brokers: 1
  prepare:
    - create_topic: {name: orders, partitions: 1, replication_factor: 1}
    - create_producer: {topic: orders, name: shop, rate: 5}
    - until: now.producers["shop"].acked > 3
draws:
  after_s: [1, 2]
service_level:
  says: Orders come.
  holds: now.producers["shop"].state == "running"
steady:
  holds: now.producers["shop"].state == "running"
  metrics:
    - name: paused
      says: Producers that are paused
      value: now.producers.filter(p, now.producers[p].state == "paused").size()
      healthy: now.producers.all(p, now.producers[p].state != "paused")
    - name: topics
      says: Topics
      value: now.topics.size()
      healthy: now.topics.size() > 0
inject:
  - wait: 1
  - slow_disk: {broker: 1, delay_ms: 1}
  - pause_producer: {name: shop}
page:
  when: now.producers["shop"].state == "paused"
  says: "shop: no orders."
impact:
  ask: What is the impact?
  choices: {none: No orders come., some: Some come., all: All come.}
  answer: none
diagnosis:
  ask: Why?
  choices: {paused: The shop is paused., gone: The shop is gone., broker: The broker is down.}
  answer: '"paused"'
  evidence:
    - says: The shop says so.
      entity: producer:shop
    - says: The topic is there.
      command: kafka-topics --list
      shows: orders
goal: now.producers["shop"].state == "running"
holds_s: 3
never:
  - says: Two producers write.
    holds: now.producers.size() == 1
calls:
  - name: shop
    says: Is anybody there?
    answers: Yes.
    takes_s: 1
hints: [where, what, how]
solution:
  - call: shop
  - resume_producer: {name: shop}
wrong_moves:
  - name: second-shop
    says: Start another one.
    because: The first is still paused.
    steps:
      - create_producer: {topic: orders, name: shop2, rate: 5}
ends_with: {question: "Why so?", rule: Look., alert: Orders per minute., setting: none}
---
## brief
A shop.

## cause
It was paused.

## debrief
It runs again.
"""


def written(directory: Path, text: str = RIGHT) -> Path:
    file = directory / "01-shop.md"
    file.write_text(text, encoding="utf-8")
    return file
