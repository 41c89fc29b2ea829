"""The words of the made-up feeds: parts of sentences in six languages, written for this purpose.

In: nothing. Out: tables. Never: a sentence that somebody published.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Parts of sentences; any subject, deed, thing and place in this order make one.

    The things are those of our topics, the everyday ones those of all other news.
    """

    code: str
    subjects: tuple[str, ...]
    deeds: tuple[str, ...]
    things: tuple[str, ...]
    everyday: tuple[str, ...]
    places: tuple[str, ...]
    sections: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]


ENGLISH = Language(
    code="en",
    subjects=(
        "The ministry", "A small shipyard", "The repair plant", "An evaluation team", "The naval staff", "A trade body",
        "The border service", "One of the bidders", "The parliamentary committee", "A test range",
    ),
    deeds=(
        "has ordered", "is about to inspect", "declined to discuss", "will lease", "spent a year refitting",
        "published figures on", "quietly cancelled", "asked three firms to price", "put off a decision on",
    ),
    things=(
        "a batch of armoured vehicles", "the second patrol vessel", "an air defence radar", "spare parts for Mi-8 helicopters",
        "a drone with a longer range", "loitering munitions", "the overhaul of two transport aircraft", "a bridge layer",
        "its old communications masts", "a contract for winter clothing", "coastal sensors", "a rail-borne workshop",
    ),
    everyday=(
        "a new roof for the music school", "the ferry timetable", "a survey of wild tulips", "the price of bread",
        "two tram lines", "a reading room for children", "repairs to the old dam", "the wheat harvest",
        "a festival of puppet theatres", "free swimming lessons", "the water meters of forty villages",
        "a museum of carpets",
    ),
    places=(
        "in Kazakhstan", "near the Caspian coast", "at the northern depot", "after the spring exercise", "in Central Asia",
        "beside the river port", "before the budget vote", "in the eastern district", "at an airfield in Uzbekistan",
    ),
    sections=("Industry", "Procurement", "Naval", "Air", "Land & logistics", "Budget"),
    given=("Harriet", "Oswin", "Marlene", "Tobias", "Edda", "Caspar", "Philippa", "Ruben"),
    family=("Thornleigh", "Vasquell", "Abernoth", "Quillane", "Drummel", "Osterby", "Fenwright", "Haldane"),
)  # fmt: skip
RUSSIAN = Language(
    code="ru",
    subjects=(
        "Министерство", "Небольшая верфь", "Ремонтный завод", "Комиссия по испытаниям", "Штаб флота",
        "Отраслевой союз", "Пограничная служба", "Один из участников конкурса",
    ),
    deeds=("заказало", "готовится осмотреть", "отказывается обсуждать", "берёт в аренду", "опубликовало сведения про",
           "без шума отменило", "просит три фирмы оценить"),
    things=(
        "партию бронированных машин", "второй сторожевой корабль", "радиолокатор ПВО", "запасные части для вертолётов Ми-8",
        "беспилотник с большей дальностью", "барражирующие боеприпасы", "капитальный ремонт двух самолётов",
        "зимнее обмундирование", "береговые датчики",
    ),
    everyday=(
        "новую крышу музыкальной школы", "расписание паромов", "перепись диких тюльпанов", "цены на хлеб",
        "две трамвайные линии", "детский читальный зал", "ремонт старой плотины", "урожай пшеницы",
        "фестиваль кукольных театров", "музей ковров",
    ),
    places=("в Казахстане", "у берега Каспия", "на северном складе", "после весенних учений", "в Центральной Азии",
            "возле речного порта", "перед голосованием о бюджете", "на аэродроме в Узбекистане"),
    sections=("Промышленность", "Закупки", "Флот", "Авиация", "Бюджет"),
    given=("Ярослава", "Тихон", "Лидия", "Савелий", "Аглая", "Прохор"),
    family=("Озеркова", "Вельяшев", "Туманская", "Корабельник", "Снежинский", "Рябинова"),
)  # fmt: skip
TURKISH = Language(
    code="tr",
    subjects=("Bakanlık", "Küçük bir tersane", "Onarım tesisi", "Deneme heyeti", "Donanma karargâhı", "Sektör birliği",
              "Sınır birimi"),
    deeds=("yakında teslim alacağı", "incelemeye hazırlandığı", "üzerine konuşmak istemediği", "bir yıl kiraladığı",
           "sessizce iptal ettiği", "üç firmadan fiyat istediği"),
    things=("zırhlı araçları", "ikinci karakol gemisini", "hava savunma radarını", "Mi-8 helikopter parçalarını",
            "uzun menzilli İHA'yı", "dolanan mühimmatı", "iki uçağın bakımını", "kışlık giysileri"),
    everyday=(
        "müzik okulunun çatısını", "vapur saatlerini", "yabani lale sayımını", "ekmek fiyatını",
        "iki tramvay hattını", "çocuk kitaplığını", "eski barajın onarımını", "buğday hasadını",
        "kukla tiyatrosu şenliğini",
    ),
    places=("Kazakistan'da açıkladı", "Hazar kıyısında gösterdi", "kuzey deposunda saydı", "bahar tatbikatından sonra anlattı",
            "Orta Asya'da tanıttı", "bütçe oylamasından önce yazdı"),
    sections=("Sanayi", "Tedarik", "Deniz", "Hava", "Bütçe"),
    given=("Gülşen", "Ferit", "İlkay", "Şükran", "Doğan", "Ünal"),
    family=("Taşkıran", "Öztekeli", "Çağlagül", "Yağmurca", "Işıldak", "Sarıdağlı"),
)  # fmt: skip
GERMAN = Language(
    code="de",
    subjects=("Das Ministerium", "Eine kleine Werft", "Das Instandsetzungswerk", "Der Flottenstab", "Ein Branchenverband",
              "Der Grenzdienst", "Der Haushaltsausschuss"),
    deeds=("bestellt", "prüft demnächst", "schweigt weiter über", "mietet für ein Jahr", "veröffentlicht Zahlen über",
           "streicht ohne Aufsehen", "verschiebt erneut"),
    things=("gepanzerte Fahrzeuge", "das zweite Patrouillenboot", "ein Radar der Luftverteidigung",
            "Ersatzteile für Mi-8-Hubschrauber", "eine Drohne mit größerer Reichweite", "die Überholung zweier Flugzeuge",
            "Winterbekleidung", "Küstensensoren"),
    everyday=(
        "ein neues Dach für die Musikschule", "den Fahrplan der Fähre", "eine Zählung wilder Tulpen", "den Brotpreis",
        "zwei Straßenbahnlinien", "einen Lesesaal für Kinder", "die Weizenernte", "ein Fest der Puppentheater",
        "die Wasserzähler von vierzig Dörfern",
    ),
    places=("in Kasachstan", "an der Küste des Kaspischen Meeres", "im nördlichen Depot", "nach der Frühjahrsübung",
            "in Zentralasien", "vor der Abstimmung über den Haushalt", "auf einem Flugplatz in Usbekistan"),
    sections=("Industrie", "Beschaffung", "Marine", "Luft", "Haushalt"),
    given=("Gesine", "Ruprecht", "Wiebke", "Hartwig", "Lieselotte"),
    family=("Mühlgraben", "Österholz", "Brückmann", "Weißdorn", "Kühlewind"),
)  # fmt: skip
FRENCH = Language(
    code="fr",
    subjects=("Le ministère", "Un petit chantier naval", "L’usine de réparation", "L’état-major de la marine",
              "Une association du métier", "Le service des frontières"),
    deeds=("a commandé", "va inspecter", "refuse d’évoquer", "louera pendant un an", "publie des chiffres sur",
           "renonce sans bruit à", "remet à plus tard"),
    things=("des véhicules blindés", "le second patrouilleur", "un radar de défense aérienne",
            "des pièces d’hélicoptères Mi-8", "un drone de plus longue portée", "la révision de deux avions",
            "des vêtements d’hiver", "des capteurs côtiers"),
    everyday=(
        "un toit neuf pour l’école de musique", "l’horaire du bac", "un relevé des tulipes sauvages",
        "le prix du pain", "deux lignes de tramway", "une salle de lecture pour enfants", "la récolte de blé",
        "un festival de marionnettes",
    ),
    places=("au Kazakhstan", "près de la mer Caspienne", "au dépôt du nord", "après l’exercice de printemps",
            "en Asie centrale", "avant le vote du budget", "sur un terrain d’Ouzbékistan"),
    sections=("Industrie", "Achats", "Mer", "Air", "Budget"),
    given=("Clémence", "Aurélien", "Solène", "Théophile", "Maëlle"),
    family=("Beauregard-Lys", "Montclairet", "Delaforge", "Rivecourt", "Châtelune"),
)  # fmt: skip
PERSIAN = Language(
    code="fa",
    subjects=("وزارتخانه", "یک کارگاه کوچک کشتی‌سازی", "کارخانه تعمیرات", "ستاد دریایی", "اتحادیه صنعت", "سازمان مرزبانی"),
    deeds=("برای خرید", "برای بازدید از", "درباره", "برای اجاره", "پیش از لغو", "پس از تأخیر در"),
    things=("خودروهای زرهی", "دومین کشتی گشتی", "رادار پدافند هوایی", "قطعات بالگرد", "پهپاد با برد بیشتر",
            "تعمیر دو هواپیما", "پوشاک زمستانی"),
    everyday=(
        "سقف تازه مدرسه موسیقی", "برنامه قایق مسافربری", "شمارش لاله‌های وحشی", "بهای نان", "دو خط تراموا",
        "کتابخانه کودکان", "برداشت گندم", "جشنواره عروسکی",
    ),
    places=("در قزاقستان توضیح داد", "نزدیک ساحل خزر گزارش داد", "در انبار شمالی بررسی کرد", "پس از رزمایش بهاری نوشت",
            "در آسیای مرکزی سخن گفت"),
    sections=("صنعت", "خرید", "دریا", "هوا", "بودجه"),
    given=("مهتاب", "سیاوش", "نیلوفر", "بهرام"),
    family=("کوهستانی", "دریاپور", "آسمانی", "رودباری"),
)  # fmt: skip
LANGUAGES = (ENGLISH, RUSSIAN, TURKISH, ENGLISH, GERMAN, FRENCH, ENGLISH, PERSIAN)
"""In the proportion in which feeds are made of them."""
