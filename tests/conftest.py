"""Fixtures for all tests.

A test that needs other processes takes `arena` (and `@pytest.mark.django_db(transaction=True)` where it looks at the
database): the processes work on the very database, media folder and Redis that the test sees. Tests marked
`both_databases` are run a second time on PostgreSQL by `make test`.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from django.conf import settings

from tests.services.postgres import PostgresServer
from tests.services.processes import Arena, free_port
from tests.services.redis_server import RedisServer
from tests.settings import POSTGRES_FOLDER, PROCESS_ENVIRONMENT, TEST_DATABASE

R = TypeVar("R")
ReportHook = Generator[None, R, R]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_databases: also run on PostgreSQL")


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(settings.VAR_DIR, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts processes comes first: it takes longest, and while it waits, the other half of the tests computes."""
    starting = {item.path for item in items if "arena" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path not in starting)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> ReportHook[pytest.TestReport]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> ReportHook[pytest.CollectReport]:
    report = yield
    _fail_if_skipped(report)
    return report


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """What was not tested is not known to work: a skipped test counts as a failure."""
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped tests count as failures: {report.longreprtext}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer(POSTGRES_FOLDER)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """pytest-django asks this before it makes the test database. Each test process has a database of its own."""
    if TEST_DATABASE == "postgresql":
        request.getfixturevalue("postgres_server")


@pytest.fixture(scope="session")
def _redis_server() -> Iterator[RedisServer]:
    server = RedisServer(settings.REDIS_URL)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def redis_server(_redis_server: RedisServer) -> RedisServer:
    """The Redis at settings.REDIS_URL, empty and running."""
    if _redis_server.process is None:
        _redis_server.start()
    _redis_server.flush()
    return _redis_server


@pytest.fixture
def arena(redis_server: RedisServer, tmp_path: Path) -> Iterator[Arena]:
    """Starts processes of the project on this test's own database, media and Redis. See tests/services/processes.py."""
    environment = {
        **PROCESS_ENVIRONMENT,
        "ARENA_PORT": str(free_port()),
        "WEB_PROCESSES": "1",
        "RENDER_PROCESSES": "1",
    }
    running = Arena(environment, tmp_path)
    try:
        yield running
    finally:
        running.close()
