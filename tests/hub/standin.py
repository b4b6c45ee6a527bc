"""A stand-in for the Hub of datasets: what its clients ask for, over real HTTP, kept in bare repositories of git.

Large files go by the LFS way, as the real one does it: their bytes lie beside git, which holds a pointer to them.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_stand_in"
"""What a client must show before it may change anything."""

LARGE = (".parquet",)

ATTRIBUTES = "".join(f"*{end} filter=lfs diff=lfs merge=lfs -text\n" for end in LARGE)


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class Entry(NamedTuple):
    """A file or a folder of a commit."""

    path: str
    oid: str
    size: int
    """0 of a folder."""
    sha: str
    """Of a large file."""
    folder: bool

    def told(self) -> dict[str, Any]:
        """As the API tells of it."""
        if self.folder:
            return {"type": "directory", "path": self.path, "oid": self.oid, "size": 0}
        lfs = {"lfs": {"oid": self.sha, "size": self.size, "pointerSize": 100}} if self.sha else {}
        return {"type": "file", "path": self.path, "oid": self.oid, "size": self.size, **lfs}


class Hub:
    """All datasets below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        self.pointers: dict[str, tuple[str, int]] = {}
        """oid of a pointer -> sha256 and size of the large file."""
        self.known: dict[str, dict[str, Entry]] = {}
        """Commit -> what is in it, which never changes."""
        self.uploaded: list[str] = []
        """sha256 of every large file whose bytes were sent, in order."""
        self.asked: list[str] = []
        """Method and path of every request."""
        self.before: Callable[[str], None] = lambda asked: None
        """Called with method and path before a request is served; what it raises is the answer."""

    def git(self, name: str, *words: str, given: bytes = b"") -> bytes:
        """What git says in the repository of a dataset."""
        if not (self.folder / f"{name}.git").exists():
            raise Refused(404, "Repository not found", "RepoNotFound")
        command = ["git", "--git-dir", str(self.folder / f"{name}.git"), *words]
        done = subprocess.run(command, input=given, capture_output=True, check=False)
        if done.returncode:
            raise Refused(404, done.stderr.decode(), "RevisionNotFound")
        return done.stdout

    def commit_of(self, name: str, revision: str) -> str:
        """The commit that a branch, tag or hash names."""
        if revision in self.known:
            return revision
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        return self.git(name, *asked).decode().strip()

    def entries(self, name: str, revision: str) -> dict[str, Entry]:
        """Everything in a commit, by path."""
        commit = self.commit_of(name, revision)
        if commit not in self.known:
            listed = self.git(name, "ls-tree", "-r", "-t", "-l", "-z", commit).decode()
            self.known[commit] = {entry.path: entry for entry in map(self.entry, listed.split("\0")[:-1])}
        return self.known[commit]

    def entry(self, line: str) -> Entry:
        """What one line of git's listing tells."""
        head, _, path = line.partition("\t")
        _, kind, oid, size = head.split()
        sha, length = self.pointers.get(oid, ("", int(size) if kind == "blob" else 0))
        return Entry(path, oid, length, sha, kind == "tree")

    def content(self, name: str, entry: Entry) -> bytes:
        """The bytes of a file."""
        if entry.sha:
            return (self.folder / "large" / entry.sha).read_bytes()
        return self.git(name, "cat-file", "blob", entry.oid)

    def create(self, name: str) -> bool:
        """Makes a dataset with a first commit; says whether there was none."""
        if (self.folder / f"{name}.git").exists():
            return False
        (self.folder / "large").mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--initial-branch=main", self.folder / f"{name}.git"], check=True
        )
        self.write(name, "main", "", "initial commit", [("M", ".gitattributes", ATTRIBUTES.encode())])
        return True

    def write(self, name: str, branch: str, parent: str, message: str, changes: list[tuple[str, str, bytes]]) -> str:
        """One commit, whole or not at all."""
        stream = f"commit refs/heads/{branch}\ncommitter hub <hub@example.org> 1700000000 +0000\n".encode()
        stream += f"data {len(message.encode())}\n{message}\n".encode() + (
            f"from {parent}\n".encode() if parent else b""
        )
        for kind, path, content in changes:
            if kind == "D":
                stream += f"D {path}\n".encode()
            else:
                stream += f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
        self.git(name, "fast-import", "--quiet", given=stream)
        return self.commit_of(name, branch)

    def pointer(self, sha: str) -> bytes:
        """What git holds in place of a large file, which must be there."""
        path = self.folder / "large" / sha
        if not path.exists():
            raise Refused(400, f"no bytes were uploaded of {sha}")
        text = f"oid sha256:{sha}\nsize {path.stat().st_size}\n".encode()
        oid = sha1(b"blob %d\0" % len(text) + text).hexdigest()
        self.pointers[oid] = (sha, path.stat().st_size)
        return text


