"""Talk with a running Label Studio, and one clear error for whatever it does not do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from standoff.errors import StudioError
from standoff.labelstudio.server import Studio

if TYPE_CHECKING:
    import httpx

__all__ = ["PAGE", "Client", "ask", "connected", "local", "me", "pages", "personal"]

PAGE = 500
"""Tasks on a page: the server is no faster with more, and the last page is worked on while it has nothing to do."""

_CONNECT, _ANSWER = 10.0, 300.0
"""Seconds to wait for a connection and for an answer; an import or a page takes the server some of them."""


class Client:
    """A connection to a server, with what it accepts in place of a password."""

    def __init__(self, http: httpx.Client, studio: Studio) -> None:
        self.http = http
        self.url = studio.url
        self._token = studio.token
        # A personal access token only buys short-lived ones; the first request fetches one.
        self._header = "" if personal(studio.token) else f"Token {studio.token}"

    def __repr__(self) -> str:
        """What may be shown of it: the token may not."""
        return f"Client(url={self.url!r})"

    def send(self, method: str, path: str, **what: Any) -> httpx.Response:
        """The server's answer to one request, which is carried out once.

        Nothing is repeated after a failure: an import that was stored would be stored twice. A request that the server
        did not let in was not carried out, and is sent again with a fresh token.
        """
        if not self._header:
            self._renew()
        response = self.http.request(method, path, headers=self._headers(what), **what)
        if response.status_code == 401 and personal(self._token):
            self._renew()
            response = self.http.request(method, path, headers=self._headers(what), **what)
        return response

    def _headers(self, what: Mapping[str, Any]) -> dict[str, str]:
        headers = {"Authorization": self._header}
        return headers | {"Content-Type": "application/json"} if "content" in what else headers

    def _renew(self) -> None:
        response = self.http.post("/api/token/refresh/", json={"refresh": self._token})
        if response.status_code != 200:
            raise _refused(401, "", self.url)
        self._header = f"Bearer {response.json()['access']}"


def personal(token: str) -> bool:
    """Whether it is a personal access token, which is a JSON web token; the older kind is 40 hexadecimal digits."""
    return token.count(".") == 2


def local(url: str) -> bool:
    """Whether a server is on this very machine."""
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


@contextmanager
def connected(studio: Studio) -> Iterator[Client]:
    """A connection to a server, for a while.

    Raises:
        StudioError: whatever the server refuses or fails to answer meanwhile, with its URL and never its token.
    """
    try:
        import httpx
    except ImportError as error:
        raise StudioError(
            f"{error.name} is not installed; expected it: pip install 'standoff[labelstudio]'", place=studio.url
        ) from error

    try:
        # A proxy of the environment has no business between this machine and itself.
        trust = not local(studio.url)
        timeout = httpx.Timeout(_ANSWER, connect=_CONNECT)
        with httpx.Client(base_url=studio.url, timeout=timeout, trust_env=trust) as http:
            yield Client(http, studio)
    except httpx.ConnectError as error:
        raise StudioError(
            "no connection; expected a running Label Studio (standoff studio up)", place=studio.url
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StudioError(
            f"the connection failed ({type(error).__name__}: {error}); what was sent may have arrived, "
            "and sending it again does it no second time",
            place=studio.url,
        ) from error


def ask(
    client: Client,
    method: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    body: Any = None,
) -> Any:
    """What the server answers to one request, which is sent once; None where it answers nothing.

    Args:
        body: what is sent as JSON, or bytes that hold JSON.

    Raises:
        StudioError: it answers with an error, or with no JSON.
    """
    return _decoded(_content(client, method, path, params, body), f"{client.url} {method} {path}", Any)


class _Page(Struct):
    total: int
    tasks: list[msgspec.Raw]


def pages(
    client: Client, project: int, *, include: str, size: int = PAGE, only: Sequence[int] | None = None
) -> Iterator[tuple[list[msgspec.Raw], int]]:
    """The tasks of a project as JSON, page by page, and how many there are in all.

    While one page is worked on, the server is asked for the next.

    Args:
        include: the fields that are wanted, with commas between them.
        only: the tasks that are wanted, as far as they are there; all where not given.
    """
    computed = {"annotations", "annotations_ids", "draft_exists"} & set(include.split(","))
    common = {"project": project, "page_size": size, "resolve_uri": "false", "include": include}
    common["fields"] = "all" if computed else "task_only"

    def page(n: int) -> _Page:
        place = f"{client.url} GET api/tasks/"
        which: dict[str, Any] = {"page": n}
        if only is not None:
            chosen = {"selectedItems": {"all": False, "included": only[(n - 1) * size : n * size]}}
            which = {"query": msgspec.json.encode(chosen).decode()}
        found = _decoded(_content(client, "GET", "api/tasks/", common | which, None), place, _Page)
        if not isinstance(found, _Page):
            raise StudioError("answers no page of tasks; expected one", place=place)
        return found

    # A choice of none would be one of all.
    if only is not None and not only:
        return
    with ThreadPoolExecutor(1) as ahead:
        n, seen, coming = 1, 0, ahead.submit(page, 1)
        while True:
            found = coming.result()
            total = found.total if only is None else len(only)
            if only is None and total > seen and not found.tasks:
                raise StudioError(f"shows {seen} of {total} tasks; expected all", place=f"project {project}")
            seen += len(found.tasks)
            # A task that was chosen may be gone meanwhile.
            more = seen < total if only is None else n * size < total
            n += 1
            if more:
                coming = ahead.submit(page, n)
            yield found.tasks, total
            if not more:
                return


def me(client: Client) -> int:
    """The account that the token belongs to."""
    return int(ask(client, "GET", "api/current-user/whoami")["id"])


def _content(client: Client, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> bytes:
    what: dict[str, Any] = {"params": dict(params)} if params else {}
    if body is not None:
        what["content"] = body if isinstance(body, bytes) else msgspec.json.encode(body)
    response = client.send(method, f"/{path}", **what)
    if response.status_code >= 300:
        raise _refused(response.status_code, response.content, f"{client.url} {method} {path}")
    return response.content


def _decoded(content: bytes, place: str, kind: Any) -> Any:
    if not content:
        return None
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        shown = content[:80].decode(errors="replace")
        raise StudioError(f"answers {shown!r}; expected JSON", place=place) from error


def _refused(code: int, content: Any, place: str) -> StudioError:
    if code in (401, 403):
        return StudioError("does not accept the token; expected the one of its own account", place=place, status=code)
    text = content.decode(errors="replace") if isinstance(content, bytes) else str(content)
    try:
        body = msgspec.json.decode(text)
    except msgspec.DecodeError:
        body = text
    # Where fields are refused, why stands beside the general remark.
    said = (body.get("validation_errors") or body.get("detail") or body) if isinstance(body, dict) else body
    shown = " ".join(str(said).split())[:300]
    return StudioError(f"answers {code}: {shown}", place=place, status=code)
