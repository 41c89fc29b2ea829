"""The author box at an article's end: what is cut, what is kept of it, and what is never cut."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from feeds.authorbox import clean_without_box, cut
from feeds.clean import plain_text
from feeds.model import Author

BASE = "https://news.example/post"
ARTICLE = ["The bridge over the river opened.", "Engineers tested it for a week.", "Traffic began at noon."]
BOX = ["About Nora Quill", "Writes about bridges & rivers.", "View all posts by Nora Quill →"]
NORA = Author(name="Nora Quill", bio="Writes about bridges & rivers.")
SEED = Path(__file__).resolve().parents[2] / "shared" / "seed"


def paragraphs(lines: list[str], tag: str = "p") -> str:
    """Lines as elements."""
    return "".join(f"<{tag}>{html.escape(line)}</{tag}>" for line in lines)


def read(fragment: str, *names: str) -> tuple[str, tuple[Author, ...]]:
    """The words of the article, and its authors."""
    safe, authors = clean_without_box(fragment, BASE, tuple(Author(name=name) for name in names))
    assert safe.text == plain_text(safe.html)
    return safe.text, authors


FORMS = {
    "paragraphs": paragraphs(ARTICLE + BOX),
    "divisions": paragraphs(ARTICLE + BOX, "div"),
    "heading": paragraphs(ARTICLE) + f"<h3>{BOX[0]}</h3>" + paragraphs(BOX[1:]),
    "nested": f"<div><div>{paragraphs(ARTICLE)}</div><div><h4>{BOX[0]}</h4><div>{BOX[1]} {BOX[2]}</div></div></div>",
    "blank lines": "\n\n".join(ARTICLE + BOX),
    "blank lines, Windows": "\r\n\r\n".join(ARTICLE + BOX),
    "blank lines, box in lines": "\n\n".join([*ARTICLE, "\n".join(BOX)]),
    "single lines": "\n".join(ARTICLE + BOX),
    "breaks": "<br>".join(ARTICLE + BOX),
    "breaks in a paragraph": "<p>" + "<br />\n".join(ARTICLE + BOX) + "</p>",
    "two breaks": "<br/><br/>\n".join(ARTICLE + BOX),
    "link between paragraphs": paragraphs(ARTICLE + BOX[:2]) + f'<a href="/">{BOX[2]}</a>',
    "bold": paragraphs(ARTICLE) + f"<p><b>{BOX[0]}</b></p><p>{BOX[1]}</p><p><a href='/'>{BOX[2]}</a></p>",
    "without an arrow": paragraphs([*ARTICLE, *BOX[:2], "View all posts by Nora Quill"]),
    "more posts": paragraphs([*ARTICLE, *BOX[:2], "More articles by Nora Quill »"]),
    "in capitals": paragraphs([*ARTICLE, "ABOUT Nora Quill:", BOX[1], BOX[2]]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("known", [(), ("Nora Quill",), ("nora quill",)])
def test_the_box_in_every_form(form: str, known: tuple[str, ...]) -> None:
    """An "About NAME ... View all posts by NAME" box goes, however it is marked up, and stands as the author's bio."""
    words, authors = read(FORMS[form], *known)

    assert words.split() == " ".join(ARTICLE).split()
    assert [(author.name.casefold(), author.bio) for author in authors] == [("nora quill", NORA.bio)]


