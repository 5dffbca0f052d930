"""Variables are typed; a wrong one stops everything with its name and what it allows."""

import stat
from pathlib import Path
from threading import Thread

import pytest

from mixarena.environment import Environment, VariableError, kept_secret
from tests.services.processes import ROOT, Arena


def read(name: str, value: str) -> Environment:
    return Environment({name: value})


def test_unset_and_empty_variables_give_the_default() -> None:
    for environment in (Environment({}), Environment({"N": "", "F": " ", "W": "", "U": "", "T": ""})):
        assert environment.integer("N", 7, low=1, high=9) == 7
        assert environment.flag("F", True) is True
        assert environment.words("W", ["a"]) == ["a"]
        assert environment.url("U", "redis://x", schemes=["redis"]) == "redis://x"
        assert environment.text("T", "t") == "t"


@pytest.mark.parametrize(("raw", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False)])
def test_flags(raw: str, value: bool) -> None:
    assert read("F", raw).flag("F", not value) is value


@pytest.mark.parametrize("raw", ["maybe", "2", "-"])
def test_bad_flag_names_variable_and_words(raw: str) -> None:
    with pytest.raises(VariableError, match=r"variable F .*one of 1, true"):
        read("F", raw).flag("F")


@pytest.mark.parametrize("raw", ["0", "10", "4.5", "many"])
def test_bad_integer_names_variable_and_bounds(raw: str) -> None:
    with pytest.raises(VariableError, match=r"variable N .*a whole number from 1 to 9"):
        read("N", raw).integer("N", 5, low=1, high=9)


def test_bad_url_is_not_repeated() -> None:
    with pytest.raises(VariableError, match="starts with redis: or unix:") as caught:
        read("U", "http://user:hunter2@host").url("U", schemes=["redis", "unix"])
    assert "hunter2" not in caught.value.message


def test_origins_need_a_scheme_and_no_path() -> None:
    assert read("O", "https://a.org, http://b.org:8000").origins("O") == ["https://a.org", "http://b.org:8000"]
    for raw in ("a.org", "https://a.org/x", "ftp://a.org"):
        with pytest.raises(VariableError, match="variable O"):
            read("O", raw).origins("O")


def test_choice_is_one_of_the_options() -> None:
    assert read("L", "INFO").choice("L", "DEBUG", options=["DEBUG", "INFO"]) == "INFO"
    with pytest.raises(VariableError, match="one of DEBUG, INFO"):
        read("L", "info!").choice("L", "DEBUG", options=["DEBUG", "INFO"])


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VariableError, match="variable D names a folder that cannot be made"):
        read("D", str(tmp_path / "file" / "inside")).folder("D", tmp_path)


def test_short_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VariableError, match="variable S has 5 characters"):
        read("S", "short").secret("S", tmp_path / "secret")


def test_secret_is_written_once_for_the_owner_alone(tmp_path: Path) -> None:
    first = Environment({}).secret("S", tmp_path / "secret")
    assert len(first) >= 48
    assert Environment({}).secret("S", tmp_path / "secret") == first
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    secrets: list[str] = []
    threads = [Thread(target=lambda: secrets.append(kept_secret(tmp_path / "secret"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(secrets) == 8
    assert len(set(secrets)) == 1


def test_every_variable_of_the_settings_is_documented() -> None:
    from mixarena.settings import environment

    text = (ROOT / "docs" / "deployment.md").read_text()
    assert [name for name in sorted(environment.names) if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ARENA_PORT", "http", "a whole number from 1 to 65535"),
        ("DATABASE_URL", "mysql://localhost/x", "sqlite: or postgres: or postgresql:"),
        ("REDIS_URL", "localhost:6379", "redis: or rediss: or unix:"),
        ("SECRET_KEY", "abc", "at least 32 random characters"),
        ("HTTPS", "perhaps", "one of 1, true"),
        ("LOG_LEVEL", "LOUD", "one of DEBUG, INFO"),
    ],
)
def test_command_stops_with_two_sentences_and_exit_code_2(name: str, value: str, said: str, tmp_path: Path) -> None:
    result = Arena({"PATH": "/usr/bin", "VAR_DIR": str(tmp_path), name: value}, tmp_path).manage("check")
    assert result.returncode == 2
    assert name in result.stderr
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
