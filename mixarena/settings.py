"""Settings of the project. Operational choices come from the environment; docs/deployment.md lists every variable."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from mixarena.environment import Environment
from mixarena.redis_client import ONE_RETRY, TIMEOUT_S

BASE_DIR = Path(__file__).resolve().parent.parent
environment = Environment(os.environ)

# --- Places -----------------------------------------------------------------------------------------------------------

VAR_DIR = environment.folder("VAR_DIR", BASE_DIR / "var")
MODELS_DIR = BASE_DIR / "models"
MEDIA_ROOT = VAR_DIR / "media"
STATIC_ROOT = VAR_DIR / "static"
# On the file system of the media: what was uploaded is then renamed into place, not copied.
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "uploads"
for folder in (MEDIA_ROOT, STATIC_ROOT, FILE_UPLOAD_TEMP_DIR):
    folder.mkdir(exist_ok=True)
# Numba reads this when it is first imported, which no module here does before the settings are loaded.
os.environ.setdefault("NUMBA_CACHE_DIR", str(VAR_DIR / "numba"))

# --- Core -------------------------------------------------------------------------------------------------------------

DEBUG = False
SECRET_KEY = environment.secret("SECRET_KEY", VAR_DIR / "secret_key")
ROOT_URLCONF = "mixarena.urls"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False

INSTALLED_APPS = [
    "mixarena",
    "accounts",
    "evolution",
    "tournaments",
    "social",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.network_middleware",
    "django_htmx.middleware.HtmxMiddleware",
    "mixarena.web.errors.ErrorMiddleware",
]
CSRF_FAILURE_VIEW = "mixarena.web.errors.csrf_failure"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.news",
            ],
        },
    },
]

# --- Web server -------------------------------------------------------------------------------------------------------

ARENA_HOST = environment.text("ARENA_HOST", "127.0.0.1")
ARENA_PORT = environment.integer("ARENA_PORT", 8000, low=1, high=65535)
WEB_PROCESSES = environment.integer("WEB_PROCESSES", 2, low=1, high=64)
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", ARENA_HOST])
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")
MIN_FREE_DISK_MB = environment.integer("MIN_FREE_DISK_MB", 1000, low=0, high=100_000_000)
MAX_UPLOAD_MB = environment.integer("MAX_UPLOAD_MB", 1000, low=1, high=100_000)
MAX_MIXER_MB = environment.integer("MAX_MIXER_MB", 20, low=1, high=60)
# Live streams of one client in each web process: of a listener, or of all strangers at one address, such as a school.
MAX_STREAMS = environment.integer("MAX_STREAMS", 200, low=1, high=100_000)

# Behind a proxy that speaks TLS and sets X-Forwarded-Proto.
IS_HTTPS = environment.flag("HTTPS")
SESSION_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- Database: SQLite unless DATABASE_URL names another ---------------------------------------------------------------

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000;"
)


def database(url: str, *, is_sqlite_durable: bool) -> dict[str, Any]:
    """The entry of DATABASES for a URL.

    SQLite takes its write lock when a transaction begins (a read that turns into a write would fail at once otherwise)
    and logs ahead. PostgreSQL gets a pool, because every request under ASGI has a thread of its own.
    """
    config: dict[str, Any] = dict(dj_database_url.parse(url))
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": SQLITE_PRAGMAS.format(synchronous="FULL" if is_sqlite_durable else "NORMAL"),
        }
    else:
        config["OPTIONS"] = {**config.get("OPTIONS", {}), "pool": {"min_size": 2, "max_size": 10, "timeout": 10}}
    return config


DATABASES = {
    "default": database(
        environment.url(
            "DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}", schemes=("sqlite", "postgres", "postgresql")
        ),
        is_sqlite_durable=environment.flag("SQLITE_DURABLE"),
    )
}

# --- Redis: broker, cache and live updates. The arena command starts a private one and sets the variable --------------

REDIS_URL = environment.url("REDIS_URL", schemes=("redis", "rediss", "unix"))
CACHES: dict[str, Any] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "mixarena",
        "OPTIONS": {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S, "retry": ONE_RETRY},
    }

# --- Workers ----------------------------------------------------------------------------------------------------------

CPU_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
RENDER_PROCESSES = environment.integer("RENDER_PROCESSES", max(1, CPU_CORES // 2), low=1, high=256)
NEURAL_PROCESSES = environment.integer("NEURAL_PROCESSES", 1, low=1, high=64)
# What previews are rendered with; what is taken home always comes from the renderer.
PREVIEW_CONSOLE = environment.choice("PREVIEW_CONSOLE", "renderer", options=("renderer", "torch"))

# --- Free mixes: tournaments cost nothing unless this is on -----------------------------------------------------------

CREDITS = environment.flag("CREDITS")

# --- Accounts ---------------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "accounts.log_in.LogInForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
# An address is confirmed by the link in a mail, but nobody waits at the door for it: many installs send no mail.
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False  # mail programs that look into links confirm nothing
ACCOUNT_CHANGE_EMAIL = True  # one address; a new one takes its place once it is confirmed
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # who finds an open browser cannot take the account over by a new address
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "MixArena: "
ACCOUNT_RATE_LIMITS = {"guest": "60/h/ip"}  # beside allauth's own: strangers who begin to judge shared battles
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "MixArena"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # where no mail is sent, nobody could have the second step otherwise

# --- API: limits of one token (of one listener for uploads), and of one request ---------------------------------------

API_REQUESTS_PER_MINUTE = 240
API_UPLOADS_PER_HOUR = 60
API_MAX_JSON_BYTES = 64_000

# --- E-mail: written to the log unless a server is named --------------------------------------------------------------

EMAIL_HOST = environment.text("EMAIL_HOST")
EMAIL_PORT = environment.integer("EMAIL_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = environment.text("EMAIL_USER")
EMAIL_HOST_PASSWORD = environment.text("EMAIL_PASSWORD")
EMAIL_USE_TLS = True
# A mail server that hangs must not hold a page.
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = environment.text("EMAIL_FROM", "MixArena <arena@localhost>")

# --- Files ------------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
MEDIA_URL = "media/"  # never served by itself: views check who may hear a file
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "mixarena.static_files.StaticFiles"},
}

# --- Log --------------------------------------------------------------------------------------------------------------

LOG_LEVEL = environment.choice("LOG_LEVEL", "INFO", options=("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        **{
            name: {"level": LOG_LEVEL}
            for name in ("mixarena", "mixing", "evolution", "tournaments", "accounts", "social", "api")
        },
        # Django would add handlers of its own.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
    },
}
