"""Where people's things are kept and rooms are told: a file and this process's memory, or PostgreSQL and Redis.

KAFKALAB_DATABASE_URL=postgresql://user:password@host:5432/name keeps what learners did in PostgreSQL;
KAFKALAB_REDIS_URL=redis://host:6379/0 carries the rare messages to a whole room through Redis. Both need the packages
of the extra `server`. Labs stay in the data directory in any case.
"""

from pathlib import Path
from typing import Any

FILE = "learners.sqlite3"
POOL = {"min_size": 1, "max_size": 10, "timeout": 10}
"""Of connections: each request has its database work done in a thread of its own, and no connection outlives that."""


def database(url: str, directory: Path) -> dict[str, Any]:
    """Django's settings of it."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": directory / FILE,
            "OPTIONS": {
                "timeout": 5,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    from dj_database_url import parse

    # Nobody waits for a server that does not answer.
    parsed: dict[str, Any] = {**parse(url)}
    parsed["OPTIONS"] = {"connect_timeout": 10, "pool": POOL} | parsed.get("OPTIONS", {})
    return parsed


def channel_layer(url: str) -> dict[str, Any]:
    """Channels' settings of it."""
    if not url:
        return {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    return {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [url], "prefix": "kafkalab"}}
