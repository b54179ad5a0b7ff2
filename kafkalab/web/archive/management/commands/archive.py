"""`manage.py archive`: pipes a topic of any Kafka into a store, or reads back what was piped there."""

import json
import signal
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from kafkalab.archive.formats import FORMATS, NotOfThisFormat, encode
from kafkalab.archive.process import ArchiveStopped, Process, Wanted, archive_of, logged, partitions_of
from kafkalab.archive.reading import archived, compared, listed
from kafkalab.archive.sink import LEAST_MIB, LEAST_S, MOST_MIB, MOST_S, Buffering
from kafkalab.archive.store import Objects, StoreUnreachable

OFFSETS_SAID = 10


class Command(BaseCommand):
    help = "Read a topic as a consumer and write objects to a store, each record once; or verify what is there."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bootstrap", default="127.0.0.1:9092", help="bootstrap.servers (127.0.0.1:9092)")
        parser.add_argument("--topic", required=True)
        parser.add_argument(
            "--store",
            default=settings.ARCHIVE_STORE,
            help=f"a directory or a URL as s3://bucket/path ({settings.ARCHIVE_STORE})",
        )
        parser.add_argument("--format", default="jsonl.gz", choices=FORMATS, help="of the objects (jsonl.gz)")
        parser.add_argument("--buffer-mib", type=int, default=5, help="write at so many MiB of a partition (5)")
        parser.add_argument("--buffer-s", type=int, default=300, help="or so many seconds after the first record (300)")
        parser.add_argument("--group", default="", help="consumer group (archive-TOPIC.FORMAT)")
        parser.add_argument("--member", default="", help="group.instance.id: a successor takes over at once (none)")
        parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="of librdkafka")
        parser.add_argument("--until-end", action="store_true", help="stop when all is in the store that is there now")
        parser.add_argument("--verify", action="store_true", help="compare the store with the topic, and write nothing")
        parser.add_argument("--list", action="store_true", help="list the objects")
        parser.add_argument("--read", action="store_true", help="print the archived records as lines of JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            sys.exit(self._run(**options))
        except (ArchiveStopped, StoreUnreachable, NotOfThisFormat) as stopped:
            self.stderr.write(str(stopped))
            sys.exit(1)

    def _run(self, *, buffer_mib: int, buffer_s: int, store: str, **options: Any) -> int:
        if not (LEAST_MIB <= buffer_mib <= MOST_MIB and LEAST_S <= buffer_s <= MOST_S):
            raise ArchiveStopped(
                f"A buffer holds {LEAST_MIB} to {MOST_MIB} MiB, for {LEAST_S} to {MOST_S} seconds at most."
            )
        wanted = Wanted(
            bootstrap=options["bootstrap"],
            topic=options["topic"],
            format=options["format"],
            buffering=Buffering.of(buffer_mib, buffer_s),
            group=options["group"],
            member=options["member"],
            until_end=options["until_end"],
            more=tuple(_setting(said) for said in options["set"]),
        )
        objects = Objects.at(store)
        if options["verify"]:
            return self._verify(wanted, objects)
        if options["list"] or options["read"]:
            return self._show(wanted, objects, whole=options["read"])
        return self._archive(wanted, objects)

    def _archive(self, wanted: Wanted, objects: Objects) -> int:
        asked: list[int] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _frame: asked.append(number))
        process = Process(wanted, objects, self._say)
        process.run(lambda: bool(asked))
        self._say(f"{process.records} records in {process.written} objects were written by this process.")
        return 0

    def _show(self, wanted: Wanted, objects: Objects, *, whole: bool) -> int:
        archive = archive_of(wanted)
        found = listed(objects, archive)
        for each in () if whole else found:
            self._say(f"{each.size:>12}  {each.name}")
        for partition in sorted({each.partition for each in found}) if whole else ():
            for record in archived(objects, archive, partition):
                self.stdout.write(encode("jsonl", archive.topic, partition, [record]).decode(), ending="")
        return 0

    def _verify(self, wanted: Wanted, objects: Objects) -> int:
        """1 when a record is missing, wrong or there twice."""
        archive = archive_of(wanted)
        whole = True
        for partition in partitions_of(wanted):
            found = compared(archived(objects, archive, partition), logged(wanted, partition))
            whole = whole and found.is_whole
            said = {
                "partition": partition,
                "in_store": found.records,
                "once": found.once,
                "doubles": len(found.doubles),
                "missing": len(found.missing),
                "wrong": len(found.wrong),
                "not_in_log_any_more": found.not_in_log,
                "not_yet_archived": found.not_yet,
            }
            self._say(json.dumps(said))
            for name in ("doubles", "missing", "wrong"):
                if offsets := getattr(found, name):
                    self._say(f"{name}: {', '.join(map(str, offsets[:OFFSETS_SAID]))}")
        return 0 if whole else 1

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def _setting(said: str) -> tuple[str, str]:
    name, equals, value = said.partition("=")
    if not equals:
        raise ArchiveStopped(f"--set takes NAME=VALUE, not {said}.")
    return name, value
