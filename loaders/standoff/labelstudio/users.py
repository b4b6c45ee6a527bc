"""Accounts of annotators: made on the server, known here by pseudonym, and kept in a file that only this user can read.

An e-mail or an account's number never goes further than that file: sets, findings and git know the pseudonym alone.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from standoff.errors import StudioError, UsageError
from standoff.labelstudio.client import ask, connected, local
from standoff.labelstudio.private import write_private
from standoff.labelstudio.server import Studio

__all__ = ["Account", "account_of", "accounts", "add"]


class Account(Struct, frozen=True):
    """The account of an annotator on one server."""

    id: int
    email: str
    password: str = ""
    """Empty where the account was there before, and its owner alone knows it."""

    def __repr__(self) -> str:
        """What may be shown of it: the password may not."""
        return f"Account(id={self.id!r}, email={self.email!r})"


def accounts(root: Path, studio: Studio) -> dict[str, Account]:
    """Annotator -> account, as far as this checkout knows the accounts of a server."""
    return _read(root).get(studio.name or studio.url, {})


def account_of(root: Path, studio: Studio, annotator: str) -> int | None:
    """The number of an annotator's account on a server; None where this checkout knows none."""
    account = accounts(root, studio).get(annotator)
    return account.id if account else None


def add(root: Path, studio: Studio, annotator: str, *, email: str = "") -> Account:
    """An account with which an annotator can log in: a new one by invitation, or the one that has an e-mail already.

    Args:
        email: of an account that the annotator has on the server; a new one is made where none is given.

    Raises:
        UsageError: the annotator has an account there, or no account has that e-mail.
        StudioError: the server refuses.
    """
    known = accounts(root, studio)
    if annotator in known:
        raise UsageError(f"{annotator!r} has an account on {studio.url}: standoff studio users show {annotator}")
    account = _there(studio, email) if email else _signed_up(studio, annotator)
    for other, one in known.items():
        if one.id == account.id:
            message = f"that account is already {other!r}; expected another one for {annotator!r}"
            raise UsageError(message, place=studio.url)
    everything = _read(root)
    everything[studio.name or studio.url] = known | {annotator: account}
    write_private(_path(root), msgspec.json.encode(everything, order="sorted"))
    return account


def _there(studio: Studio, email: str) -> Account:
    """The account that has an e-mail on a server."""
    with connected(studio) as client:
        for one in ask(client, "GET", "api/users/"):
            if one["email"].casefold() == email.casefold():
                return Account(one["id"], one["email"])
    raise UsageError(f"no account has the e-mail {email!r}; expected one that was made there", place=studio.url)


def _signed_up(studio: Studio, annotator: str) -> Account:
    """A new account, made as its owner would: an account that is made by the interface for programs cannot log in."""
    import httpx

    email = f"{annotator}-{secrets.token_hex(3)}@localhost.localdomain"
    password = secrets.token_urlsafe(18)
    with connected(studio) as client:
        link = ask(client, "GET", "api/invite")["invite_url"]
    try:
        with httpx.Client(base_url=studio.url, timeout=60.0, trust_env=not local(studio.url)) as browser:
            form = browser.get(link)
            hidden = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
            if form.status_code != 200 or not hidden:
                raise StudioError(f"shows no form to sign up ({form.status_code}); expected one", place=studio.url)
            filled = {"csrfmiddlewaretoken": hidden[1], "email": email, "password": password}
            filled |= {"allow_newsletters": "false"}
            sent = browser.post(link, data=filled, headers={"Referer": studio.url})
            # Who signed up is logged in and led on; the form comes back where something was wrong with it.
            if sent.status_code != 302:
                raise StudioError(f"takes no new account ({sent.status_code}); expected one", place=studio.url)
            id = browser.get("/api/current-user/whoami").json()["id"]
    except httpx.HTTPError as error:
        raise StudioError(f"the connection failed ({type(error).__name__}: {error})", place=studio.url) from error
    return Account(id, email, password)


def _path(root: Path) -> Path:
    return root / ".standoff" / "accounts.json"


def _read(root: Path) -> dict[str, dict[str, Account]]:
    try:
        return msgspec.json.decode(_path(root).read_bytes(), type=dict[str, dict[str, Account]])
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError as error:
        raise StudioError(f"does not hold accounts: {error}; restore it", place=str(_path(root))) from error
