"""As the tests of the course: whatever asks the database from the event loop leaves no connection behind."""

from tests.course.conftest import no_connection_stays

__all__ = ["no_connection_stays"]