@pytest.mark.parametrize(
    ("head", "bio", "tail", "name"),
    [
        ("Об авторе Норе Квилл", "Пишет о мостах и реках.", "Все записи автора Нора Квилл →", "Нора Квилл"),
        ("О Норе Квилл", "Пишет о мостах и реках.", "Посмотреть все записи автора Нора Квилл →", "Нора Квилл"),
        ("Об Анне Мостовой", "Пишет о мостах и реках.", "Все публикации автора Анна Мостовая", "Анна Мостовая"),
        ("Об авторе", "Пишет о мостах и реках.", "Все материалы автора Нора Квилл", "Нора Квилл"),
        ("Nora Köprü Hakkında", "Köprüler üzerine yazar.", "Nora Köprü tarafından yazılan tüm yazılar →", "Nora Köprü"),
        ("Hakkında Nora Köprü", "Köprüler üzerine yazar.", "Nora Köprü tarafından yazılan tüm yazılar", "Nora Köprü"),
        ("Yazar Hakkında", "Köprüler üzerine yazar.", "Nora Köprü tarafından yazılan tüm yazılar", "Nora Köprü"),
    ],
)  # fmt: skip
def test_russian_and_turkish_boxes(head: str, bio: str, tail: str, name: str) -> None:
    """The box that WordPress writes in Russian and Turkish goes too, though Russian declines the name."""
    words, authors = read(paragraphs([*ARTICLE, head, bio, tail]))

    assert words.split("\n") == ARTICLE
    assert authors == (Author(name=name, bio=bio),)


@pytest.mark.parametrize(
    "head",
    ["About the author", "About the Author:", "ABOUT THE AUTHORS", "Об авторе", "Об авторах:", "Yazar hakkında",
     "Über den Autor", "À propos de l’auteur", "عن الكاتب", "درباره نویسنده"],
)  # fmt: skip
def test_about_the_author(head: str) -> None:
    """A line that only says "About the author", in any of these languages, opens a box at the end of the article."""
    words, authors = read(
        paragraphs([*ARTICLE, head, "She builds models of bridges.", "She lives by a river."]), "Nora Quill"
    )

    assert words.split("\n") == ARTICLE
    assert authors == (Author(name="Nora Quill", bio="She builds models of bridges.\nShe lives by a river."),)


@pytest.mark.parametrize(
    ("line", "name", "bio"),
    [
        ("About the author: Nora Quill builds models of bridges.", "Tom Reed", "Nora Quill builds models of bridges."),
        ("Об авторе: Нора Квилл", "Нора Квилл", ""),
        ("About the author: Nora Quill", "Nora Quill", ""),
    ],
)
def test_about_the_author_in_one_line(line: str, name: str, bio: str) -> None:
    """ "About the author: ..." in one last line is a box as well; a mere name in it is the author's."""
    words, authors = read(paragraphs([*ARTICLE, line]), *(["Tom Reed"] if bio else []))

    assert words.split("\n") == ARTICLE
    assert authors == (Author(name=name, bio=bio),)


def test_about_a_known_author_needs_no_link() -> None:
    """ "About NAME" is a box where NAME is one of the entry's authors, and the bio is his, not the first one's."""
    words, authors = read(paragraphs(ARTICLE + BOX[:2]), "Tom Reed", "Nora Quill")

    assert words.split("\n") == ARTICLE
    assert authors == (Author(name="Tom Reed"), NORA)


def test_a_lone_link_to_all_posts() -> None:
    """A lone "View all posts by NAME" goes, and tells the author of an entry that names none."""
    words, authors = read(paragraphs([*ARTICLE, BOX[2]]))

    assert words.split("\n") == ARTICLE
    assert authors == (Author(name="Nora Quill"),)


@pytest.mark.parametrize(
    "mark",
    ["author-info", "author-box", "wide author-bio last", "about-author", "m-a-box", "saboxplugin-wrap",
     "pp-multiple-authors-boxes-wrapper pp-multiple-authors-layout-boxed"],
)  # fmt: skip
def test_boxes_that_a_plug_in_marks(mark: str) -> None:
    """An element that a known plug-in or theme marks goes, with name, page and bio kept; what follows it stays."""
    box = (
        '<h4>Nora Quill</h4><p>Writes about bridges &amp; rivers.</p><a href="/author/nora" rel="author">Nora Quill</a>'
    )
    words, authors = read(
        f'{paragraphs(ARTICLE[:2])}<div class="{mark}"><img src="x.png">{box}</div><p>{ARTICLE[2]}</p>'
    )

    assert words.split("\n") == ARTICLE
    assert [(author.name, author.url) for author in authors] == [("Nora Quill", "https://news.example/author/nora")]
    assert NORA.bio in authors[0].bio