DATASET = r"(?:/api)?/datasets/(?P<name>[^/]+/[^/]+?)"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def answer(self, status: int, body: Any = None, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_GET(self) -> None:
        given = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        where = urlsplit(self.path)
        self.query = parse_qs(where.query)
        self.hub.asked.append(f"{self.command} {where.path}")
        try:
            self.hub.before(f"{self.command} {where.path}")
            allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}" or where.path.startswith("/large/")
            reading = self.command in ("GET", "HEAD") or "/paths-info/" in where.path
            if not (allowed or reading):
                raise Refused(401, "Invalid credentials in Authorization header")
            for method, pattern, do in ROUTES:
                found = re.fullmatch(pattern, where.path)
                if found and self.command in method.split():
                    with self.hub.lock:
                        return do(
                            self, given, **{key: unquote(value or "") for key, value in found.groupdict().items()}
                        )
            raise Refused(404, f"no such route: {self.command} {where.path}")
        except Refused as no:
            self.answer(
                no.status, {"error": no.message}, X_Error_Code=no.code, X_Error_Message=no.message.split("\n")[0]
            )

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def create(self, given: bytes) -> None:
        asked = json.loads(given)
        name = f"{asked['organization']}/{asked['name']}"
        new = self.hub.create(name)
        self.answer(200 if new else 409, {"url": f"http://{self.headers['Host']}/datasets/{name}"})

    def yaml(self, given: bytes) -> None:
        self.answer(200)

    def info(self, given: bytes, name: str, revision: str = "") -> None:
        commit = self.hub.commit_of(name, revision or "main")
        siblings = [{"rfilename": e.path} for e in self.hub.entries(name, commit).values() if not e.folder]
        self.answer(200, {"id": name, "sha": commit, "private": False, "tags": [], "siblings": siblings})

    def refs(self, given: bytes, name: str) -> None:
        shape = "--format=%(refname) %(objectname)"
        lines = [line.split() for line in self.hub.git(name, "for-each-ref", shape).decode().splitlines()]
        told = [{"name": ref.split("/", 2)[2], "ref": ref, "targetCommit": commit} for ref, commit in lines]
        heads, tags = ([one for one in told if one["ref"].startswith(f"refs/{kind}/")] for kind in ("heads", "tags"))
        self.answer(200, {"branches": heads, "tags": tags, "converts": []})

    def tree(self, given: bytes, name: str, revision: str, path: str = "") -> None:
        deep = self.query.get("recursive", [""])[0].lower() == "true"
        found = self.hub.entries(name, revision)
        if path and not (path in found and found[path].folder):
            raise Refused(404, f"no folder {path}", "EntryNotFound")
        start = f"{path}/" if path else ""
        below = [e for e in found.values() if e.path.startswith(start)]
        self.answer(200, [e.told() for e in below if deep or "/" not in e.path[len(start) :]])

    def paths(self, given: bytes, name: str, revision: str) -> None:
        found = self.hub.entries(name, revision)
        asked = parse_qs(given.decode()).get("paths", [])
        self.answer(200, [found[path.strip("/")].told() for path in asked if path.strip("/") in found])

    def preupload(self, given: bytes, name: str, revision: str) -> None:
        found = self.hub.entries(name, revision)
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(LARGE) else "regular",
                "shouldIgnore": False,
                "oid": (found[file["path"]].sha or found[file["path"]].oid) if file["path"] in found else None,
            }
            for file in json.loads(given)["files"]
        ]
        self.answer(200, {"files": files})

    def batch(self, given: bytes, name: str) -> None:
        objects = []
        for one in json.loads(given)["objects"]:
            href = f"http://{self.headers['Host']}/large/{one['oid']}"
            there = (self.hub.folder / "large" / one["oid"]).exists()
            objects.append({**one, **({} if there else {"actions": {"upload": {"href": href}}})})
        self.answer(200, {"transfer": "basic", "objects": objects})

    def upload(self, given: bytes, sha: str) -> None:
        if sha256(given).hexdigest() != sha:
            raise Refused(400, "other bytes than announced")
        (self.hub.folder / "large" / sha).write_bytes(given)
        self.hub.uploaded.append(sha)
        self.answer(200)

    def commit(self, given: bytes, name: str, revision: str) -> None:
        parent = self.hub.commit_of(name, revision)
        message, changes = "", []
        for line in map(json.loads, given.splitlines()):
            value = line["value"]
            if line["key"] == "header":
                message = value["summary"]
                if value.get("parentCommit") not in (None, parent):
                    raise Refused(412, "A commit has happened since. Please refresh and try again.")
            elif line["key"] == "file":
                changes.append(("M", value["path"], base64.b64decode(value["content"])))
            elif line["key"] == "lfsFile":
                changes.append(("M", value["path"], self.hub.pointer(value["oid"])))
            else:
                changes.append(("D", value["path"], b""))
        commit = self.hub.write(name, revision, parent, message, changes)
        self.answer(
            200, {"commitUrl": f"http://{self.headers['Host']}/datasets/{name}/commit/{commit}", "commitOid": commit}
        )

    def ref(self, given: bytes, name: str, kind: str, which: str) -> None:
        asked = json.loads(given or b"{}")
        new, start = (asked["tag"], which) if kind == "tag" else (which, asked.get("startingPoint") or "main")
        place = f"refs/{'tags' if kind == 'tag' else 'heads'}/{new}"
        if self.hub.git(name, "for-each-ref", place):
            raise Refused(409, f"{kind} {new} exists already")
        self.hub.git(name, "update-ref", place, self.hub.commit_of(name, start))
        self.answer(200)

    def unref(self, given: bytes, name: str, which: str) -> None:
        if not self.hub.git(name, "for-each-ref", f"refs/heads/{which}"):
            raise Refused(404, f"no branch {which}", "RevisionNotFound")
        self.hub.git(name, "update-ref", "-d", f"refs/heads/{which}")
        self.answer(200)

    def resolve(self, given: bytes, name: str, revision: str, path: str) -> None:
        commit = self.hub.commit_of(name, revision)
        entry = self.hub.entries(name, commit).get(path)
        if entry is None or entry.folder:
            return self.answer(404, X_Error_Code="EntryNotFound", X_Repo_Commit=commit)
        content = self.hub.content(name, entry)
        headers = {"X_Repo_Commit": commit, "ETag": f'"{entry.sha or entry.oid}"', "Accept_Ranges": "bytes"}
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if part is None:
            return self.answer(200, content, **headers)
        first, last = int(part[1]), min(int(part[2] or len(content)), len(content) - 1)
        self.answer(206, content[first : last + 1], **headers, Content_Range=f"bytes {first}-{last}/{len(content)}")


