"""How Django is set up here: one small database, accounts that nobody needs, no inline script, one process.

What differs between machines comes from the environment: KAFKALAB_DATA (the data directory), KAFKALAB_ADDRESS (how
people reach the page from elsewhere, as https://kafka.example.org), KAFKALAB_HSTS_S (for how long a browser shall not
come unencrypted), KAFKALAB_ALLOWED_HOSTS (more host names the page may be asked for, separated by commas),
KAFKALAB_DATABASE_URL and KAFKALAB_REDIS_URL (see `stores`), KAFKALAB_METRICS_TOKEN (who says it reads /metrics from
a network; 16 characters at least) and KAFKALAB_ARCHIVE (where `manage.py archive` writes: a directory or a URL as
s3://bucket/path).
"""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from kafkalab.web import stores
from kafkalab.web.network import Public

BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = Path(os.environ.get("KAFKALAB_DATA", BASE_DIR / ".data"))
ARCHIVE_STORE = os.environ.get("KAFKALAB_ARCHIVE", str(DATA_DIR / "archive"))


def _secret_key() -> str:
    """The key of this data directory. Without a directory yet, one that lives as long as the process."""
    kept = DATA_DIR / "secret-key"
    if kept.is_file():
        return kept.read_text(encoding="ascii").strip()
    key: str = get_random_secret_key()
    if DATA_DIR.is_dir() and os.access(DATA_DIR, os.W_OK):
        kept.touch(mode=0o600)
        kept.write_text(key, encoding="ascii")
    return key


SECRET_KEY = _secret_key()
DEBUG = False
PUBLIC = Public.read(os.environ.get("KAFKALAB_ADDRESS", ""), int(os.environ.get("KAFKALAB_HSTS_S", "0")))
METRICS_TOKEN = os.environ.get("KAFKALAB_METRICS_TOKEN", "")
if METRICS_TOKEN and (len(METRICS_TOKEN) < 16 or not METRICS_TOKEN.isascii() or not METRICS_TOKEN.isprintable()):
    raise ImproperlyConfigured("KAFKALAB_METRICS_TOKEN has 16 characters at least: openssl rand -hex 20 makes one.")
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *([PUBLIC.host] if PUBLIC.host else []),
    *(host for host in os.environ.get("KAFKALAB_ALLOWED_HOSTS", "").split(",") if host),
]
ROOT_URLCONF = "kafkalab.web.urls"
ASGI_APPLICATION = "kafkalab.web.asgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "kafkalab.web.labs",
    "kafkalab.web.course",
    "kafkalab.web.classroom",
    "kafkalab.web.drills",
    "kafkalab.web.classroom.votes",
    "kafkalab.web.archive",
    "kafkalab.web.demos",
]
MIDDLEWARE = [
    "kafkalab.web.headers.health_first",
    "django.middleware.security.SecurityMiddleware",
    "kafkalab.web.headers.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kafkalab.web.labs.instructing.knows_instructors",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
            ]
        },
    }
]
DATABASES = {"default": stores.database(os.environ.get("KAFKALAB_DATABASE_URL", ""), DATA_DIR)}
# Rare messages to a whole room go this way, and no frames of labs.
CHANNEL_LAYERS = {"default": stores.channel_layer(os.environ.get("KAFKALAB_REDIS_URL", ""))}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{each}Validator"} for each in ("MinimumLength", "CommonPassword")
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "kafkalab" / "web" / "locale"]
USE_I18N = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_HTTPONLY = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
# A session is for whoever has an account; a day at school is shorter.
SESSION_COOKIE_AGE = 12 * 3600
LOGIN_URL = "instructor"
LOGIN_REDIRECT_URL = "rooms"
globals().update(PUBLIC.settings())
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"one line": {"()": "kafkalab.web.headers.OneLine"}},
    "filters": {"not yet ready": {"()": "kafkalab.web.headers.NotYetReady"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler"},
        "one line": {"class": "logging.StreamHandler", "formatter": "one line"},
    },
    "loggers": {
        "django": {"handlers": ["console"], "level": "ERROR"},
        "django.request": {"filters": ["not yet ready"]},
        "django.security.DisallowedHost": {"handlers": ["one line"], "level": "ERROR", "propagate": False},
        "daphne": {"level": "WARNING"},
    },
}
