"""What mail clients make of HTML and CSS, and which of it a page uses.

The facts are those of caniemail.com as of September 2025, looked up feature by feature under the
name in ``source``. A feature without a source is not tested there: what is said of it is our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

CLIENTS = (
    *("Gmail web", "Gmail Android", "Outlook Windows", "Outlook web", "Outlook Mac"),
    *("Apple Mail macOS", "Apple Mail iOS", "Yahoo web", "Thunderbird", "Samsung"),
)
SUPPORT = {"y": "yes", "p": "part", "n": "no", "?": "?"}
EVERYWHERE = "yyyyyyyyyy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """``support``: a letter of ``SUPPORT`` for each of ``CLIENTS``. ``source``: caniemail's name.

    ``without``: what a reader sees where it is not understood. Where that is empty, the feature is
    not to be used unless every client has all of it.
    """

    support: str
    source: str = ""
    without: str = ""

    @property
    def may_be_used(self) -> bool:
        """Whether no reader misses anything."""
        return self.support == EVERYWHERE or bool(self.without)


def _known(source: str, support: str = EVERYWHERE, without: str = "") -> Feature:
    return Feature(source=source, support=support, without=without)


def _own(without: str = "", support: str = EVERYWHERE) -> Feature:
    return Feature(support=support, without=without)


_STYLE = "the inline styles say all that is needed: light colours, full width"
_LIGHT = "the light colours, or those that the client makes dark by itself"
_SPOKEN = "a screen reader reads cells of no content, which it passes over"
_TD = "used on cells alone, where it is understood"
_TABLES = "used on tables and cells alone, where it is understood"
_PLAIN = "the same words with less spacing or ornament"
_STAYS = "no jump; the stories are below all the same"

FEATURES = {
    # elements
    "<!DOCTYPE>": _known("html-doctype", "yynyyyyynn", "nothing of the layout depends on it"),
    **dict.fromkeys(("<html>", "<head>", "<meta>", "<title>", "<br>", "<a>"), _own()),
    "<style>": _known("html-style", "pppyyyyyyy", _STYLE),
    "<body>": _known("html-body", "ppypnyypyy", "its colour is that of the table inside, too"),
    "<div>": _known("html-div"),
    **dict.fromkeys(("<table>", "<tr>", "<td>"), _known("html-table")),
    **dict.fromkeys(("<h1>", "<h2>", "<h3>"), _known("html-h1-h6")),
    "<p>": _known("html-p"),
    "<span>": _known("html-span"),
    "<strong>": _known("html-strong"),
    "<code>": _known("html-code"),
    "<small>": _known("html-small"),
    "<hr>": _known("html-hr"),
    "<pre>": _known("html-pre"),
    "<blockquote>": _known("html-blockquote"),
    **dict.fromkeys(("<ul>", "<ol>", "<li>"), _known("html-lists", "pppppyypyy", "but `reversed`")),
    "<bdi>": _known("html-bdi", "nnnnnyynyy"),
    "<wbr>": _known("html-wbr", "ypnyyyyyyy"),
    "<img>": _known("html-img", "yyyyyyyy?y"),
    "<svg>": _known("html-svg", "nnnnnpynyy"),
    "<meter>": _known("html-meter", "npnyyyynyy"),
    "<progress>": _known("html-progress", "npnnnyynyy"),
    "<form>": _known("html-form", "yynppyyyyy"),
    "<link>": _known("html-link", "nnynnyynnn"),
    # attributes
    **dict.fromkeys(("@href", "@style", "@charset", "@content", "@border", "@colspan"), _own()),
    "@class": _known("css-selector-class", "ypyyyyyyyy", _STYLE),
    "@id": _known("css-selector-id", "ypyyyyyyyy", _STAYS),
    "@name": _own(),
    "@role": _known("html-role", "yyyyyyypyy", _SPOKEN),
    "@lang": _known("html-lang", "yyyyyyypyy", "a foreign title is read aloud as if English"),
    "@dir": _known("html-dir", "yypyyyyyyy", "never on links, where Outlook fails"),
    "@width": _known("html-width", "yypyyyyyyy", "fails on images, of which there are none"),
    "@height": _known("html-height", "yypyyyyyyy", "fails on images, of which there are none"),
    "@align": _known("html-align", "yyyypyyyyy", "never left or right of a table"),
    "@valign": _known("html-valign"),
    "@cellpadding": _known("html-cellpadding"),
    "@cellspacing": _known("html-cellspacing"),
    "@aria-label": _known("html-aria-label", "yyyyyyynny", "the words beside it say the same"),
    "@aria-hidden": _known("html-aria-hidden", "yyyyyyynny", _SPOKEN),
    "@hidden": _known("html-hidden", "nnnnnyynyy"),
    "@background": _known("html-background", "yppyyyyyyy"),
    "link to #": _known("html-anchor-links", "pypyyyypyn", f"to an empty <a name>; or {_STAYS}"),
    "link to mailto": _known("html-mailto-links"),
    "link to http": _own(),
    **dict.fromkeys(("meta charset", "meta viewport"), _own()),
    "meta color-scheme": _known("html-meta-color-scheme", "nnnnnynnyn", _LIGHT),
    "meta supported-color-schemes": _own(_LIGHT, "?????yy???"),
    "comment": _known("html-comments"),
    "comment for Outlook": _own("everyone else passes it over"),
    # selectors and rules
    "selector .class": _known("css-selector-class", "ypyyyyyyyy", _STYLE),
    "selector type": _known("css-selector-type", "ypyyyyyyyy", _STYLE),
    "selector grouping": _known("css-selector-grouping", "ypyyyyyyyy", _STYLE),
    "selector descendant": _known("css-selector-descendant", "ypyyyyyyyy", _STYLE),
    "selector :root": _own(_LIGHT, "?????yy???"),
    "selector [attribute]": _known("css-selector-attribute", "ppnppyypyy"),
    "selector :hover": _known("css-pseudo-class-hover", "ypnppyyyyy"),
    "@media max-width": _known("css-at-media", "ppnppyypnp", "wider margins"),
    "@media prefers-color-scheme": _known(
        "css-at-media-prefers-color-scheme", "nnnyyyynny", _LIGHT
    ),
    "@import": _known("css-at-import", "nnynnyynnn"),
    "@font-face": _known("css-at-font-face", "nnpnnyynyy"),
    "!important": _known("css-important", "pppyyyypyy", "in the style sheet alone, with a space"),
    # properties
    "background-color": _known("css-background-color"),
    "color": _own(),
    "font-family": _known("css-font"),
    "font-size": _known("css-font-size", "yypyyyypyp", "in px alone"),
    "font-weight": _known("css-font-weight", "yypyyyypyy", "400, 600 or 700: thin or bold"),
    "line-height": _known("css-line-height", "yypyyyyyyy", "lines a little nearer or wider"),
    "margin": _known("css-margin", "pppppyypyy", "never negative, never on spans"),
    "padding": _known("css-padding", "yypyyyyyyy", _TD),
    "border": _known("css-border", "yypyyyyyyy", "Outlook draws at most 8 px: words say the rest"),
    "border-collapse": _known("css-border-collapse"),
    "border-radius": _known("css-border-radius", "yynyyyypyy", "square corners"),
    "text-align": _known("css-text-align", "yppyyyypyy", "left, right or center alone"),
    "text-decoration": _known("css-text-decoration", "yppyyyyyyy", "underlined or not, no more"),
    "text-transform": _known("css-text-transform", "yypyyyyyyy", _PLAIN),
    "letter-spacing": _known("css-letter-spacing", "yypyyyyyyy", _PLAIN),
    "vertical-align": _known("css-vertical-align"),
    "white-space": _known("css-white-space", "ypnyyyyyyn", "lines are broken"),
    "width": _known("css-width", "yypyyyyyyy", _TABLES),
    "height": _known("css-height", "yypyyyynyy", _TABLES),
    "max-width": _known("css-max-width", "yypyyyyyyy", _TABLES),
    "max-height": _known("css-max-height", "yynyyyyyyy", "hidden by mso-hide there"),
    "overflow": _known("css-overflow", "ppnpppppyp", "hidden by mso-hide there"),
    "direction": _known("css-direction"),
    "word-break": _known("css-word-break", "ypyppppnyp", "a long word makes the page wider"),
    "word-wrap": _known("css-word-wrap", "ppny?yyy??", "a long word makes the page wider"),
    "display: none": _known("css-display-none", "yypyyyyyyy", "on an element without tables alone"),
    "display": _known("css-display", "yppyyyypyy"),
    "color-scheme": _known("css-color-scheme", "nnnnnyynyy", _LIGHT),
    "supported-color-schemes": _own(_LIGHT, "?????yy???"),
    "-webkit-text-size-adjust": _own("a phone may enlarge the text", "?????yy???"),
    "mso-hide": _own("display: none does it there", "??y???????"),
    "position": _known("css-position", "nnnpppppyp"),
    "float": _known("css-float", "ypnyyyypyy"),
    "opacity": _known("css-opacity", "yynyyyyyyy"),
    "box-shadow": _known("css-box-shadow", "npnyyyynyy"),
    "background-image": _known("css-background-image", "yynyyyypyy"),
    "background": _known("css-background", "yypyyyypyy"),
    "min-width": _known("css-min-width", "yynyyyyyyy"),
    "overflow-wrap": _known("css-overflow-wrap", "nnnnnppn?y"),
    "table-layout": _known("css-table-layout", "yynynyyy?y"),
    "visibility": _known("css-visibility", "nnnyyyyyyy"),
    "hyphens": _known("css-hyphens", "nnnnnyyn?y"),
    # values
    "value #hex": _own(),
    "value px": _known("css-unit-px"),
    "value %": _known("css-unit-percent"),
    "value em": _known("css-unit-em"),
    "value rem": _known("css-unit-rem", "yynyyyynyy"),
    "value rgb()": _known("css-rgb", "pppyyyypyy"),
    "value rgba()": _known("css-rgba", "ppnyyyypyy"),
    "value var()": _known("css-variables", "nnnnnyynyy"),
    "value calc()": _known("css-unit-calc", "ypnnnyynyy"),
    "value light-dark()": _known("css-function-light-dark", "nnnnnyynyp"),
    "value linear-gradient()": _known("css-linear-gradient", "ypnnnyynyp"),
}

_SIDES = re.compile(r"(padding|margin|border)-(?:top|right|bottom|left|color|width|style).*")
_UNIT = re.compile(r"(?<![\w#])-?\d*\.?\d+([a-z]+|%)")
_STATEMENT = re.compile(r"(@[a-z-]+)[^{};]*;\s*")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """``name: value``, in lower case; ``important`` where it says so."""

    name: str
    value: str
    important: bool = False

    @property
    def features(self) -> Iterator[str]:
        """What a client has to know for it."""
        found = _SIDES.fullmatch(self.name)
        name = found[1] if found else self.name
        yield "display: none" if (name, self.value) == ("display", "none") else name
        yield from (f"value {unit}" for unit in _UNIT.findall(self.value))
        yield from (f"value {name}()" for name in re.findall(r"([a-z-]+)\(", self.value))
        if "#" in self.value:
            yield "value #hex"
        if self.important:
            yield "!important"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A selector with its declarations, and the at-rule around it: ``@media (...)`` or empty."""

    around: str
    selector: str
    declarations: tuple[Declaration, ...]

    @property
    def features(self) -> Iterator[str]:
        """What a client has to know for it."""
        if self.around:
            yield from _at_rule(self.around)
        if not self.selector:
            return
        if "," in self.selector:
            yield "selector grouping"
        for each in self.selector.split(","):
            yield from _of_selector(each.strip())
        for declaration in self.declarations:
            yield from declaration.features


