"""`manage.py account`, as whoever runs the server types it."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

MANAGE = Path(__file__).parents[2] / "manage.py"


def account(data: Path, name: str, password: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(MANAGE), "account", name, "--data", str(data)],
        input=f"{password}\n",
        env={**os.environ, "KAFKALAB_PYTHON_IS_READY": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def test_an_account_is_made_and_gets_a_new_password_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert account(data, "ann", "correct horse") == (0, "Made the account ann.")
    file = data / "learners.sqlite3"
    assert file.stat().st_mode & 0o077 == 0
    before = _kept(file)
    assert account(data, "ann", "battery staple") == (0, "There is a new password for ann.")
    [[name, is_staff, password]] = _kept(file)
    assert (name, is_staff) == ("ann", 0)
    assert password != before[0][2]
    code, said = account(data, "bob", "short")
    assert (code, said[:40]) == (1, "CommandError: This password is too short"[:40])


def _kept(file: Path) -> list[tuple[str, int, str]]:
    with sqlite3.connect(file) as database:
        return database.execute("select username, is_staff, password from auth_user").fetchall()