def test_the_box_of_a_classic_theme() -> None:
    """The box of WordPress's own themes, with avatar, heading and a link within the bio, goes whole."""
    box = (
        '<div class="author-info"><div class="author-avatar"><img src="a.png" width="60"></div><div class="author-description">'
        '<h2>About Nora Quill</h2><p>Writes about bridges &amp; rivers.<div class="author-link">'
        '<a href="/author/nora" rel="author">View all posts by Nora Quill <span>&rarr;</span></a></div></p></div></div>'
    )
    words, authors = read(paragraphs(ARTICLE) + box)

    assert words.split("\n") == ARTICLE
    assert authors == (Author(name="Nora Quill", bio=NORA.bio, url="https://news.example/author/nora"),)


@pytest.mark.parametrize(
    "lines",
    [
        [*ARTICLE, "About Kazakhstan", "It is a large country with many bridges.", "Trains cross it in three days."],
        [*ARTICLE[:2], "About the bridge", ARTICLE[2]],
        [*ARTICLE, "About Nora Quill", "She is the mayor, and opened the bridge."],
        [*ARTICLE, "О мостах Казахстана", "Их много."],
        [*ARTICLE, "Türkiye Hakkında", "Köprüleri çoktur."],
        ["About the author", "He is long dead.", *ARTICLE, *ARTICLE, *ARTICLE],
        [*ARTICLE, "About the author", *["A long chapter on him follows, line by line."] * 12],
        [*ARTICLE, "About the author", "A very long line. " * 120],
        ["To read more, click View all posts by Nora Quill and then go back.", *ARTICLE],
        [*ARTICLE, "What about Nora Quill", "asked the mayor."],
        ["They argued about a bridge.", "What is this all about?", "About time, too."],
        [*ARTICLE, "About 300 people came."],
    ],
)
def test_what_is_no_box(lines: list[str]) -> None:
    """Without a sure sign nothing is cut: not a section about a country, a mayor, or the author of a book."""
    words, authors = read(paragraphs(lines), "Tom Reed")

    assert words.split("\n") == [" ".join(line.split()) for line in lines]
    assert authors == (Author(name="Tom Reed"),)


def test_a_section_before_the_box_stays() -> None:
    """A section "About Kazakhstan" above the box is not drawn into it."""
    section = ["About Kazakhstan", "It has many bridges."]
    words, authors = read(paragraphs([*ARTICLE, *section, *BOX]))

    assert words.split("\n") == ARTICLE + section
    assert authors == (NORA,)


def test_what_follows_the_box_stays() -> None:
    """The link to all posts ends the box: a footer behind it, however long, is not the author's bio."""
    footer = [f"Footnote {number} on the bridge." for number in range(4)]
    words, authors = read(paragraphs([*ARTICLE, *ARTICLE, *BOX, *footer]))

    assert words.split("\n") == [*ARTICLE, *ARTICLE, *footer]
    assert authors == (NORA,)


def test_all_posts_by_nobody_in_particular() -> None:
    """ "View all posts by the editors of this site" names nobody, so that nothing of it is cut or believed."""
    lines = [*ARTICLE, "View all posts by the editors of this site"]

    assert read(paragraphs(lines)) == ("\n".join(lines), ())


def test_a_name_that_only_the_link_tells() -> None:
    """In a marked box the link of rel="author" gives the name, where no line of its own does."""
    box = '<div class="author-box"><a rel="author" href="/nora">Nora Quill</a><p>likes ferries, mostly.</p></div>'
    words, authors = read(paragraphs(ARTICLE) + box)

    assert words.split("\n") == ARTICLE
    assert authors == (Author(name="Nora Quill", bio="likes ferries, mostly.", url="https://news.example/nora"),)