ROUTES = (
    ("POST", "/api/repos/create", Handler.create),
    ("POST", "/api/validate-yaml", Handler.yaml),
    ("PUT", "/large/(?P<sha>[0-9a-f]{64})", Handler.upload),
    ("POST", rf"{DATASET}\.git/info/lfs/objects/batch", Handler.batch),
    ("GET HEAD", rf"{DATASET}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", Handler.resolve),
    ("GET", rf"{DATASET}/refs", Handler.refs),
    ("GET", rf"{DATASET}/tree/(?P<revision>[^/]+)(?:/(?P<path>.+))?", Handler.tree),
    ("POST", rf"{DATASET}/paths-info/(?P<revision>[^/]+)", Handler.paths),
    ("POST", rf"{DATASET}/preupload/(?P<revision>[^/]+)", Handler.preupload),
    ("POST", rf"{DATASET}/commit/(?P<revision>[^/]+)", Handler.commit),
    ("POST", rf"{DATASET}/(?P<kind>tag|branch)/(?P<which>[^/]+)", Handler.ref),
    ("DELETE", rf"{DATASET}/branch/(?P<which>[^/]+)", Handler.unref),
    ("GET", rf"{DATASET}(?:/revision/(?P<revision>[^/]+))?", Handler.info),
)


class Server(ThreadingHTTPServer):
    """One thread a connection."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no fault of the server."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Hub, str]]:
    """A Hub on a free port of the loopback, and its address; it ends with the block."""
    hub = Hub(folder)
    server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
