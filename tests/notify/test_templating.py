"""An owner's template changes how a mail looks, and can neither stop it nor spoil it."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import MonitorError
from monitor.notify.palette import DARK, LIGHT
from monitor.notify.render import page, render_html, render_text
from monitor.notify.sandbox import MAX_RESULT, MAX_TEXT, ROUNDS
from monitor.notify.templating import Templating
from monitor.records import Template
from tests.notify.builders import a_digest, a_hit, a_story

DOCUMENT = Path(__file__).parents[2] / "docs/howto/change-the-mail.md"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mine"
    made.mkdir()
    return made


def written(folder: Path, source: str, name: str = "digest.html") -> Templating:
    """The owner's templates, one of them with this source."""
    (folder / name).write_text(source, encoding="utf-8")
    return Templating.from_folder(folder)


def owners(folder: Path, source: str, **values: object) -> str:
    """What an owner's template gives; it must not fail."""
    made = written(folder, source, "own.html")
    shown = made.render("own.html", **values)
    assert made.faults == ()
    return shown


def fault_of(folder: Path, source: str, **values: object) -> str:
    """Why an owner's template is left aside; there is no shipped one of its name."""
    made = written(folder, source, "own.html")
    with pytest.raises(MonitorError):
        made.render("own.html", **values)
    (fault,) = made.faults
    return fault


def stood_in(templating: Templating, name: str = "digest.txt") -> str:
    """What is rendered in the place of a failed template: where the shipped one fails, why."""
    with pytest.raises(MonitorError) as raised:
        templating.render(name)
    return str(raised.value)


def test_the_owners_template_goes_before_the_shipped_one(folder: Path) -> None:
    made = written(folder, "Dear {{ name }}", "digest.txt")

    assert made.render("digest.txt", name="reader") == "Dear reader"
    assert made.used == (Template(name="digest.txt", source="Dear {{ name }}"),)
    assert made.faults == ()


def test_what_the_owner_did_not_write_is_the_shipped_one(folder: Path) -> None:
    assert "shipped/digest.txt:" in stood_in(Templating.from_folder(folder))


def test_an_owners_template_can_build_on_the_one_it_replaces(folder: Path) -> None:
    made = written(folder, "{% include 'shipped/digest.txt' %}", "digest.txt")

    with pytest.raises(MonitorError):  # there is no digest to show
        made.render("digest.txt")
    assert "mine/digest.txt:1 cannot be used" in made.faults[0]
    assert [each.name for each in made.used] == [
        "digest.txt", "instead:digest.txt", "shipped/digest.txt",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["digest.html", "digest.txt"])
@pytest.mark.parametrize("place", ["before", "after"])
def test_words_of_the_owners_stand_before_or_after_the_stories(
    folder: Path, name: str, place: str
) -> None:
    source = f"{{% extends 'shipped/{name}' %}}{{% block {place} %}}To {{{{ digest.name.text }}}}"
    (folder / name).write_text(source + "{% endblock %}", encoding="utf-8")
    made = Templating.from_folder(folder)
    told = a_digest(a_hit(a_story(title="The story")), name="readers")
    shown = (render_html if name.endswith("html") else render_text)(told, made)

    assert made.faults == ()
    assert (shown.index("To readers") < shown.rindex("The story")) == (place == "before")


