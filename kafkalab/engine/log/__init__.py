"""One replica's log: segments, indexes, leader epochs, producer state."""

from kafkalab.engine.log.appended import Appended
from kafkalab.engine.log.config import LogConfig
from kafkalab.engine.log.log import Log

__all__ = ["Appended", "Log", "LogConfig"]
