"""A view written down: one file, which needs no network, no other file and no script."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from standoff.errors import UsageError
from standoff.model import Progress, silent
from standoff.report.colours import DARK, LIGHT
from standoff.report.drawing import visible
from standoff.report.sections import View
from standoff.report.values import LayerLegend

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["page"]

LINES = ("solid 2px", "double 4px", "solid 1.5px", "dashed 2px", "dotted 3px")
"""How the lines of the first, second, ... layer are drawn: nobody need tell layers by colour alone."""

NULL = "\0"


def page(view: View, *, progress: Progress = silent) -> str:
    """The page that shows a view.

    Raises:
        UsageError: jinja2 is not installed.
    """
    progress("writing", 0, 1)
    style = _text("report.css") + "".join(_rules(view))
    script = _text("report.js")
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    written = _environment().get_template("report.html").render(view=view, style=style, script=script, policy=policy)
    progress("writing", 1, 1)
    return written


def _text(name: str) -> str:
    return (files(__package__) / "templates" / name).read_text(encoding="utf-8")


def _source(content: str) -> str:
    """An inline style or script as a Content-Security-Policy allows it: by what it is."""
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    except ImportError as error:
        raise UsageError("the report needs jinja2; install standoff[report]") from error
    # Everything is escaped, whatever a template is called.
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_text),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(exact=_exact, shown=_shown, plain=_plain, many=_many)
    return environment


def _exact(text: str) -> Markup:
    """Text that a browser reads back as it is: it would turn a carriage return into a line feed."""
    from markupsafe import Markup, escape

    # HTML cannot hold a null character.
    return Markup(str(escape(text.replace(NULL, "\ufffd"))).replace("\r", "&#13;"))


def _shown(text: str) -> Markup:
    """Text in which what would steer the display stands by its name."""
    from markupsafe import Markup, escape

    parts = (Markup('<span class="control">{}</span>').format(name) if (name := visible(c)) else c for c in text)
    if not any(map(visible, text)):
        return Markup("<bdi>{}</bdi>").format(text)
    return Markup("<bdi>{}</bdi>").format(Markup("").join(escape(part) for part in parts))


def _plain(text: str) -> str:
    """The same where no element may stand: in an attribute."""
    return "".join(visible(c) or c for c in text)


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing if count == 1 else f'{thing}s'}"


def _rules(view: View) -> Iterator[str]:
    """The rules that follow from the corpus: colours, lines, lanes, and what each filter hides."""
    yield f":root{{--paper:light-dark({LIGHT},{DARK})}}\n"
    for layer in view.layers:
        yield from _layer_rules(layer)
    for who in view.annotators:
        yield f"nav:has(#fw{who.number}:not(:checked))~main .w{who.number}{{display:none}}\n"
    drawn = [paragraph.lanes for article in view.articles for one in article.sets for paragraph in one.paragraphs]
    for n in range(max(drawn, default=0)):
        yield f".l{n}{{--lane:{n}}}.h{n + 1}{{--lanes:{n + 1}}}\n"


def _layer_rules(layer: LayerLegend) -> Iterator[str]:
    line, width = LINES[layer.number % len(LINES)].split()
    off = f"#fy{layer.number}:not(:checked)"
    yield f"nav:has({off})~main .y{layer.number}{{display:none}}\n"
    for label in layer.labels:
        k = f"k{label.style}"
        yield f".{k}{{--c:light-dark({label.shade.light},{label.shade.dark});--ls:{line};--lw:{width}}}\n"
        yield (
            f"nav:has(#f{k}:not(:checked),{off})~main{{"
            f".u.{k}{{--off:1;border-color:transparent;&::before,&::after{{display:none}}}}"
            f".i.{k}{{display:none}}}}\n"
        )
