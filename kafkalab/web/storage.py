"""The one database: what learners did and wrote. It is a file in the data directory, unless settings say that it is
PostgreSQL's. Labs are not in it."""

from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from kafkalab.web.stores import FILE

KEY = "secret-key"
MOST_BYTES = 2 * 1024**3
"""Any browser may begin a workbook: together they must not fill the disk."""


def keep_key_in(directory: Path) -> None:
    """Sign with the key of that directory from now on: whoever a cookie belongs to is the same after a restart."""
    kept = directory / KEY
    if not kept.is_file():
        kept.touch(mode=0o600)
        kept.write_text(settings.SECRET_KEY, encoding="ascii")
    settings.SECRET_KEY = kept.read_text(encoding="ascii").strip()


def keep_in(directory: Path) -> None:
    """Open it there, and bring its tables up to date. Before the event loop runs."""
    directory.mkdir(parents=True, exist_ok=True)
    keep_key_in(directory)
    if _is_a_file():
        (directory / FILE).touch(mode=0o600)
        connections.settings["default"]["NAME"] = directory / FILE
        connections.close_all()
        del connections["default"]
    call_command("migrate", verbosity=0, interactive=False)
    call_command("clearsessions")


def is_full() -> bool:
    if _is_a_file():
        file = Path(connections["default"].settings_dict["NAME"])
        return file.is_file() and file.stat().st_size > MOST_BYTES
    with connection.cursor() as cursor:
        cursor.execute("select pg_database_size(current_database())")
        size: int = cursor.fetchone()[0]
    return size > MOST_BYTES


def _is_a_file() -> bool:
    return bool(connections["default"].vendor == "sqlite")
