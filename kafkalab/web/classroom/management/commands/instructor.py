"""`manage.py instructor NAME`: an account with which somebody teaches here, or a new password for it."""

from django.contrib.auth.models import User

from kafkalab.web.course.management.commands.account import Command as AccountCommand


class Command(AccountCommand):
    help = (
        "Make an account for an instructor, or give it a new password. The password is asked for, or read from stdin."
    )
    whose = "the instructor"

    def prepare(self, user: User) -> None:
        user.is_staff = True
