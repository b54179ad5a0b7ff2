"""As in the course: tests that ask the database from the event loop leave no connection behind."""

from tests.course.conftest import no_connection_stays

__all__ = ["no_connection_stays"]
