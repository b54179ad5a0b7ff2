"""What every store does alike: a name is given once, and what was written comes back."""

from pathlib import Path

import pytest

from kafkalab.archive.store import Objects, StoreUnreachable
from tests.archive.s3 import BUCKET, s3


def check(objects: Objects) -> None:
    assert objects.create("orders/id/jsonl/0/1.jsonl", b"one")
    assert objects.create("orders/id/jsonl/0/2.jsonl", b"2" * 20_000_000)
    assert not objects.create("orders/id/jsonl/0/1.jsonl", b"other")
    assert objects.create("orders-more/id/jsonl/0/1.jsonl", b"elsewhere")
    assert objects.read("orders/id/jsonl/0/1.jsonl") == b"one"
    assert objects.listed("orders/id/jsonl/") == {
        "orders/id/jsonl/0/1.jsonl": 3,
        "orders/id/jsonl/0/2.jsonl": 20_000_000,
    }
    assert len(objects.listed("")) == 3
    with pytest.raises(StoreUnreachable, match="cannot be read"):
        objects.read("orders/nothing")


def test_memory() -> None:
    check(Objects.in_memory())


def test_a_directory(tmp_path: Path) -> None:
    check(Objects.at(tmp_path / "new" / "archive"))
    assert Objects.at(tmp_path / "new" / "archive").read("orders/id/jsonl/0/1.jsonl") == b"one"


def test_whatever_speaks_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    with s3() as endpoint:
        for name, value in {
            "ENDPOINT_URL": endpoint,
            "ACCESS_KEY_ID": "a",
            "SECRET_ACCESS_KEY": "b",
            "REGION": "r",
        }.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        check(Objects.at(f"s3://{BUCKET}/kept/here"))


def test_what_is_no_store_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for address in (tmp_path / "file" / "below", "nonsense://x"):
        with pytest.raises(StoreUnreachable, match="is no store"):
            Objects.at(address)
