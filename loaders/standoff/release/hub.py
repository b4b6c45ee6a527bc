"""A dataset of the Hub as the place of releases: each is a tag, and the main branch shows the newest.

The files go to a branch of their own in one commit, are read back there, and only then tagged; a tag is never moved.
The main branch follows in one more commit: the files of the newest release that was not yanked, and `releases.json`.
Files that the Hub has are not sent again, so an upload that was cut short goes on where it ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct

from standoff.canon import canonical_list
from standoff.errors import ReleaseError, UsageError
from standoff.model import Progress, Release
from standoff.release.choosing import choose, read_listing
from standoff.release.folder import CARD, RELEASES, sha256_of
from standoff.release.remote import dataset_of, listing
from standoff.release.targets import reached

__all__ = ["HubTarget", "hub_target"]

OF_THE_HUB = (".gitattributes", RELEASES)
"""Files of a dataset that are of no release: the Hub's own, and the list of all releases."""

KIND = "dataset"

MAIN = "main"


class HubTarget(Struct, frozen=True):
    """A dataset of the Hub."""

    name: str
    dataset: str
    """ORG/NAME"""

    def holds(self, version: str) -> bool:
        """Whether there is a tag of this version."""
        return f"v{version}" in self._refs("tags")

    def sums(self, version: str) -> dict[str, str]:
        """The sha256 of every file of the tag, or of the branch that its upload goes to."""
        commit = self._refs("tags").get(f"v{version}") or self._refs("branches").get(_branch(version))
        return self._sums(commit) if commit else {}

    def upload(self, version: str, folder: Path, sums: Mapping[str, str], progress: Progress) -> None:
        """Puts the files of a release on a branch of their own: all in one commit.

        Raises:
            ReleaseError: the main branch shows something that is no release; it may be somebody's work.
        """
        from huggingface_hub import CommitOperationAdd

        with _asked(self.name):
            self._api().create_repo(self.dataset, repo_type=KIND, exist_ok=True)
            strange = sorted(self._files(MAIN).keys() - {*OF_THE_HUB, CARD})
            if strange and not self.listed():
                raise ReleaseError(
                    f"holds {', '.join(strange)}, no part of a release; expected a new dataset, or one of releases",
                    place=self.name,
                )
            self._api().create_branch(self.dataset, repo_type=KIND, branch=_branch(version), exist_ok=True)
            files = [CommitOperationAdd(path, str(folder / path)) for path in sorted(sums)]
            # Large files go first, some at a time, so that a watcher sees how far it is.
            for done in range(0, len(files), 8):
                self._api().preupload_lfs_files(
                    self.dataset,
                    files[done : done + 8],
                    repo_type=KIND,
                    revision=_branch(version),
                    free_memory=False,
                )
                progress("upload", min(done + 8, len(files)), len(files))
            self._commit(_branch(version), f"Release {version}", files, keeping=sums)

    def reveal(self, version: str, folder: Path) -> None:
        """Tags what was uploaded."""
        with _asked(self.name):
            commit = self._refs("branches")[_branch(version)]
            self._api().create_tag(self.dataset, repo_type=KIND, tag=f"v{version}", revision=commit)

    def listed(self) -> tuple[Release, ...]:
        """The releases that `releases.json` of the main branch lists; none where there is none."""
        main = self._refs("branches").get(MAIN)
        if main is None or RELEASES not in self._files(main):
            return ()
        return read_listing(listing(self.name), f"{self.name}/{RELEASES}")

    def announce(self, releases: Sequence[Release]) -> None:
        """Lists all releases on the main branch, which shows the newest not yanked; then drops what uploads left."""
        from huggingface_hub import CommitOperationAdd, CommitOperationCopy

        main = wanted = self._files(self._refs("branches")[MAIN])
        operations: list[Any] = []
        if self.listed() != tuple(releases):
            operations.append(CommitOperationAdd(RELEASES, canonical_list("releases", releases).encode()))
        if left := [release.version for release in releases if not release.yanked]:
            tag = f"v{choose(None, left, {}, yanked=False, place=self.name)}"
            wanted = self._files(self._refs("tags")[tag])
            others = (path for path in sorted(wanted) if path not in OF_THE_HUB and main.get(path) != wanted[path])
            operations += [CommitOperationCopy(path, path, src_revision=tag) for path in others]
        with _asked(self.name):
            self._commit(MAIN, "List the releases", operations, keeping=wanted)
            done = {_branch(release.version) for release in releases}
            for branch in sorted(done & self._refs("branches").keys()):
                self._api().delete_branch(self.dataset, repo_type=KIND, branch=branch)

    def _commit(self, branch: str, message: str, operations: list[Any], *, keeping: Iterable[str]) -> None:
        """One commit after which a branch holds these files and no others; none where there is nothing to do."""
        from huggingface_hub import CommitOperationDelete

        head = self._refs("branches")[branch]
        gone = sorted(self._files(head).keys() - {*keeping, *OF_THE_HUB})
        if operations or gone:
            self._api().create_commit(
                self.dataset,
                [*operations, *map(CommitOperationDelete, gone)],
                repo_type=KIND,
                revision=branch,
                # Who else commits meanwhile makes this one fail, and is not written over.
                parent_commit=head,
                commit_message=message,
            )

    def _sums(self, commit: str) -> dict[str, str]:
        from huggingface_hub import snapshot_download

        # Into a folder of its own: the library's cache would answer in place of the server.
        with TemporaryDirectory(prefix="standoff-") as aside, _asked(self.name):
            snapshot_download(self.dataset, repo_type=KIND, revision=commit, local_dir=aside)
            return {path: sha256_of(Path(aside, path)) for path in self._files(commit) if path not in OF_THE_HUB}

    def _files(self, commit: str) -> dict[str, str]:
        """Path -> what the Hub knows the content by."""
        with _asked(self.name):
            found = self._api().list_repo_tree(self.dataset, repo_type=KIND, revision=commit, recursive=True)
            return {one.path: one.lfs.sha256 if one.lfs else one.blob_id for one in found if hasattr(one, "blob_id")}

    def _refs(self, kind: str) -> dict[str, str]:
        """Name -> commit, of the branches or tags; none where there is no such dataset yet."""
        from huggingface_hub.errors import RepositoryNotFoundError

        with _asked(self.name):
            try:
                refs = self._api().list_repo_refs(self.dataset, repo_type=KIND)
            except RepositoryNotFoundError:
                return {}
            return {ref.name: ref.target_commit for ref in getattr(refs, kind)}

    def _api(self) -> Any:
        from huggingface_hub import HfApi

        return HfApi()


def hub_target(to: str) -> HubTarget:
    """The dataset that `hf://datasets/ORG/NAME` names.

    Raises:
        UsageError: it is written otherwise, or the library that talks to the Hub is not installed.
    """
    dataset = dataset_of(to)
    if find_spec("huggingface_hub") is None:
        raise UsageError("needs the library 'huggingface_hub'; install standoff[hf]", place=to)
    return HubTarget(to, dataset)


@contextmanager
def _asked(place: str) -> Iterator[None]:
    """Requests to the Hub, told of by our progress alone, and whatever goes wrong with them."""
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        with reached(place):
            yield
    finally:
        if shown:
            enable_progress_bars()


def _branch(version: str) -> str:
    """The branch that the upload of a version goes to."""
    return f"upload-{version}"
