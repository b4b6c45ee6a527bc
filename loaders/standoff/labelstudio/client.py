"""Talk with a running Label Studio, and one clear error for whatever it does not do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from standoff.errors import StudioError
from standoff.labelstudio.server import Studio

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

__all__ = ["ask", "connected", "pages"]

_PAGE = 100


@contextmanager
def connected(studio: Studio) -> Iterator[LabelStudio]:
    """The SDK's client of a server, for a while.

    Raises:
        StudioError: whatever the server refuses or fails to answer meanwhile, with its URL and never its token.
    """
    try:
        import httpx
        from label_studio_sdk import LabelStudio
        from label_studio_sdk.core.api_error import ApiError
    except ImportError as error:
        raise StudioError(
            f"{error.name} is not installed; expected it: pip install 'standoff[labelstudio]'", place=studio.url
        ) from error

    local = urlsplit(studio.url).hostname in ("127.0.0.1", "::1", "localhost")
    try:
        # A proxy of the environment has no business between this machine and itself.
        with httpx.Client(timeout=httpx.Timeout(300.0, connect=10.0), trust_env=not local) as http:
            yield LabelStudio(base_url=studio.url, api_key=studio.token, httpx_client=http)  # type: ignore[no-untyped-call]
    except httpx.ConnectError as error:
        raise StudioError(
            "no connection; expected a running Label Studio (standoff studio up)", place=studio.url
        ) from error
    except httpx.HTTPError as error:
        raise StudioError(
            f"the connection failed ({type(error).__name__}: {error}); what was sent may have arrived, "
            "and sending it again does it no second time",
            place=studio.url,
        ) from error
    except ApiError as error:
        raise _refused(error.status_code or 0, error.body, studio.url) from error


def ask(
    client: LabelStudio,
    method: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    body: Any = None,
) -> Any:
    """The JSON that the server answers to one request, which is sent once.

    Raises:
        StudioError: it answers with an error, or with no JSON.
    """
    wrapper = client._client_wrapper
    response = wrapper.httpx_client.request(
        path,
        method=method,
        params=dict(params) if params else None,
        json=body,
        # The SDK would send it again after a failure, and an import that was stored would be stored twice.
        request_options={"max_retries": 0},
    )
    place = f"{wrapper.get_base_url()} {method} {path}"
    if response.status_code >= 400:
        raise _refused(response.status_code, response.text, place)
    try:
        return response.json()
    except ValueError as error:
        raise StudioError(f"answers {response.text[:80]!r}; expected JSON", place=place) from error


def pages(client: LabelStudio, project: int, *, include: str) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """The tasks of a project, page by page, and how many there are in all.

    Args:
        include: the fields that are wanted, with commas between them.
    """
    page, seen, total = 1, 0, 1
    while seen < total:
        params = {"project": project, "page": page, "page_size": _PAGE, "resolve_uri": "false", "include": include}
        params["fields"] = "all" if "annotations" in include.split(",") else "task_only"
        found = ask(client, "GET", "api/tasks/", params=params)
        tasks, total = found["tasks"], found["total"]
        if total and not tasks:
            raise StudioError(f"shows {seen} of {total} tasks; expected all", place=f"project {project}")
        seen += len(tasks)
        page += 1
        yield tasks, total


def _refused(code: int, body: Any, place: str) -> StudioError:
    detail = body.get("detail", body) if isinstance(body, dict) else body
    shown = " ".join(str(detail).split())[:300]
    if code in (401, 403):
        return StudioError("does not accept the token; expected the one of its own account", place=place, status=code)
    return StudioError(f"answers {code}: {shown}", place=place, status=code)