def test_the_examples_of_the_documents_work(folder: Path) -> None:
    html, text = re.findall(r"```jinja\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    (folder / "digest.html").write_text(html)
    (folder / "digest.txt").write_text(text)
    made = Templating.from_folder(folder)

    for shown in (render_html(a_digest(), made), render_text(a_digest(), made)):
        assert "Good morning. Questions?" in shown
        assert "Story 1" in shown
    assert made.faults == ()


def test_blocks_that_nobody_fills_change_nothing(folder: Path) -> None:
    for name in ("digest.html", "digest.txt"):
        (folder / name).write_text(f"{{% extends 'shipped/{name}' %}}")
    own = Templating.from_folder(folder)
    assert render_text(a_digest(), own) == render_text(a_digest())
    assert render_html(a_digest(), own) == render_html(a_digest())


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("{% if %}", 1, "Expected an expression"),
        ("{% endfor %}", 1, "unknown tag 'endfor'"),
        ("Hello\n{{ nothing }}", 2, "'nothing' is undefined"),
        ("\n\n{{ digest.nothing }}", 3, "has no attribute 'nothing'"),
        ("{% for each in nothing %}{% endfor %}", 1, "'nothing' is undefined"),
        ("{{ 1 // 0 }}", 1, "by zero"),
        ("{{ digest() }}", 1, "not callable"),
        ("{% include 'nothing.html' %}", 1, "there is no template nothing.html"),
        ("{% include '../own.html' %}", 1, "there is no template ../own.html"),
        ("{% include 'own.html' %}", 1, "recursion"),
        ("{{ digest.upper }}", 1, "is no text"),
        ("{{ digest | map('upper') }}", 1, "generator is no text"),
        ("{{ '\\ud800' }}", 0, "can't encode"),
        (" \n\t", 0, "gives nothing but blanks"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(
    folder: Path, source: str, line: int, reason: str
) -> None:
    fault = fault_of(folder, source, digest="The digest")

    assert reason in fault
    assert f"The template mine/own.html{f':{line}' if line else ''} cannot be used" in fault
    assert "monitor digest preview" in fault


def test_a_mistake_in_a_part_is_told_with_the_place_in_the_part(folder: Path) -> None:
    (folder / "part.html").write_text("one\n{{ nothing }}")

    assert "mine/part.html:2 cannot be used" in fault_of(folder, "{% include 'part.html' %}")


def test_a_long_reason_is_cut(folder: Path) -> None:
    assert len(fault_of(folder, f"{{{{ {'a' * 5000} }}}}")) < 400


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ ''.__class__.__mro__ }}", "'__class__'"),
        ("{{ digest.__init__.__globals__ }}", "'__init__'"),
        ("{{ self.__init__ }}", "'__init__'"),
        ("{{ [].append(1) }}", "'append'"),
        ("{{ '{0.__class__}'.format(1) }}", "'format'"),
        ("{{ digest | attr('__class__') }}", "'__class__'"),
        ("{{ digest | safe }}", "No filter named 'safe'"),
        ("{% autoescape false %}{{ digest }}{% endautoescape %}", "escaping cannot be changed"),
        ("{% from 'own.txt' import greet %}{{ greet(digest) }}", "escaped differently"),
        ("{{ lipsum() }}", "'lipsum' is undefined"),
        ("{{ [1, 2] | random }}", "No filter named 'random'"),
    ],
)
def test_no_template_gets_out_or_lets_foreign_markup_in(
    folder: Path, source: str, reason: str
) -> None:
    (folder / "own.txt").write_text("{% macro greet(name) %}{{ name }}{% endmacro %}")

    assert reason in fault_of(folder, source, digest=HOSTILE)


