"""Nothing of a corpus goes over a network that others can read."""

from __future__ import annotations

import pytest

from standoff.labelstudio.doctor import unguarded
from standoff.model import Finding


@pytest.mark.parametrize(
    "url",
    [
        "http://labels.example.org",
        "http://192.168.1.20:8080",
        "HTTP://labels.example.org/studio",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org:8080",
        "http://127.0.0.1@labels.example.org",
    ],
)
def test_plain_http_beyond_this_machine_is_an_error(url: str) -> None:
    message = "plain HTTP beyond this machine: token, texts and annotations can be read on the way; expected https"

    assert list(unguarded(url)) == [Finding(url, "", "url", "studio-plain-http", "error", message)]


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080", "https://labels.example.org"],
)
def test_plain_http_to_this_machine_and_https_to_any_is_right(url: str) -> None:
    assert list(unguarded(url)) == []
