"""The beginning of a corpus: an empty one, with a small schema to edit."""

from __future__ import annotations

from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from pathlib import Path

from standoff.canon import canonical, listings
from standoff.errors import UsageError
from standoff.files import write
from standoff.model import Annotator, Corpus, Splits
from standoff.schema import parse
from standoff.scheme import NAME

__all__ = ["init"]

FIRST = Annotator("a1", "human", "The first annotator.")


def init(folder: Path, *, corpus: str, title: str) -> tuple[Path, ...]:
    """Makes a new, empty corpus in a folder.

    Args:
        corpus: its id, which begins its releases' and projects' names.
        title: its name for readers.

    Returns:
        The files that were written.

    Raises:
        UsageError: the folder has a corpus, or the id or the title cannot be one.
    """
    if not NAME.fullmatch(corpus):
        raise UsageError(
            f"id {corpus!r} does not match {NAME.pattern}; expected one of small letters, digits and _",
            place="--corpus",
        )
    if not title.strip() or len(title.splitlines()) > 1:
        raise UsageError(f"{title!r} is no title; expected one line with something in it", place="title")
    if folder.exists() and not folder.is_dir():
        raise UsageError("is no folder; expected one, or a name that is free", place=str(folder))
    for name in ("corpus", "schema", "annotations"):
        if (folder / name).exists():
            raise UsageError(f"has {name!r} already; expected a folder without a corpus", place=str(folder))
    template = resources("standoff.intake") / "template"
    # JSON's own escapes: a title may hold quotation marks.
    schema = {
        each.name: _filled(each, corpus, title if each.name.endswith(".md") else canonical(title)[1:-1])
        for each in (template / "schema").iterdir()
    }
    empty = Corpus(
        scheme=parse(schema, place="schema"),
        documents={},
        segments={},
        entities={},
        annotators={FIRST.id: FIRST},
        sets={},
        gold={},
        splits=Splits(),
        rights={},
        releases=(),
        version="",
    )
    texts = {f"schema/{name}": text for name, text in schema.items()} | dict(listings(empty))
    # Under their real names the files would rule the template's own folder.
    for name in ("gitattributes", "gitignore"):
        if not (folder / f".{name}").exists():
            texts[f".{name}"] = (template / name).read_text(encoding="utf-8")
    for path, text in sorted(texts.items()):
        write(folder / path, text)
    return tuple(folder / path for path in sorted(texts))


def _filled(template: Traversable, corpus: str, title: str) -> str:
    return template.read_text(encoding="utf-8").replace("@CORPUS@", corpus).replace("@TITLE@", title)
