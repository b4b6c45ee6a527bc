"""Where a server keeps its tasks: an address without a password, and a password that only its owner can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from standoff.errors import StudioError, UsageError
from standoff.labelstudio.database import Database, database, password, settings

WHERE = Database("db.example.org", 5433, "labels", "statecloud")


def test_an_address_is_read_and_written_the_same() -> None:
    assert database("postgresql://labels@db.example.org:5433/statecloud") == WHERE
    assert WHERE.url == "postgresql://labels@db.example.org:5433/statecloud"
    assert database("postgres://labels@db.example.org/statecloud").port == 5432
    assert database("postgresql://a%40b@h/n").user == "a@b"


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match=r"holds a password; expected it in PGPASSWORD or in ~/\.pgpass$") as refused:
        database("postgresql://labels:hush@db.example.org/statecloud")
    assert "hush" not in repr(refused.value)


@pytest.mark.parametrize(
    "url",
    ["mysql://a@h/n", "postgresql://h/n", "postgresql://a@h", "postgresql://a@h:x/n", "postgresql://a@h/n?sslmode=off"],
)
def test_what_names_no_database_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"expected postgresql://USER@HOST:PORT/NAME"):
        database(url)


def test_a_password_comes_from_the_environment_or_from_the_line_that_fits(tmp_path: Path) -> None:
    path = tmp_path / ".pgpass"
    path.write_text("other:5433:*:labels:wrong\n*:*:statecloud:labels:a\\:b\\\\c\n*:*:*:*:last\n")
    path.chmod(0o600)

    assert password(WHERE, {"PGPASSWORD": "given", "HOME": str(tmp_path)}) == "given"
    assert password(WHERE, {"HOME": str(tmp_path)}) == "a:b\\c"
    assert password(Database("h", 1, "u", "n"), {"PGPASSFILE": str(path)}) == "last"
    assert password(WHERE, {}) == ""
    path.chmod(0o640)
    with pytest.raises(StudioError, match=r"\.pgpass: can be read by others; expected mode 0600$"):
        password(WHERE, {"HOME": str(tmp_path)})


def test_label_studio_is_told_of_the_database_in_its_environment() -> None:
    assert settings(WHERE, "hush") == {
        "DJANGO_DB": "default",
        "POSTGRE_HOST": "db.example.org",
        "POSTGRE_PORT": "5433",
        "POSTGRE_USER": "labels",
        "POSTGRE_NAME": "statecloud",
        "POSTGRE_PASSWORD": "hush",
    }