@pytest.mark.parametrize(
    "source",
    [
        "{{ digest }}",
        "<b title='{{ digest }}'>",
        "{% set text %}{{ digest }}{% endset %}{{ text }}",
        "{% macro told(text) %}{{ text }}{% endmacro %}{{ told(digest) }}",
        "{{ '<b>' ~ digest }}",
        "{{ [digest, digest] | join('<br>') }}",
        "{{ digest | escape | striptags }}",
        "{% filter upper %}{{ digest }}{% endfilter %}",
        "{{ digest | tojson }}",
    ],
)
def test_text_of_strangers_is_always_escaped(folder: Path, source: str) -> None:
    assert "<script" not in owners(folder, source, digest=HOSTILE).lower()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "rounds"),
        ("{% for a in range(99999999) %}{% endfor %}", "Range too big"),
        ("{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}", "cannot be recursive"),
        ("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
        ("{% for a in range(9999) %}{{ digest * 999 }}{% endfor %}", "gives more than"),
        (
            "{% set s = namespace(t='ab') %}{% for a in range(99) %}{% set s.t = s.t ~ s.t %}"
            "{% endfor %}",
            "more than 1,000,000",
        ),
        (
            "{% set s = namespace(t='ab') %}{% for a in range(99) %}{% set s.t = s.t + s.t %}"
            "{% endfor %}",
            "more than 1,000,000",
        ),
        (
            "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}"
            "{{ m(60) }}",
            "rounds",
        ),
        ("{{ digest * 99999999999999 }}", "more than 1,000,000"),
        ("{{ 99999999999999 * digest }}", "more than 1,000,000"),
        ("{{ 9 ** 999999999 }}", "** is not allowed"),
        ("{{ '%999999999d' % 1 }}", "% is not allowed"),
        ("{{ '%999999999d' | format(1) }}", "No filter named 'format'"),
        ("{{ digest | center(999999999) }}", "No filter named 'center'"),
        ("{{ digest.ljust(999999999) }}", "'ljust'"),
        ("{{ '{:>999999999}'.format(1) }}", "'format'"),
        ("{{ '{a:>999999999}'.format_map({'a': 1}) }}", "'format_map'"),
    ],
)
def test_endless_work_and_huge_texts_are_cut_short(folder: Path, source: str, reason: str) -> None:
    assert reason in fault_of(folder, source, digest="The digest")


