"""`manage.py instructor NAME`: an account that opens rooms, or a new password for it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from kafkalab.web.course.accounts import ask_for_password
from kafkalab.web.storage import keep_in


class Command(BaseCommand):
    help = "Make an instructor, or give one a new password. The password is asked for, or read from stdin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="with which the instructor logs in")
        parser.add_argument("--data", type=Path, default=settings.DATA_DIR, help="data directory (.data)")

    def handle(self, *_: Any, **options: Any) -> None:
        name = options["name"]
        keep_in(options["data"])
        user = User.objects.filter(username=name).first()
        if user is not None and not user.is_staff:
            raise CommandError(f"{name} is a learner's account: an instructor needs another name.")
        is_new = user is None
        ask_for_password(user or User(username=name, is_staff=True))
        said = "Made the instructor" if is_new else "There is a new password for the instructor"
        self.stdout.write(f"{said} {name}.")