def test_an_article_that_is_marked_as_a_box_stays() -> None:
    """A theme that gives the box's class to the article itself loses nothing."""
    article = f'<div class="author-box">{paragraphs(ARTICLE)}</div>'

    assert cut(article) == (article, None)
    assert read(f'{article}<p class="note">End.</p>' + article * 7, "Nora Quill")[0].count(ARTICLE[0]) == 8


def test_a_marked_byline_is_no_name_of_its_own() -> None:
    """ "By Nora Quill", marked as author info, names Nora Quill."""
    words, authors = read(f'<p class="author-info">By Nora Quill</p>{paragraphs(ARTICLE)}')

    assert words.split("\n") == ARTICLE
    assert authors == (Author(name="Nora Quill"),)


def test_a_bio_of_nobody_is_not_thrown_away() -> None:
    """Never a word lost: a box that names nobody, in an entry without authors, stays where it is."""
    lines = [*ARTICLE, "About the author", "She builds models of bridges."]
    words, authors = read(paragraphs(lines))

    assert words.split("\n") == lines
    assert authors == ()


def test_what_two_boxes_say_is_kept_once() -> None:
    """A bio that is known already is not said twice, another one is added to it."""
    held = (Author(name="Nora Quill", bio="Likes ferries.", url="https://nora.example/"),)
    _, once = clean_without_box(paragraphs(ARTICLE + BOX), BASE, held)
    _, twice = clean_without_box(paragraphs(ARTICLE + BOX), BASE, once)

    assert once == twice == (Author(name="Nora Quill", bio=f"Likes ferries.\n{NORA.bio}", url="https://nora.example/"),)


def test_the_page_of_the_author_is_a_safe_link() -> None:
    """X-27: the author's page is taken from the box only where it is a web address."""
    box = '<p>About Nora Quill</p><p><a href="{}">View all posts by Nora Quill</a></p>'
    pages = [
        read(paragraphs(ARTICLE) + box.format(url))[1][0].url
        for url in ("/author/nora", "javascript:alert(1)", "https://a.example/nora")
    ]

    assert pages == ["https://news.example/author/nora", "", "https://a.example/nora"]


@pytest.mark.parametrize(
    "fragment",
    ["", "plain", "<p>About</p>", "<!-- about the author -->", "about \x00", "<p>about me" * 9, "<![CDATA[about me]]>"],
)
def test_what_has_no_box_is_untouched(fragment: str) -> None:
    """Where no box is found the fragment is handed back as it came, character by character."""
    assert cut(fragment) == (fragment, None)


@pytest.mark.parametrize(
    "hostile",
    [
        "<p>about me</p>" * 60_000,
        "<p class=author-box>x</p>" * 40_000,
        "<p>" + "view all posts by " * 50_000 + "</p>",
        "<p>view all posts by " + ">" * 900_000 + "x</p>",
        "about me" + "<div>" * 150_000,
        "about me<br>" * 80_000,
    ],
)  # fmt: skip
def test_a_megabyte_of_hints_is_read_in_one_go(hostile: str) -> None:
    """X-11: a megabyte that looks like boxes throughout is searched in good time, and is none."""
    assert cut(hostile) == (hostile, None)


@pytest.mark.skipif(not SEED.is_dir(), reason="the seed article is not here")
@pytest.mark.parametrize("form", ["blank lines", "single lines", "paragraphs", "breaks", "two breaks"])
def test_the_seed_article(form: str) -> None:
    """The article that started it all loses exactly its last three lines, which become the author's bio."""
    lines = next(SEED.glob("*.txt")).read_text().strip().split("\n\n")
    joined = {
        "blank lines": "\n\n".join(lines),
        "single lines": "\n".join(lines),
        "paragraphs": paragraphs(lines),
        "breaks": "<br>".join(lines),
        "two breaks": "<br><br>".join(lines),
    }[form]
    words, authors = read(joined)

    assert words.split() == " ".join(lines[:-3]).split()
    assert [author.bio for author in authors] == [lines[-2]]
    assert lines[-3] == f"About {authors[0].name}"
