"""What holds for every test."""

from django.conf import settings as of_django
from hypothesis import settings as of_hypothesis

# Nobody's password is in danger here, and a slow hash makes many tests slow.
of_django.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# For a turn of the suite that gives way to other processes: there an example may take any time.
of_hypothesis.register_profile("unhurried", of_hypothesis(), deadline=None)
