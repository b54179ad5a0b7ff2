"""Whose a browser is lasts as long as the data directory, and not only as long as the process."""

from pathlib import Path

from django.conf import settings
from django.test import override_settings

from kafkalab.web.storage import keep_key_in


def test_a_data_directory_keeps_the_key_that_it_was_first_used_with(tmp_path: Path) -> None:
    for process in ("first", "second"):
        with override_settings(SECRET_KEY=f"of the {process} process"):
            keep_key_in(tmp_path)
            assert settings.SECRET_KEY == "of the first process"
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
