"""`manage.py account NAME`: an account that learners' browsers can be attached to, or a new password for it."""

import getpass
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from kafkalab.web.storage import keep_in


class Command(BaseCommand):
    help = "Make an account for a learner, or give it a new password. The password is asked for, or read from stdin."
    whose = "the account"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="to log in with")
        parser.add_argument("--data", type=Path, default=settings.DATA_DIR, help="data directory (.data)")

    def handle(self, *_: Any, **options: Any) -> None:
        name = options["name"]
        keep_in(options["data"])
        user = User.objects.filter(username=name).first() or User(username=name)
        is_new = user.pk is None
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            user.clean_fields(exclude=["password"])
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        user.set_password(password)
        self.prepare(user)
        user.save()
        self.stdout.write(f"{f'Made {self.whose}' if is_new else 'There is a new password for'} {name}.")

    def prepare(self, user: User) -> None:
        """What is particular about it."""
