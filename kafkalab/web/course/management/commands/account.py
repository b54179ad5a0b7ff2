"""`manage.py account NAME`: an account that learners' browsers can be attached to, or a new password for it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand

from kafkalab.web.course.accounts import ask_for_password
from kafkalab.web.storage import keep_in


class Command(BaseCommand):
    help = "Make an account for a learner, or give it a new password. The password is asked for, or read from stdin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="to log in with")
        parser.add_argument("--data", type=Path, default=settings.DATA_DIR, help="data directory (.data)")

    def handle(self, *_: Any, **options: Any) -> None:
        name = options["name"]
        keep_in(options["data"])
        user = User.objects.filter(username=name).first() or User(username=name)
        is_new = user.pk is None
        ask_for_password(user)
        self.stdout.write(f"{'Made the account' if is_new else 'There is a new password for'} {name}.")