def _at_rule(prelude: str) -> Iterator[str]:
    name = prelude.split()[0]
    conditions = re.findall(r"\(\s*([a-z-]+)", prelude)
    yield from (f"{name} {each}" for each in conditions) if conditions else (name,)


def _of_selector(selector: str) -> Iterator[str]:
    parts = selector.split()
    if len(parts) > 1:
        yield "selector descendant"
    for part in parts:
        if "[" in part:
            yield "selector [attribute]"
        elif ":" in part:
            yield f"selector {part[part.index(':') :]}"
        elif part.startswith("."):
            yield "selector .class"
        else:
            yield "selector type" if part.isalnum() else f"selector {part}"


def declarations(text: str) -> tuple[Declaration, ...]:
    """The declarations of a block or of a ``style`` attribute."""
    found = []
    for each in text.split(";"):
        name, colon, value = each.partition(":")
        if colon:
            plain, mark, _ = value.lower().partition("!important")
            found.append(
                Declaration(name=name.strip().lower(), value=plain.strip(), important=bool(mark))
            )
    return tuple(found)


def rules(css: str, around: str = "") -> Iterator[Rule]:
    """The rules of a style sheet, also those inside of at-rules; ``ValueError`` for open braces."""
    rest = _COMMENT.sub("", css).strip()
    while rest:
        statement = _STATEMENT.match(rest)
        if statement:
            yield Rule(around=statement[1], selector="", declarations=())
            rest = rest[statement.end() :]
            continue
        prelude, brace, behind = rest.partition("{")
        if not brace:
            raise ValueError(f"no block behind {prelude!r}")
        body, rest = _block(behind)
        if prelude.startswith("@"):
            yield from rules(body, " ".join(prelude.split()))
        else:
            yield Rule(around=around, selector=prelude.strip(), declarations=declarations(body))


