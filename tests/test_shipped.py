"""The feeds.yaml and the samples that everybody starts with: they load, they are sound, and the topics mean what they say.

All headlines are invented.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from aggregator.config import Config, load_config
from aggregator.meaning import meaning_of
from aggregator.settings import FileModel
from aggregator.topics.match import judge
from feeds.model import Document, Entry, Source
from feeds.parse import parse
from tests.fakes import make_entry, make_source

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
SAMPLES = sorted((ROOT / "samples").iterdir())


@cache
def shipped() -> Config:
    """The shipped configuration, read once."""
    return load_config(ROOT / "feeds.yaml", environment={})


def topics_of(entry: Entry, source: Source | None = None) -> set[str]:
    """The shipped topics that an entry belongs to."""
    source = source or make_source()
    return {filing.topic for filing in judge(shipped().topics, entry, source, meaning_of(entry, source))}


# --- The file ------------------------------------------------------------------------------------------------


def test_sources() -> None:
    """The file follows Defense & Security Monitor and at least sixty more feeds on the web, each at an address of its own."""
    web = [row.source for row in shipped().sources if urlsplit(row.source.url).scheme in ("http", "https")]

    assert len(web) > 60
    assert all("." in (urlsplit(one.url).hostname or "") and one.name and one.lang and one.kind for one in web)
    assert {one.url: one.name for one in web}[
        "https://dsm.forecastinternational.com/feed/"
    ] == "Defense & Security Monitor"
    assert len({urlsplit(one.url).hostname for one in web}) > 60


@pytest.mark.skipif(not SHARED.is_dir(), reason="the research on sources is not beside this checkout")
def test_sources_were_seen_alive() -> None:
    """At least sixty of the sources stand in the research as verified, and none as dead."""
    rows = [line.split("\t") for line in (SHARED / "data" / "sources.tsv").read_text("utf-8").splitlines()]
    at = {name: number for number, name in enumerate(rows[0])}
    status = {row[at["feed_url"]]: row[at["status"]] for row in rows[1:]}
    found = [status.get(row.source.url, "") for row in shipped().sources]

    assert found.count("verified") >= 60
    assert "dead" not in found


def test_topics_and_authors() -> None:
    """There are a dozen topics or more, each with a title of its own, and authors with other spellings."""
    config = shipped()

    assert len(config.topics) >= 12
    assert len({topic.title for topic in config.topics}) == len(config.topics)
    assert all(len(author.keys) > 1 for author in config.authors)


def test_every_file_that_is_followed_exists() -> None:
    """Each file: source is there, and each sample is followed."""
    followed = {
        shipped().folder / urlsplit(row.source.url).path
        for row in shipped().sources
        if row.source.url.startswith("file:")
    }

    assert followed == set(SAMPLES)
    assert len(followed) >= 3


def test_the_schema_knows_every_key_of_the_file() -> None:
    """An editor that checks the file against our JSON Schema finds no unknown key in it."""
    schema = FileModel.model_json_schema()

    def unknown(node: Any, model: dict[str, Any]) -> list[str]:
        # An example is a model or an address: what has keys is the model.
        model = next((one for one in model.get("anyOf", ()) if "$ref" in one), model)
        model = schema["$defs"][model["$ref"].rsplit("/")[-1]] if "$ref" in model else model
        if isinstance(node, list):
            return [key for one in node for key in unknown(one, model["items"])]
        if not isinstance(node, dict):
            return []
        # A section by slug says what every slug holds; any other model names its keys.
        every = next(iter(model.get("patternProperties", {}).values()), None)
        inner = {key: model.get("properties", {}).get(key, every) for key in node}
        deeper = [key for name, one in inner.items() if one for key in unknown(node[name], one)]
        return [key for key, one in inner.items() if not one] + deeper

    tree = YAML(typ="safe").load((ROOT / "feeds.yaml").read_text("utf-8"))

    assert unknown(tree, schema) == []
    assert unknown({"settings": {"timezoon": "UTC"}, "topics": {"x": {"quary": "a"}}}, schema) == ["timezoon", "quary"]


def test_settings_in_comments_exist() -> None:
    """A setting that stands in a comment, to be taken up, is one that there is; features to come are not promised."""
    text = (ROOT / "feeds.yaml").read_text("utf-8")
    known = FileModel.model_json_schema()["$defs"]["Settings"]["properties"]
    block = text[text.index("settings:") : text.index("# SOURCES")]
    commented = [line.strip().lstrip("# ").split(":")[0] for line in block.splitlines() if line.startswith("  # ")]
    named = [one for one in commented if one.replace("_", "").isalpha() and one.islower()]

    assert named
    assert set(named) <= set(known)


# --- The samples ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: str(file.name))
def test_samples_are_sound(file: Path) -> None:
    """Each sample is read without a note, and each of its entries is dated, has words, and belongs to a topic."""
    document = parse(file.read_bytes(), f"https://example.org/{file.name}")

    assert isinstance(document, Document)
    assert (document.notes, document.truncated) == ((), False)
    assert len(document.entries) >= 3
    for entry in document.entries:
        assert entry.published
        assert len(entry.text) > 500
        assert topics_of(entry), entry.title


def test_samples_show_many_topics() -> None:
    """The first run fills topics in three languages, and a topic draws from more than one sample."""
    found: dict[str, set[str]] = {}
    for file in SAMPLES:
        document = parse(file.read_bytes())
        assert isinstance(document, Document)
        for topic in {topic for entry in document.entries for topic in topics_of(entry)}:
            found.setdefault(topic, set()).add(file.name)

    assert len(found) >= 8
    assert found["central-asia-defence"] == {file.name for file in SAMPLES}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the article that started this project is not beside this checkout")
def test_the_first_article_is_found() -> None:
    """The article that started this project is Central Asia defence cooperation, and not by what its author box says."""
    (file,) = (SHARED / "seed").glob("*.txt")
    title, _, text = file.read_text("utf-8").partition("\n")
    body, _, _ = text.partition("About Derek Bisaccio")

    assert "central-asia-defence" in topics_of(make_entry(title=title, text=body))
    assert "sahel-wagner" not in topics_of(make_entry(title=title, text=text))


# --- The topics: a title, or a title // a text ----------------------------------------------------------------

MUST = {
    "central-asia-defence": [
        "Kazakhstan and Kyrgyzstan sign a defense agreement",
        "Astana hosts a delegation // They spoke of military-technical cooperation.",
        "Министр обороны Узбекистана прибыл в Душанбе", "Özbekistan’la savunma işbirliği güçleniyor",
        "Қазақстан мен Түркия әскери ынтымақтастықты кеңейтеді",
    ],
    "kg-tj-border": [
        "Ceasefire holds on the Kyrgyz-Tajik border", "Перестрелка на границе Кыргызстана и Таджикистана",
        "Two hurt near Vorukh // Shelling at the border lasted an hour.",
    ],
    "csto": [
        "CSTO leaders meet in Bishkek", "Учения ОДКБ прошли в горах", "KGAÖ zirvesi başladı",
        "Договора о коллективной безопасности 34 года",
    ],
    "russian-bases": [
        "Kant air base gets new jets", "На 201-й военной базе сменили командира", "A Russian base in Gyumri grows",
        "Bölgedeki Rus üssü’nde yangın",
    ],
    "caspian": [
        "Caspian flotilla at sea", "Каспийская флотилия вышла на учения", "Hazar Denizi’nde ortak tatbikat",
        "Aktau port doubles its cranes",
    ],
    "armenia-azerbaijan": [
        "Armenia and Azerbaijan initial a peace treaty", "Обстрел на границе Армении и Азербайджана",
        "Karabağ’da mayın temizliği",
    ],
    "sahel-wagner": [
        "Wagner Group leaves its last camp", "Coup plot foiled in Burkina Faso", "ЧВК «Вагнер» ушла из Мали",
        "JNIM claims an ambush",
    ],
    "military-exercises": [
        "Joint exercise ends at Issyk-Kul", "Совместные учения прошли на полигоне", "Anatolian Eagle returns",
        "Ortak tatbikat başladı", "Military manoeuvers near the coast",
    ],
    "defence-budgets": [
        "Defense spending to reach 1 percent of GDP", "Расходы на оборону вырастут // Речь о 21 трлн сумов.",
        "Savunma bütçesi 40 milyar lira",
    ],
    "defence-appointments": [
        "President sacks defence minister", "Токаев назначил министра обороны", "President fires army chief",
        "Defence minister fired", "Genelkurmay Başkanı görevden alındı",
    ],
    "arms-transfers": [
        "Baku signs arms deal", "Поставки вооружений выросли вдвое", "Foreign military sale of radars approved",
        "Silah ihracatı rekor kırdı",
    ],
    "export-controls": [
        "Export controls on drone engines tightened", "Вторичные санкции за поставки микросхем",
        "Dual-use chips reach Russian plants",
    ],
    "turkish-defence-industry": [
        "Baykar to export six aircraft", "ASELSAN’dan Kazakistan’a fabrika", "Otokar plant in Romania opens",
        "TUSAŞ ortak üretime başlıyor",
    ],
    "air-defence": [
        "S-400 regiment arrives", "С-300 переброшены к границе", "S300 battery shown", "HQ-9B seen on parade",
        "IRIS-T for the capital", "Hava savunma sistemi test edildi", "Зенитно-ракетный полк",
    ],
    "combat-aircraft": [
        "Kazakhstan takes delivery of Su-30SM jets", "Казахстан закупит Су-30СМ", "Fighter jet tender opens",
        "F-16’lar için sözleşme",
    ],
    "helicopter-mro": [
        "Mi-8MTV overhaul begins", "Вертолёты Ми-8МТВ прошли капитальный ремонт", "Mi8 refurbished in Almaty",
        "Helikopter bakım merkezi açıldı",
    ],
    "uav-exports": [
        "Drone exports hit a record", "Экспорт беспилотников вырос", "SİHA ihracatı arttı",
        "Kyrgyzstan procures Bayraktar TB2 aircraft",
    ],
    "loitering-munitions": [
        "Shahed-136 debris found", "Counter-UAV kit on show", "CounterUAV net tested",
        "Kamikaze İHA’ların yeni sürümü", "Барражирующий боеприпас показан", "Герань-2 упала в поле",
    ],
    "armoured-vehicles": [
        "Armored vehicles roll off the line", "БТР-82А для пограничников", "BTR82A on exercise",
        "Zırhlı araçların montajı", "T-72B3 tanks modernized",
    ],
    "naval-shipbuilding": [
        "Shipyard lays keel for navy frigate", "На верфи заложен корвет", "MİLGEM korveti denize indirildi",
    ],
}  # fmt: skip

MUST_NOT = {
    "central-asia-defence": [
        "Defence lawyer speaks in Almaty // She had advised on military cooperation.",
        "Defence of human rights in Kazakhstan", "Казаки за военное сотрудничество",
        "Iraqi Turkmen seek military cooperation",
    ],
    "kg-tj-border": [
        "Kyrgyz-Chinese border trade grows", "Tajikistan and Kyrgyzstan clash in the football final",
        "Kyrgyzstan and Tajikistan open a border market",
    ],
    "csto": [
        "Bank names a CSTO // The chief security and technology officer starts in May.",
        "NATO debates collective security",
    ],
    "russian-bases": [
        "Immanuel Kant on the basis of morals", "Floods in Tartus", "Russian-based firm opens a plant",
        "Belarus üssünü kapattı",
    ],
    "caspian": [
        "Prince Caspian sails again // The fleet is computer-made.", "Caspian seals die // A patrol found them.",
        "Каспийский портал публикует портреты", "Hazar Gölü’nde liman",
    ],
    "armenia-azerbaijan": [
        "FC Qarabag beat Armenian champions in the Champions League // Azerbaijan, border, peace",
        "Karabakh carpets in London", "Azerbaijan opens a border with Georgia",
    ],
    "sahel-wagner": [
        "Wagner’s Ring opens in Bayreuth", "Rommel’s Afrika Korps in a new book",
        "Niger Delta oil spill // No coup is feared.", "Chad Smith joins the band",
    ],
    "military-exercises": [
        "Oil drilling resumes", "Fire drill at a school", "Ученики сдали экзамен",
        "Deprem tatbikatı // Askerler de katıldı.", "Political manoeuvres before the vote",
    ],
    "defence-budgets": [
        "Budget airline adds flights for 3 million", "Household budgets shrink by 5 percent",
        "Military historian wins 1 million", "Senate passes the NDAA // It costs 900 billion.",
    ],
    "defence-appointments": [
        "Defence minister visits Dushanbe", "Министр обороны встретился с послом",
        "Defence minister: North Korea fires a missile", "Defence minister: 20 rockets fired", "Bank appoints a chief of risk",
    ],
    "arms-transfers": [
        "Arms dealer arrested", "Robot arms for sale", "FMS of the new airliner fails", "Silah satıcısı yakalandı",
    ],
    "export-controls": [
        "Export controls on pet food", "OFAC fines a bank", "Chip prices fall",
    ],
    "turkish-defence-industry": [
        "STM bank opens a branch in Poland", "BMC Medicine paper retracted // The deal with Spain",
        "Nadide Baykara’nın sergisi yurt dışında", "Baykar hires engineers",
    ],
    "air-defence": [
        "Patriot Act renewed", "New England Patriots win", "Ehud Barak speaks", "Колонна с 300 танками",
        "Uncle Sam changes the tax system", "ПВО сбила 12 дронов",
    ],
    "combat-aircraft": [
        "UFC fighter signs a contract", "Freedom fighters take orders", "Kaan signs a contract with the club",
        "F-16 flies over the parade",
    ],
    "helicopter-mro": [
        "Helicopter crash blamed on poor maintenance // It came from overhaul.",
        "Ingenuity helicopter on Mars // Life extension ends.", "Medical helicopter lands",
        "Hidrolik sorunlar bakımından helikopter",
    ],
    "uav-exports": [
        "Drone strike halts exports", "Drone delivery of parcels: sales grow",
        "Light show with 500 drones: tickets on sale", "İHALE satışları",
    ],
    "loitering-munitions": [
        "The Lancet publishes a trial", "Switchblade knives banned", "Герань зацвела", "Harop wins the chess cup",
    ],
    "armoured-vehicles": [
        "APC wins in Lagos", "Bahçede kirpi bulundu", "Armoured vehicle robbery in Lyon", "Water tanks for villages",
        "Погода: т. 72 часа без света",
    ],
    "naval-shipbuilding": [
        "Chevrolet Corvette at a shipyard show", "Submarine launches a missile",
        "Cruise ship leaves the shipyard // A frigate escorts it.", "Commission on navy pay",
    ],
}  # fmt: skip


def invented(line: str) -> Entry:
    """The entry that a line of the tables stands for."""
    title, _, text = line.partition(" // ")
    return make_entry(title=title, text=text)


@pytest.mark.parametrize(("topic", "line"), [(topic, line) for topic, lines in MUST.items() for line in lines])
def test_what_belongs_to_a_topic(topic: str, line: str) -> None:
    """A headline that an analyst would want is in its topic."""
    assert topic in topics_of(invented(line))


@pytest.mark.parametrize(("topic", "line"), [(topic, line) for topic, lines in MUST_NOT.items() for line in lines])
def test_what_only_sounds_like_a_topic(topic: str, line: str) -> None:
    """A headline that only shares words with a topic stays out."""
    assert topic not in topics_of(invented(line))


def test_most_topics_have_headlines() -> None:
    """Each topic of the tables has at least two headlines for it and two against it, beside its examples in feeds.yaml."""
    assert set(MUST) == set(MUST_NOT) <= {topic.slug for topic in shipped().topics}
    assert min(len(lines) for lines in (*MUST.values(), *MUST_NOT.values())) >= 2


def test_turkish_mali_is_fiscal() -> None:
    """ "Mali" in a Turkish entry is money, and in any other a country."""
    entry = make_entry(title="Mali disiplin ve junta", lang="tr")

    assert "sahel-wagner" not in topics_of(entry)
    assert "sahel-wagner" in topics_of(make_entry(title="Mali junta talks", lang="en"))


def test_naval_outlets_launch_ships() -> None:
    """ "Launches new" is about ships where the outlet is naval, and about anything elsewhere."""
    entry = make_entry(title="Yard launches new OPV")

    assert "naval-shipbuilding" in topics_of(entry, make_source(tags=("naval",)))
    assert "naval-shipbuilding" not in topics_of(entry)


def test_analysts_are_found_by_their_byline() -> None:
    """An analyst's entries are in the topic, whoever publishes them; entries about the analyst are not."""
    assert "eurasia-analysts" in topics_of(make_entry(authors=("Derek Bisaccio",)))
    assert "eurasia-analysts" in topics_of(make_entry(title="Kazakh reform"), make_source(name="Jamestown Foundation"))
    assert "eurasia-analysts" not in topics_of(
        make_entry(title="Derek Bisaccio quoted", text="Paul Goble", authors=("Ann",))
    )
    assert "eurasia-analysts" not in topics_of(make_entry(authors=("Paul Derek", "Goble Bisaccio")))