def test_the_bounds_are_far_from_what_a_mail_needs(folder: Path) -> None:
    rounds = "{% for each in range(" + str(ROUNDS // 2) + ") %}a{% endfor %}"

    assert len(owners(folder, rounds)) == ROUNDS // 2
    assert "a text of it" in fault_of(folder, "{{ text ~ 'a' }}", text="a" * MAX_TEXT)


def test_each_part_of_a_message_has_all_the_rounds_for_itself(folder: Path) -> None:
    rounds = "{% for each in range(99_999) %}a{% endfor %}" * 2
    made = written(folder, rounds, "own.html")

    for _ in range(2):
        assert made.render("own.html").count("a") == 2 * 99_999


def test_what_a_template_gives_has_an_end(folder: Path) -> None:
    whole = "{% for each in range(10) %}{{ text }}{% endfor %}"
    assert len(owners(folder, whole, text="a" * MAX_TEXT)) == MAX_RESULT
    assert "gives more than" in fault_of(folder, whole + "a", text="a" * MAX_TEXT)


def test_the_longest_page_has_room() -> None:
    """The shipped templates tell 500 stories in full, and how they are shortened is not theirs."""
    text = "What was said of it, and by whom. " * 20
    hits = [a_hit(a_story(n, title=f"Title {n} " * 20, text=text)) for n in range(1, 501)]
    made = page(a_digest(*hits, cap=500))
    assert made.message.raw.startswith(b"<!DOCTYPE html>")


def test_numbers_can_be_calculated_with(folder: Path) -> None:
    assert owners(folder, "{{ 7 % 4 }} {{ 2 * 3 + 1 }} {{ 'a' ~ 2 * 'b' }}") == "3 7 abb"


def test_a_bounded_loop_still_knows_where_it_is(folder: Path) -> None:
    source = (
        "{% for each in [1, 2] %}{{ loop.index }}/{{ loop.length }}"
        "{{ ', ' if not loop.last }}{% else %}none{% endfor %}"
    )
    assert owners(folder, source) == "1/2, 2/2"
    assert owners(folder, source.replace("[1, 2]", "[]")) == "none"


def test_a_file_that_is_not_utf_8_is_told_with_its_first_bad_byte(folder: Path) -> None:
    (folder / "digest.txt").write_bytes(b"Gr\xfc\xdfe")
    made = Templating.from_folder(folder)

    assert "shipped/digest.txt" in stood_in(made)
    assert "digest.txt is not UTF-8 text (byte 3)" in made.faults[0]


def test_a_byte_order_mark_is_no_part_of_the_mail(folder: Path) -> None:
    (folder / "own.txt").write_bytes(b"\xef\xbb\xbfHello")

    assert Templating.from_folder(folder).render("own.txt") == "Hello"


def test_a_folder_or_a_pipe_of_that_name_is_not_read(folder: Path) -> None:
    (folder / "digest.html").mkdir()
    os.mkfifo(folder / "digest.txt")
    made = Templating.from_folder(folder)

    for name in ("digest.html", "digest.txt"):
        stood_in(made, name)
    assert [f"{name} is no file" in fault for name, fault in zip(
        ("digest.html", "digest.txt"), made.faults, strict=True
    )] == [True, True]  # fmt: skip


def test_a_link_that_leads_nowhere_is_told(folder: Path) -> None:
    (folder / "digest.txt").symlink_to(folder / "gone.txt")
    made = Templating.from_folder(folder)

    stood_in(made)
    assert "digest.txt is no file" in made.faults[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(folder: Path) -> None:
    (folder / "digest.txt").touch(mode=0)
    made = Templating.from_folder(folder)

    stood_in(made)
    assert "Permission denied" in made.faults[0]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    made = Templating.from_folder(tmp_path / "missing")

    assert "The folder of templates missing is not there" in made.faults[0]
    assert "shipped/digest.txt:" in stood_in(made)


def test_a_template_too_large_to_be_one_is_told(folder: Path) -> None:
    assert "more than 1,000,000" in fault_of(folder, "a" * (MAX_TEXT + 1))


def test_what_failed_once_is_left_aside_for_the_rest_of_the_message(folder: Path) -> None:
    made = written(folder, "{{ 1 // number }}", "digest.txt")

    assert made.render("digest.txt", number=1) == "1"
    for number in (0, 1):
        with pytest.raises(MonitorError, match="shipped/"):
            made.render("digest.txt", number=number)
    assert len(made.faults) == 1


def test_a_shipped_template_that_fails_is_an_error() -> None:
    with pytest.raises(MonitorError, match=r"shipped/digest.html:\d+ cannot be used"):
        Templating.shipped().render("digest.html", light=LIGHT, dark=DARK)


def test_from_what_was_used_the_same_is_made_again(folder: Path) -> None:
    (folder / "parts.html").write_text("{% macro bold(text) %}<b>{{ text }}</b>{% endmacro %}")
    made = written(folder, "{% from 'parts.html' import bold %}{{ bold(name) }}")
    shown = made.render("digest.html", name="<x>")
    for path in folder.iterdir():
        path.write_text("changed since")

    again = Templating.of(made.used)
    assert again.render("digest.html", name="<x>") == shown == "<b>&lt;x&gt;</b>"
    assert again.used == made.used


def test_what_stood_in_for_a_failed_template_stands_in_again(folder: Path) -> None:
    failed = Template(name="digest.txt", source="{{ mistake }}")
    shipped = Template(name="instead:digest.txt", source="Shipped, for {{ name }}")
    again = Templating.of((failed, shipped))

    assert again.render("digest.txt", name="you") == "Shipped, for you"
    assert again.used == (shipped,)
    assert again.faults == ()


def test_of_exactly_these_nothing_else_is_taken() -> None:
    with pytest.raises(MonitorError, match=r"there is no template digest.html"):
        Templating.of([Template(name="digest.txt", source="a")]).render("digest.html")
    with pytest.raises(MonitorError, match=r"digest.txt:1 cannot be used: 'a' is undefined"):
        Templating.of([Template(name="digest.txt", source="{{ a }}")]).render("digest.txt")


@given(st.text(alphabet="{}%#|~()[]'\" .,abcdfinorx1\n\\-", max_size=60))
def test_no_source_whatever_raises_anything_but_what_is_promised(source: str) -> None:
    own = Templating.of([Template(name="own.html", source=source)])
    with suppress(MonitorError):
        assert own.render("own.html", a="b").strip()
