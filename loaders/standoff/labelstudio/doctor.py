"""What is wrong with a server, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from standoff.errors import StudioError
from standoff.labelstudio.client import Client, ask, connected, local, personal
from standoff.labelstudio.server import Studio
from standoff.model import Finding, Severity

__all__ = ["doctor", "unguarded"]

_CLOCKS = 60.0
"""Seconds by which two clocks may differ; tokens that live for minutes fail soon above it."""

_EXPIRES = 14
"""Days before a token's end from which on it is worth a word."""


def doctor(studio: Studio, *, now: datetime, private: tuple[Path, ...] = ()) -> tuple[Finding, ...]:
    """All that is wrong with a server, each with what to do.

    Args:
        private: files with secrets, which nobody else should be able to read.

    Raises:
        StudioError: it does not answer, or not to this token.
    """
    with connected(studio) as client:
        version = ask(client, "GET", "api/version")
        found = [
            *_version(version, studio.url),
            *unguarded(studio.url),
            *_sign_up(studio.url),
            *_token(client, studio, now),
            *_clock(client, studio.url, now),
        ]
    for path in private:
        if path.exists() and path.stat().st_mode & 0o077:
            message = f"others can read it (mode {path.stat().st_mode & 0o777:04o}); expected 0600: chmod 600 {path}"
            found.append(_finding(str(path), "private", "studio-private", "error", message))
    return tuple(sorted(found))


def pinned() -> str:
    """The version of Label Studio that this package installs, and that its tests run with."""
    lock = (files("standoff") / "labelstudio" / "server.txt").read_text(encoding="utf-8")
    pin = re.search(r"^label-studio==([0-9][^ ;]*)", lock, re.MULTILINE)
    if pin is None:
        raise StudioError("pins no label-studio; expected one version", place="server.txt")
    return pin[1]


def _version(answer: Any, url: str) -> Iterator[Finding]:
    is_, expected = str(answer.get("release", "unknown")), pinned()
    if is_ != expected:
        message = f"Label Studio {is_}; expected {expected}, which this version of standoff is tested with"
        yield _finding(url, "version", "studio-version", "warning", message)


def unguarded(url: str) -> Iterator[Finding]:
    """What is wrong with the way to a server: plain HTTP is for this very machine alone."""
    if urlsplit(url).scheme != "https" and not local(url):
        message = "plain HTTP beyond this machine: token, texts and annotations can be read on the way; expected https"
        yield _finding(url, "url", "studio-plain-http", "error", message)


def _sign_up(url: str) -> Iterator[Finding]:
    import httpx

    # The form is shown either way; sent without an invitation it is refused (403), or read and found to be empty.
    with httpx.Client(base_url=url, timeout=60.0, trust_env=not local(url)) as anybody:
        form = anybody.get("/user/signup/")
        hidden = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        if not hidden:
            return
        empty = {"csrfmiddlewaretoken": hidden[1], "email": "", "password": ""}
        answer = anybody.post("/user/signup/", data=empty, headers={"Referer": url})
    if answer.status_code == 200:
        message = "anybody can sign up, and reads everything; set DISABLE_SIGNUP_WITHOUT_LINK=true and start it again"
        yield _finding(url, "sign-up", "studio-sign-up", "error", message)


def _token(client: Client, studio: Studio, now: datetime) -> Iterator[Finding]:
    ask(client, "GET", "api/current-user/whoami")
    if not personal(studio.token):
        if not local(studio.url):
            message = (
                "the token is of the old kind, which never ends; make a personal access token "
                "(Account & Settings), put it into LABEL_STUDIO_API_KEY, and switch the old kind off"
            )
            yield _finding(studio.url, "token", "studio-token", "warning", message)
        return
    end = _end(studio.token)
    if end is not None and (days := (end - now).days) < _EXPIRES:
        message = f"the token ends on {end.date().isoformat()}, in {days} days; make a new one (Account & Settings)"
        yield _finding(studio.url, "token", "studio-token", "warning", message)


def _end(token: str) -> datetime | None:
    """When a personal access token ends, by its own word."""
    from base64 import urlsafe_b64decode

    body = token.split(".")[1]
    try:
        claims = msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (msgspec.DecodeError, ValueError, KeyError, TypeError):
        return None


def _clock(client: Client, url: str, now: datetime) -> Iterator[Finding]:
    stamp = client.http.get("/health").headers.get("date")
    if stamp is None:
        return
    seconds = (parsedate_to_datetime(stamp) - now).total_seconds()
    if abs(seconds) > _CLOCKS:
        message = f"its clock is {seconds:+.0f} s off this machine's; set both by the same source (NTP)"
        yield _finding(url, "clock", "studio-clock", "warning", message)


def _finding(file: str, field: str, rule: str, severity: Severity, message: str) -> Finding:
    return Finding(file, "", field, rule, severity, message)
