"""Real kinds of bylines, and what becomes of them: who signs, in what role, for whom, and whose story it is."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from aggregator.byline_names import read_field
from aggregator.bylines import Signed, bylines_of
from feeds.model import Author
from storage.model import Byline
from tests.fakes import make_entry, make_source

LONG = "Both states agreed to repair helicopters of older make in a plant near the capital, an official said. " * 4


def signed(*raw: str, source: str = "News", text: str = "", lang: str = "", **more: Any) -> Signed:
    """Who signs an entry with these author fields."""
    return bylines_of(make_entry(authors=raw, text=text, lang=lang), make_source(name=source), **more)


def names(found: Signed) -> list[str]:
    """The names that signed, with what they are where they are no persons."""
    return [one.name if one.kind == "person" else f"{one.kind}: {one.name}" for one in found.bylines]


def only(found: Signed) -> Byline:
    """The one byline."""
    (one,) = found.bylines
    return one


@pytest.mark.parametrize(
    ("number", "raw", "expected", "wire"),
    [
        (1, "By Elise Hammond, Piper Hudspeth Blackburn and Maureen Chowdhury, CNN",
         ["Elise Hammond", "Piper Hudspeth Blackburn", "Maureen Chowdhury"], ""),
        (2, 'By <a href="/profiles/julia-hollingsworth">Julia Hollingsworth</a>, CNN', ["Julia Hollingsworth"], ""),
        (3, "By Joori Roh & Soo-Hyang Choi", ["Joori Roh", "Soo-Hyang Choi"], ""),
        (4, "Agence France-Presse in Seoul", ["organisation: Agence France-Presse"], "afp"),
        (5, "Agence France-Presse", ["organisation: Agence France-Presse"], "afp"),
        (6, "Al Jazeera Staff", ["desk: Al Jazeera Staff"], ""),
        (8, "Reuters Staff", ["desk: Reuters Staff"], "reuters"),
        (9, "https://www.facebook.com/bbcnews", [], ""),
        (10, "STEVE PEOPLES, THOMAS BEAUMONT, AMELIA THOMSON-DEVEAUX",
         ["Steve Peoples", "Thomas Beaumont", "Amelia Thomson-Deveaux"], ""),
        (11, "Associated Press", ["organisation: Associated Press"], "ap"),
        (12, "Guardian staff reporter", ["desk: Guardian staff reporter"], ""),
        (13, "IN-Redaktion", ["desk: IN-Redaktion"], ""),
        (14, "ntv.com.tr", [], ""),
        (15, "Anadolu Ajansı", ["organisation: Anadolu Ajansı"], "aa"),
        (17, "Sehernur Karsu", ["Sehernur Karsu"], ""),
        (17, "Fatma Sevinç Çetin", ["Fatma Sevinç Çetin"], ""),
        (18, "Ярослав Кузишин, Антон Зелинский, Карина Гасимова",
         ["Ярослав Кузишин", "Антон Зелинский", "Карина Гасимова"], ""),
        (19, "Андрей Колесников", ["Андрей Колесников"], ""),
        (20, "牛镛、岳弘彬", ["牛镛", "岳弘彬"], ""),
        (21, "noreply@blogger.com (Politico Cafe)", ["Politico Cafe"], ""),
        (22, "by Derek Bisaccio, International Military Markets Analyst, Forecast International.", ["Derek Bisaccio"], ""),
        (23, "by Shaun McDougall, Military Markets AnalystForecast International.", ["Shaun McDougall"], ""),
        (24, "by Richard Pettibone, Aerospace & Defense Companies Analyst, Forecast International.",
         ["Richard Pettibone"], ""),
        (25, "By Rafis Abazov and Arystanbek Mukhamediuly (the 04/09/2013 issue of the CACI Analyst)",
         ["Rafis Abazov", "Arystanbek Mukhamediuly"], ""),
        (29, "MSAB", ["organisation: MSAB"], ""),
        (29, "View all posts by MSAB", ["organisation: MSAB"], ""),
        (31, "gazettebeckycoleman", [], ""),
        (32, "Jane Quill, Professor of Law, University of Example", ["Jane Quill"], ""),
        (32, "Jane Quill | Department of Physics", ["Jane Quill"], ""),
        (32, "Jane Quill in Ankara, and agencies", ["Jane Quill"], ""),
        (32, "Written by Ann Lee and Bo Roe; Animation by Cy Doe; Photography by Di Poe", ["Ann Lee", "Bo Roe"], ""),
        (33, "Showwei Chu, Christine Pagulayan", ["Showwei Chu", "Christine Pagulayan"], ""),
        (34, "Staff", ["desk: Staff"], ""),
        (35, "Victoria O’Regan", ["Victoria O’Regan"], ""),
        (36, "RFE/RL's Kazakh Service", ["desk: RFE/RL's Kazakh Service"], ""),
    ],
)  # fmt: skip
def test_the_table_of_bylines(number: int, raw: str, expected: list[str], wire: str) -> None:
    """Each field of the table is split, cleaned and told apart as it should be."""
    found = signed(raw)

    assert (names(found), found.wire) == (expected, wire), number
    assert all(one.raw for one in found.bylines), number


@pytest.mark.parametrize(
    ("number", "raw", "source"),
    [(7, "Al Jazeera", "Al Jazeera"), (14, "ntv.com.tr", "NTV"), (16, "Habertürk", "Habertürk")],
)
def test_a_byline_that_is_the_outlet_is_none(number: int, raw: str, source: str) -> None:
    """Cases 7, 14 and 16: an outlet that signs with its own name or address names nobody."""
    assert signed(raw, source=source) == Signed(), number


@pytest.mark.parametrize(
    ("number", "raw", "role", "affiliation"),
    [
        (1, "By Elise Hammond, Piper Hudspeth Blackburn and Maureen Chowdhury, CNN", "", "CNN"),
        (2, "By <a href='/p/jh'>Julia Hollingsworth</a>, CNN", "", "CNN"),
        (22, "by Derek Bisaccio, International Military Markets Analyst, Forecast International.",
         "International Military Markets Analyst", "Forecast International"),
        (23, "by Shaun McDougall, Military Markets AnalystForecast International.",
         "Military Markets Analyst", "Forecast International"),
        (24, "by Richard Pettibone, Aerospace & Defense Companies Analyst, Forecast International.",
         "Aerospace & Defense Companies Analyst", "Forecast International"),
        (32, "Jane Quill, Professor of Law, University of Example", "Professor of Law", "University of Example"),
        (32, "Jane Quill | Department of Physics", "", "Department of Physics"),
        (0, "Jane Quill Africa correspondent", "Africa correspondent", ""),
        (0, "Иван Петров, корреспондент РИА Новости", "корреспондент", "РИА Новости"),
        (0, "Ayşe Kaya, muhabir", "muhabir", ""),
        (0, "Jane Quill is a reporter for the Example Times", "reporter", "Example Times"),
    ],
)  # fmt: skip
def test_roles_and_affiliations(number: int, raw: str, role: str, affiliation: str) -> None:
    """What a byline says of its people stands beside their names, for each of them, never as another author."""
    found = signed(raw).bylines

    assert {(one.role, one.affiliation) for one in found} == {(role, affiliation)}, number


def test_a_link_in_a_byline_is_the_authors_page() -> None:
    """Case 2: the address that the name links to is kept, made whole by the entry's own."""
    found = signed('By <a href="/profiles/julia-hollingsworth">Julia Hollingsworth</a>, CNN')

    assert only(found).url == "https://news.example/profiles/julia-hollingsworth"


