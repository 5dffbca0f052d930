"""The project's settings for one test process.

Everything lies in a temporary folder of this process. Processes that tests start are given `PROCESS_ENVIRONMENT`: they
use the project's real settings on the same database, media and Redis as the test itself.

TEST_DATABASE=postgresql runs the tests on a PostgreSQL that the session starts, instead of a SQLite file.
"""

import os
import tempfile
from pathlib import Path

_root = Path(__file__).resolve().parent.parent
_kernel_cache = Path(os.environ.get("VAR_DIR", _root / "var")) / "numba"
_kernel_cache.mkdir(parents=True, exist_ok=True)
_folder = Path(tempfile.mkdtemp(prefix="mixarena-test-"))

TEST_DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
POSTGRES_FOLDER = _folder / "postgres"
if TEST_DATABASE == "postgresql":
    _database_url = f"postgresql://mixarena@{str(POSTGRES_FOLDER).replace('/', '%2F')}/test_mixarena"
else:
    _database_url = f"sqlite:///{_folder / 'test.sqlite3'}"

PROCESS_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": os.environ.get("HOME", "/"),
    "LANG": "C.UTF-8",
    "VAR_DIR": str(_folder),
    "DATABASE_URL": _database_url,
    "REDIS_URL": f"unix://{_folder / 'redis.sock'}",
    "SECRET_KEY": "only-for-tests-" + "x" * 32,
    # Compiled kernels outlive the run: compiling them anew takes longer than most tests.
    "NUMBA_CACHE_DIR": str(_kernel_cache),
    # The cores are shared with other test processes, and threads that wait for each other spin: up to ten times slower.
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_NUM_THREADS": "1",
}
os.environ.update(PROCESS_ENVIRONMENT)

from mixarena.settings import *  # noqa: E402, F403
from mixarena.settings import DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Redis runs only for the tests that ask for it.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
ACCOUNT_RATE_LIMITS = {}
# The test database is the one that PROCESS_ENVIRONMENT names. A file also for SQLite: other processes must see it.
DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"]}
if TEST_DATABASE == "postgresql":
    DATABASES["default"]["NAME"] = "postgres"