def _block(text: str) -> tuple[str, str]:
    """What is inside of a brace that was opened, and what comes behind it."""
    depth = 1
    for at, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if not depth:
            return text[:at], text[at + 1 :].strip()
    raise ValueError(f"no end of the block {text[:40]!r}")


@dataclass(slots=True, kw_only=True)
class Element:
    """An element with its attributes, its inline style, and all text in it."""

    tag: str
    attributes: dict[str, str]
    style: tuple[Declaration, ...]
    inside: tuple[str, ...]
    text: str = ""


class Page(HTMLParser):
    """A page as a list of its elements, its rules, and its comments."""

    _VOID = frozenset(("meta", "br", "hr", "img", "link", "wbr", "input"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.comments: list[str] = []
        self.declared = ""
        self.rules: list[Rule] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()

    def handle_decl(self, decl: str) -> None:
        self.declared = decl

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        inside = tuple(each.tag for each in self._open)
        style = declarations(given.get("style", ""))
        element = Element(tag=tag, attributes=given, style=style, inside=inside)
        self.elements.append(element)
        if tag not in self._VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1].tag == "style":
            self.rules.extend(rules(data))
        for element in self._open:
            element.text += data

    def every(self, *tags: str) -> list[Element]:
        """The elements of these names, in order."""
        return [each for each in self.elements if each.tag in tags]

    @property
    def features(self) -> frozenset[str]:
        """All that a client has to know to show the page as it is meant."""
        found = {feature for rule in self.rules for feature in rule.features}
        for element in self.elements:
            found |= set(_of_element(element))
        found |= {"comment for Outlook" if "[if" in each else "comment" for each in self.comments}
        return frozenset(found | {"<!DOCTYPE>"} if self.declared else found)


def _of_element(element: Element) -> Iterator[str]:
    yield f"<{element.tag}>"
    for name in element.attributes:
        if element.tag == "meta" and name in ("name", "charset"):
            yield f"meta {element.attributes.get('name', 'charset')}"
        else:
            yield f"@{name}"
    if "href" in element.attributes:
        yield _link(element.attributes["href"])
    for declaration in element.style:
        yield from declaration.features


def _link(address: str) -> str:
    if address.startswith("#"):
        return "link to #"
    scheme = address.partition(":")[0]
    return f"link to {'http' if scheme == 'https' else scheme}"


def table() -> str:
    """What is known of each feature, as docs/mail-clients.md has it."""
    lines = [
        f"| feature | {' | '.join(CLIENTS)} | where it is not understood | source |",
        f"|{'---|' * (len(CLIENTS) + 3)}",
    ]
    for name, it in FEATURES.items():
        told = " | ".join(SUPPORT[each] for each in it.support)
        without = it.without or ("" if it.may_be_used else "not to be used")
        lines.append(f"| `{name}` | {told} | {without} | {it.source or 'own'} |")
    return "\n".join(lines)
