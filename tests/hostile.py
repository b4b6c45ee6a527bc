"""A document whose text, title and annotations try to be more than text when they are shown on a page."""

from __future__ import annotations

from msgspec import structs

from standoff.canon import normal
from standoff.model import GOLD, Annotation, AnnotationSet, Corpus, Fact, Segments, Span
from standoff.text import sha

ID = "hostile"

TOKEN = "W" * 10_000

TEXT = (
    "<script>document.title = 'run'</script> \"><img src=x onerror=\"document.title='run'\"> &amp; &lt;b&gt;\r\n"
    "before \u202eoverridden\u202c after, \u2067isolated\u2069, open \u202e to the end of the line\r\n"
    "\x1b[31mred\x07 {{ 7 * 7 }} {% raw %} </div></main> <!-- comment\n"
    f"{TOKEN} and the end ]]>"
)

LINK = "https://example.invalid/\"onmouseover='document.title=1'"


def with_hostile(corpus: Corpus) -> Corpus:
    """The corpus with the hostile document in it, annotated by everybody, with spans that nest, cross and fragment."""
    known = next(iter(corpus.documents.values()))
    document = structs.replace(
        known,
        id=ID,
        title="<b>bold</b> \u202etitle",
        language="en",
        published=Fact("stated", "<i>today</i>", "\"'><script>1</script>"),
        source=structs.replace(known.source, url=Fact("stated", LINK)),
        dropped=(),
        raw_length=len(TEXT),
        raw_sha256=sha(TEXT),
        text_sha256=sha(TEXT),
        text=TEXT,
    )
    layers = [layer for layer in corpus.scheme.layers if layer.kind == "span"]
    at = TEXT.index("\u202eoverridden")
    ranges = (
        ((0, 40),),
        ((20, 90),),
        ((8, 12), (60, 64), (at, at + 12)),
        ((at + 3, at + 20),),
        ((TEXT.index(TOKEN), TEXT.index(TOKEN) + len(TOKEN)),),
    )
    annotations = tuple(
        Annotation(
            id=f"h{n}",
            layer=layers[n % len(layers)].name,
            label=layers[n % len(layers)].labels[0].name,
            spans=tuple(Span(start, end, TEXT[start:end]) for start, end in ranges[n]),
            note="</li><script>document.title = 'run'</script>\u202e",
        )
        for n in range(len(ranges))
    )
    marked = AnnotationSet(ID, document.text_sha256, GOLD, annotations)
    who = sorted({who for who, _ in corpus.sets})[0]
    return structs.replace(
        corpus,
        documents={**corpus.documents, ID: document},
        segments={**corpus.segments, ID: Segments(ID, "none", ((0, len(TEXT)),), ())},
        sets={**corpus.sets, (who, ID): normal(structs.replace(marked, annotator=who), corpus.scheme)},
        gold={**corpus.gold, ID: normal(marked, corpus.scheme)},
    )