@pytest.mark.parametrize(
    ("number", "line", "name", "role", "affiliation"),
    [
        (22, "by Derek Bisaccio, International Military Markets Analyst, Forecast International.",
         "Derek Bisaccio", "International Military Markets Analyst", "Forecast International"),
        (23, "by Shaun McDougall, Military Markets AnalystForecast International.",
         "Shaun McDougall", "Military Markets Analyst", "Forecast International"),
        (24, "by Richard Pettibone, Aerospace & Defense Companies Analyst, Forecast International.",
         "Richard Pettibone", "Aerospace & Defense Companies Analyst", "Forecast International"),
        (0, "*By Nora Quill*", "Nora Quill", "", ""),
        (0, "Автор: Иван Петров", "Иван Петров", "", ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("account", ["", "admin", "gazettebeckycoleman", "noreply@x.example"])
def test_the_first_paragraph_names_the_author(
    number: int, line: str, name: str, role: str, affiliation: str, account: str
) -> None:
    """A line "by NAME, ROLE, ORGANISATION." at the start of the text counts where the feed names nobody."""
    for text in (f"{line}\n{LONG}", f"A summary of it.\n{line} {LONG}" if line.endswith(".") else f"{line}\n{LONG}"):
        one = only(signed(*([account] if account else []), text=text))
        assert (one.name, one.role, one.affiliation, one.origin) == (name, role, affiliation, "text"), number


def test_the_text_wins_over_an_account_that_is_an_organisation() -> None:
    """Case 29: the account is the company's; the person who signs the text is the author, who works there."""
    text = f"*by Markus Hess, MSAB Digital Forensic Specialist*\n{LONG}"
    one = only(signed("MSAB", text=text))

    assert (one.name, one.role, one.kind) == ("Markus Hess", "MSAB Digital Forensic Specialist", "person")
    assert one.affiliation == "MSAB"


@pytest.mark.parametrize(
    "text",
    [
        "By Monday, Russian Forces had left the town.",
        "By Late November the talks were over.",
        "By using old parts, the plant repaired two helicopters.",
        "By contrast, Kazakhstan bought new ones.",
        "By United Nations estimates it was so.",
        "By Vladimir Sample's own count there were ten of them.",
        "Trend News Agency reported, “The parties discussed the issues of interaction.”",
        "The plan (Reuters) was told to Nora Quill by the minister.",
    ],
)
def test_a_sentence_is_no_byline(text: str) -> None:
    """Who is only spoken of, quoted or counted by has not written the text, and a quoted agency is no origin."""
    assert signed(text=f"{text} {LONG}") == Signed()


def test_a_trailing_bio_names_the_authors() -> None:
    """Case 26: where nobody signs, the last paragraph that introduces people names them, and is their bio."""
    bio = (
        "David Trilling is EurasiaNet's Central Asia editor. Natalia Yefimova-Trilling is a freelance journalist who "
        "writes about the region."
    )
    found = signed(text=f"{LONG}\n{bio}")

    assert names(found) == ["David Trilling", "Natalia Yefimova-Trilling"]
    assert {one.origin for one in found.bylines} == {"bio"}
    assert found.bylines[0].bio == "David Trilling is EurasiaNet's Central Asia editor."
    assert only(signed("David Trilling", text=f"{LONG}\n{bio}")).bio == found.bylines[0].bio


@pytest.mark.parametrize(
    "last",
    ["Jane Quill is a member of parliament.", "John Roe was president until then.", "It is a journal for editors."],
)
def test_a_last_paragraph_about_others_is_no_bio(last: str) -> None:
    """Only a sentence that begins with a name and tells of writing or research is a bio."""
    assert signed(text=f"{LONG}\n{last}") == Signed()


@pytest.mark.parametrize(
    ("number", "start", "expected", "wire"),
    [
        (27, "DUSHANBE, Sep 16 — RIMA News, Lidia Isamova.", ["Lidia Isamova"], ""),
        (28, "Bishkek, Sep 17 (UNI)", ["organisation: UNI"], "uni"),
        (28, "NOV. 22 (The Bulletin) —", ["organisation: The Bulletin"], ""),
        (0, "WASHINGTON (AP) —", ["organisation: AP"], "ap"),
        (0, "BAGHDAD (Reuters) -", ["organisation: Reuters"], "reuters"),
        (0, "МОСКВА, 24 ноября. /ТАСС/.", ["organisation: ТАСС"], "tass"),
        (0, "МОСКВА, 24 ноя - РИА Новости, Иван Петров.", ["Иван Петров"], "ria"),
        (0, "ANKARA (AA) -", ["organisation: AA"], "aa"),
        (0, "BERLIN (dpa) -", ["organisation: dpa"], "dpa"),
    ],
)
def test_datelines(number: int, start: str, expected: list[str], wire: str) -> None:
    """Cases 27 and 28: a dateline names the agency, and a person behind it; the place is nobody."""
    found = signed(text=f"{start} {LONG}")

    assert (names(found), found.wire) == (expected, wire), number
    assert {one.origin for one in found.bylines} == {"dateline"}


def test_a_dateline_beside_an_author_tells_whose_story_it_is() -> None:
    """An outlet's own reporter signs, the dateline names the agency: both are kept."""
    found = signed("Nora Quill", text=f"KYIV (Reuters) - {LONG}")

    assert (names(found), found.wire) == (["Nora Quill"], "reuters")


@pytest.mark.parametrize("closing", ["(AFP)", "/ТАСС/", "— Reuters"])
def test_an_agency_at_the_end_is_the_origin(closing: str) -> None:
    """The slug behind the last sentence names the agency, not an author."""
    found = signed("Nora Quill", text=f"{LONG}{closing}")

    assert (names(found), found.wire) == (["Nora Quill"], {"(": "afp", "/": "tass", "—": "reuters"}[closing[0]])


def test_two_elements_are_two_authors() -> None:
    """Case 30: every element counts, "by" is cut in each."""
    assert names(signed("by Mica Rosenberg", "Perla Trevizo")) == ["Mica Rosenberg", "Perla Trevizo"]


def test_a_login_gives_way_to_the_page() -> None:
    """Case 31: a login is nobody; the page's author is asked."""
    found = signed("gazettebeckycoleman", page=(Author(name="Clea Simon"),))

    assert (names(found), only(found).origin) == (["Clea Simon"], "page")


def test_a_box_names_the_author() -> None:
    """An article with only an "About NAME" box is NAME's, never "View all posts by NAME"."""
    text = f"{LONG}\nAbout Nora Quill\nMilitary markets analyst.\nView all posts by Nora Quill →"
    one = only(signed(text=text))

    assert (one.name, one.bio, one.origin) == ("Nora Quill", "Military markets analyst.", "box")
    boxed = make_entry(authors=(Author(name="Nora Quill", bio="Military markets analyst."),), text=LONG)
    assert only(bylines_of(boxed, make_source())).origin == "box"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("{'name': 'Jane Quill'}", ["Jane Quill"]),
        ('{"@type": "Person", "name": "Jane Quill", "url": "https://x.example"}', ["Jane Quill"]),
        ('["Ann Lee", "Bo Roe"]', ["Ann Lee", "Bo Roe"]),
        ("['Ann Lee', 'Bo Roe']", ["Ann Lee", "Bo Roe"]),
        ('[{"name": "Ann Lee"}, {"name": "Bo Roe"}]', ["Ann Lee", "Bo Roe"]),
        ('a:1:{i:0;s:7:"Ann Lee";}', ["Ann Lee"]),
        ("ARRAY(0x55d0c8a0)", []),
        ("[object Object]", []),
        ("null", []),
        ("jane.quill@news.example", []),
        ("Jane Quill <jane@news.example>", ["Jane Quill"]),
        ("jane@news.example (Jane Quill)", ["Jane Quill"]),
        ("Jane Quill (@janequill)", ["Jane Quill"]),
        ("&lt;b&gt;Jane&amp;nbsp;Quill&lt;/b&gt;", ["Jane Quill"]),
        ("<script>alert(1)</script>Jane Quill", []),
        ("\u202eJane\u202c Quill\x00", ["Jane Quill"]),
        ("\ufeffЖанна\u200bД’Арк", ["ЖаннаД’Арк"]),
        ("Jane QuillJohn Roe", ["Jane Quill", "John Roe"]),
        ("Scappaticci, Elena", ["Elena Scappaticci"]),
        ("Kaur, M., Shukla, A.", ["M. Kaur", "A. Shukla"]),
        ("John Smith, Jr.", ["John Smith Jr."]),
        ("MARY McCANN", ["Mary McCann"]),
        ("MICHAEL J. de la MERCED", ["Michael J. de la Merced"]),
        ("LIAM O'NEILL III", ["Liam O'Neill III"]),
        ("İSMAİL IŞIK", ["İsmail Işık"]),
        ("jane quill", ["Jane Quill"]),
        ("Alice Park / Milan", ["Alice Park"]),
        ("Ann Lee in Alexandria, Virginia, and Bo Roe and Cy Doe in New York", ["Ann Lee", "Bo Roe", "Cy Doe"]),
        ("Ann Lee (now), Bo Roe and Cy Doe (earlier)", ["Ann Lee", "Bo Roe", "Cy Doe"]),
        ("Ann Lee, illustration by Bo Roe for the Example Post", ["Ann Lee"]),
        ("Juan Pérez y María López", ["Juan Pérez", "María López"]),
        ("José Ortega y Gasset", ["José Ortega y Gasset"]),
        ("محمد علي و أحمد حسن", ["محمد علي", "أحمد حسن"]),
        ("رضا احمدی، مریم کریمی", ["رضا احمدی", "مریم کریمی"]),
        ("Ministry of Foreign Affairs and Trade", ["organisation: Ministry of Foreign Affairs and Trade"]),
        ("Center for Strategic and International Studies", ["organisation: Center for Strategic and International Studies"]),
        ("Jane Quill for Radio Example", ["Jane Quill"]),
        ("Jane Quill, CNN Business", ["Jane Quill"]),
        ("Jane Quill, as told to Ann Lee", ["Jane Quill"]),
        ("Jane Quill, The Associated Press and Bo Roe", ["Jane Quill", "Bo Roe"]),
        ("Lt. Gen. H.R. Quill (ret.)", ["H.R. Quill"]),
        ("U.S. Army Sgt. Bo Roe", ["Bo Roe"]),
        ("by Bo Roe, Land & Sea AnalystTeal Group.", ["Bo Roe"]),
        ("{'@type': 'Person', 'name': ['Ann Lee', 'Bo Roe']}", ["Ann Lee", "Bo Roe"]),
        ("Ministry of Defence, Kazakhstan", ["organisation: Ministry of Defence"]),
        ("Muhabir: Ahmet Kılıç", ["Ahmet Kılıç"]),
        ("记者 王伟", ["王伟"]),
        ("Guest Author", []),
        ("facebook.com/janequill", []),
        ("The Editors", ["desk: The Editors"]),
        ("Haber Merkezi", ["desk: Haber Merkezi"]),
        ("Пресс-служба Минобороны", ["desk: Пресс-служба Минобороны"]),
        ("Our Correspondent", ["desk: Our Correspondent"]),
        ("Editor", []),
        ("Senior Military Analyst", []),
        ("jane_quill", []),
        ("user42", []),
        ("/u/somebody", []),
        ("No reply Example.fr", []),
        ("…", []),
    ],
)  # fmt: skip
def test_fields_that_machines_and_people_filled(raw: str, expected: list[str]) -> None:
    """Whatever stands in a field, its names come out of it and nothing else does."""
    if "<script>" in raw:
        assert all("<" not in name for name in names(signed(raw)))
    else:
        assert names(signed(raw)) == expected


def test_what_stood_there_is_kept() -> None:
    """The first byline of a field keeps the field as it was, the others their own piece."""
    raw = "By ANN LEE and BO ROE; Photographs by Cy Doe"

    assert [one.raw for one in signed(raw).bylines] == [raw, "BO ROE"]


@pytest.mark.parametrize(
    "raw",
    [
        "a" * 5000, "Ann Lee, " * 600, "<" * 5000, "(" * 5000, "{" * 5000, "[" * 5000, '"' * 5000, "and " * 1250,
        " / " * 1700, "by " * 1700, "&amp;" * 1000, "@" * 5000, "a@b." * 1250, "\u202e" * 5000, "\x00" * 5000, "ﷺ" * 5000,
        "Ann " * 1250, "O'" * 2500, "\ud800 Ann Lee", "Ann\n" * 1250, "'name':" * 700, "-" * 5000, "Ж z 牛 ع " * 600,
    ],
)  # fmt: skip
def test_hostile_fields_are_bounded(raw: str) -> None:
    """A field of any kind and length gives few and short names, and the entry is recorded all the same."""
    found = signed(raw, raw, text=raw * 3)

    assert len(found.bylines) <= 100
    assert all(0 < len(one.name) <= 130 and len(one.raw) <= 10_000 for one in found.bylines)


def test_time_grows_with_the_text_no_more_than_its_ends() -> None:
    """A text of a megabyte is not walked through: steps that are counted, not seconds, stay the same."""

    def steps(text: str) -> int:
        count = 0

        def step(frame: FrameType, event: str, _: object) -> None:
            # Only our own calls: what the collector of garbage calls comes when it comes.
            nonlocal count
            count += event == "call" and "aggregator" in frame.f_code.co_filename

        sys.setprofile(step)
        try:
            signed(text=text)
        finally:
            sys.setprofile(None)
        return count

    line = "By And Is — ( / Ann Lee is a plan\n"
    signed(text=line * 50)  # what is remembered of these lines, both then have alike
    few, many = steps(line * 100), steps(line * 30_000)
    assert 0 < many < few * 2


def test_repeated_fields_are_read_once() -> None:
    """The same field gives the same records: outlets have the same few writers every day."""
    assert read_field("By Nora Quill, analyst") is read_field("By Nora Quill, analyst")
