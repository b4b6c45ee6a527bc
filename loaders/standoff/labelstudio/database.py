"""The PostgreSQL database that a server keeps its tasks in. Its password is in no address, command, log or state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

from standoff.errors import StudioError, UsageError
from standoff.labelstudio.private import write_private

__all__ = ["Database", "database", "decided", "kept", "password", "settings"]


class Database(Struct, frozen=True):
    """Where a PostgreSQL database is."""

    host: str
    port: int
    user: str
    name: str

    @property
    def url(self) -> str:
        """Its address, without a password."""
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.name}"


class _Settings(Struct, frozen=True):
    """What was decided when a server was first started, and stays."""

    database: str = ""
    """The address of its PostgreSQL database, without a password; empty for a file of its own."""


def database(url: str) -> Database:
    """The database that an address names.

    Raises:
        UsageError: it names none, or holds a password; the address is not repeated then.
    """
    parts = urlsplit(url)
    if parts.password is not None:
        raise UsageError("holds a password; expected it in PGPASSWORD or in ~/.pgpass", place="--database")
    try:
        port = parts.port or 5432
    except ValueError:
        port = 0
    found = Database(parts.hostname or "", port, unquote(parts.username or ""), unquote(parts.path[1:]))
    if parts.scheme not in ("postgresql", "postgres") or not all((found.host, found.port, found.user, found.name)):
        raise UsageError(f"{url!r}; expected postgresql://USER@HOST:PORT/NAME", place="--database")
    if parts.query or parts.fragment:
        raise UsageError(f"{url!r} has options; expected postgresql://USER@HOST:PORT/NAME alone", place="--database")
    return found


def decided(path: Path, url: str, *, others: Iterable[Path], begun: bool) -> Database | None:
    """The database of a server, decided once: with another one, all that was pushed would seem to be gone.

    Args:
        path: the file that keeps what was decided.
        url: the address that is asked for; empty for what was decided before, or a file of its own.
        others: the same files of other servers.
        begun: whether the server was started before.

    Raises:
        UsageError: the address names no database, another one than before, or that of another server.
    """
    wanted = database(url) if url else None
    if path.exists():
        known = kept(path)
        if wanted and wanted.url != known:
            raise UsageError(
                f"{wanted.url!r}, but the server was first started with {known or 'a file of its own'}; "
                "expected the same, or a server of its own: --for",
                place="--database",
            )
        return database(known) if known else None
    if wanted and begun:
        raise UsageError("the server keeps its tasks in a file already; expected no database", place="--database")
    for other in others if wanted else ():
        if wanted and other.exists() and _settings(other).database == wanted.url:
            message = f"{wanted.url!r} is the database of the server in {other.parent}; expected one of its own"
            raise UsageError(message, place="--database")
    write_private(path, msgspec.json.encode(_Settings(wanted.url if wanted else "")))
    return wanted


def kept(path: Path) -> str:
    """The address of the database that was decided; empty for a file of the server's own, or nothing decided yet.

    Args:
        path: the file that keeps what was decided.
    """
    return _settings(path).database if path.exists() else ""


def password(where: Database, environment: Mapping[str, str]) -> str:
    """The password of a database: PGPASSWORD, or what the password file says; empty where neither has one.

    Raises:
        StudioError: others than this user may read the password file.
    """
    if "PGPASSWORD" in environment:
        return environment["PGPASSWORD"]
    home = environment.get("HOME")
    given = environment.get("PGPASSFILE") or (f"{home}/.pgpass" if home else "")
    path = Path(given)
    if not given or not path.is_file():
        return ""
    if path.stat().st_mode & 0o077:
        raise StudioError("can be read by others; expected mode 0600", place=str(path))
    for line in path.read_text(encoding="utf-8").splitlines():
        # Fields are parted by colons; a backslash takes a colon or a backslash out of this.
        fields = [re.sub(r"\\(.)", r"\1", field) for field in re.findall(r"(?:^|(?<=:))((?:\\.|[^\\:])*)(?=:|$)", line)]
        asked = (where.host, str(where.port), where.name, where.user)
        if len(fields) == 5 and all(f in ("*", a) for f, a in zip(fields, asked, strict=False)):
            return fields[4]
    return ""


def settings(where: Database, secret: str) -> dict[str, str]:
    """What Label Studio is told in its environment so that it works with a database."""
    return {
        "DJANGO_DB": "default",
        "POSTGRE_HOST": where.host,
        "POSTGRE_PORT": str(where.port),
        "POSTGRE_USER": where.user,
        "POSTGRE_NAME": where.name,
        "POSTGRE_PASSWORD": secret,
    }


def _settings(path: Path) -> _Settings:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Settings)
    except msgspec.DecodeError as error:
        raise StudioError(f"are no settings of a server: {error}; restore them", place=str(path)) from error
