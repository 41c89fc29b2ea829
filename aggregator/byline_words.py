"""The words by which a byline is read: roles, desks, organisations, news agencies, what is no name. PURE: data.

In: nothing. Out: sets and tables, in the languages of our sources, in lower case unless said otherwise.
Never: a decision: `aggregator.byline_names` and `aggregator.byline_text` make them.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[str]:
    """Phrases kept apart by |, without "the"."""
    return frozenset(phrase.removeprefix("the ") for phrase in text.split("|"))


# What says "by", longest first where one begins like another.
PREFIXES = (
    "additional reporting by", "exclusive report by", "written and reported by", "reported and written by",
    "view all posts by", "view all articles by", "posted by", "published by", "submitted by", "compiled by",
    "written by", "words by", "story by", "stories by", "report by", "reported by", "reporting by", "text by",
    "article by", "analysis by", "opinion by", "edited by", "guest post by", "special report by", "special to", "contributed by",
    "by", "本报记者", "记者", "作者", "author", "authors", "byline", "автор текста", "авторы текста", "автор статьи",
    "автор", "авторы",
    "подготовили", "подготовила", "подготовил", "записала", "записал", "материал подготовил", "дайындаған",
    "yazan", "yazar", "yazarlar", "haberi hazırlayan", "hazırlayan", "müəllif", "بقلم", "كتب", "كتبت",
    "الكاتب", "إعداد", "نویسنده", "نویسندگان", "von", "autor", "autorin", "auteur", "par", "por",
)  # fmt: skip

# These say so with a colon only: they also begin the names of desks and agencies.
LABELS = (
    "haber",
    "kaynak",
    "muhabir",
    "muhabirler",
    "röportaj",
    "reporter",
    "correspondent",
    "корреспондент",
    "журналист",
    "مراسل",
    "记者",
    "作者",
    "текст",
    "источник",
    "المصدر",
    "تحرير",
    "گزارش",
    "منبع",
    "source",
    "report",
    "news",
)

# Work on a story that is not its words: whoever did it is no author of them.
CONTRIBUTIONS = _words(
    "animation animations photography photographs photograph photos photo illustration illustrations video videography "
    "graphics graphic design production visuals images image translation translated art edited editing foto фото видео "
    "иллюстрации перевод fotoğraf"
)

# A segment with one of these tells what somebody does.
ROLES = _words(
    "writer writers analyst analysts correspondent correspondents editor editors editor-in-chief fellow fellows reporter "
    "reporters journalist journalists columnist columnists professor professors lecturer lecturers researcher researchers "
    "scholar scientist economist historian specialist specialists expert experts consultant adviser advisor advisers "
    "advisors officer officers director directors manager president vice-president founder co-founder contributor "
    "contributors producer producers photographer photographers photojournalist photojournalists videographer commentator "
    "commentators blogger cartoonist illustrator translator intern ambassador coordinator strategist freelancer anchor "
    "presenter newsreader broadcaster ceo cto phd ph.d ph.d. md mba dphil esq jd "
    "корреспондент корреспонденты корреспондента редактор редакторы главред журналист журналистка журналисты обозреватель "
    "аналитик эксперт эксперты политолог фотограф фотокорреспондент собкор спецкор продюсер ведущий ведущая колумнист "
    "сотрудник профессор доцент директор востоковед историк экономист публицист политтехнолог "
    "кореспондент журналіст журналістка оглядач аналітик експерт тілші редакторы сарапшы кабарчы "
    "muhabir muhabiri muhabirleri editör editörü gazeteci analist analisti uzman uzmanı temsilcisi müdürü yönetmeni "
    "foto-muhabiri müxbir müxbiri redaktor redaktoru "
    "مراسل مراسلة محرر محررة صحفي صحفية صحافي صحافية محلل باحث باحثة خبير خبرنگار سردبیر تحلیلگر تحلیل‌گر روزنامه‌نگار "
    "کارشناس پژوهشگر "
    "sgt sgt. spc spc. cpl cpl. pfc pfc. capt capt. lt. maj. col. gen. adm. cmdr. airman seaman prof. "
    "redakteur redakteurin korrespondent korrespondentin journalistin analystin journaliste correspondant correspondante "
    "rédacteur rédactrice chercheur chercheuse analyste directeur directrice periodista corresponsal redactora analista"
)
# These are roles only with what they are the role of behind them, or after a name: they are also surnames.
WEAK_ROLES = _words(
    "head chair chief dean page student candidate author host lead senior general associate partner автор глава yazar "
    "yazarı كاتب كاتبة نویسنده نویسندهٔ"
)
# Words before a role that are no first names: "Senior Military Analyst".
BEFORE_ROLES = _words(
    "senior chief military defence defense political diplomatic foreign world national international security staff "
    "special our guest associate assistant deputy managing executive news sports sport business environment health "
    "science africa asia middle east west north south europe european african asian american chinese russian turkish "
    "central southeast south-east global regional economics economic energy technology tech digital web online investigative "
    "freelance independent contributing principal lead visiting adjunct research resident nonresident non-resident defence-"
    "industry transport aerospace naval aviation space market markets policy programme program royal emeritus honorary former "
    "crime "
    "city local culture arts legal affairs home data night day weekend video photo picture multimedia social media audience "
    "parliamentary court investigations features opinion eurasia caucasus white house pentagon beijing moscow washington "
    "jerusalem berlin paris london istanbul ankara ireland scotland wales india pakistan china russia ukraine "
    "старший старшая младший главный главная научный ведущий ведущая военный военная специальный специальная собственный "
    "политический международный независимый независимая наш наша внештатный региональный "
    "kıdemli dış özel savunma diplomasi köşe foto haber istihbarat"
)

# A segment with one of these is signed by a room, not a person.
DESKS = _words(
    "staff desk bureau newsroom team service services editorial editors' board newsdesk webdesk reporters "
    "correspondents agencies letters sport редакция редакции пресс-служба пресс-центр корреспонденты соб.инф отдел служба "
    "бюро редакциясы қызметі кызматы баспасөз редакція merkezi masası servisi redaksiyası xidməti redaktion onlineredaktion "
    "redazione redacción redaccion rédaction redação redakcja redakce تحرير التحرير تحریریه سرویس قسم "
    "newsteam contributors editors گروه"
)
# Words that make a desk where a role stands for nobody in particular: "Our Correspondent", "Staff Writer".
LONE_ROLES = _words(
    "correspondent correspondents reporter reporters writer writers корреспондент корреспонденты muhabir muhabiri мұхбир "
    "مراسل خبرنگار кореспондент"
)
# A segment with one of these is the name of an organisation.
ORGANISATIONS = _words(
    "agency press news newspaper media institute institution center centre ministry department council university college "
    "school foundation committee association society group company corporation inc inc. ltd ltd. llc gmbh plc times post "
    "journal review magazine bulletin tribune herald gazette observer monitor network broadcasting television radio tv "
    "international global forum initiative project think-tank office embassy government army navy academy consortium union "
    "organization organisation federation alliance partnership club trust party commission authority board library museum "
    "command forces headquarters advisor's podcast channel studio studios online publishing publications books industries "
    "industry communications technologies systems solutions defence defense security strategic affairs studies "
    "intelligence research "
    "агентство новости газета журнал институт центр министерство университет фонд совет комитет ассоциация компания союз "
    "телеканал радио пресса академия общество агенттігі университеті институты орталығы министрлігі маалымат агенттиги "
    "ajansı ajans haber gazetesi dergisi enstitüsü üniversitesi bakanlığı merkezi vakfı derneği televizyonu agentliyi "
    "nazirliyi وكالة صحيفة قناة معهد مركز وزارة جامعة مؤسسة خبرگزاری روزنامه شبکه موسسه وزارت دانشگاه "
    "allehanda tidning tidningar tidningen nyheter zeitung nachrichten agentur institut universität universidad agence "
    "centre journal ministère université agencia periódico"
)
# Weak words of the above: a person may be called so, and a name with one of them needs another sign.
WEAK_ORGANISATIONS = _words("post press school office group union college church page monitor union bond")

# Accounts and what programs print where a name is missing.
NO_NAMES = _words(
    "admin administrator editor co super webmaster root noreply no-reply unknown author authors anonymous none null undefined "
    "nan n/a na array object user guest test default wordpress superuser moderator sysadmin support info contact newsletter "
    "le la les el website site web blog feed rss home login owner manager publisher system bot operator redaktor "
    "админ администратор аноним "
    "автор редактор гость модератор yönetici editör مدير مدیر المدير ادمین kaynak источник"
)

# Small words within names, in lower case wherever the name does not begin with them.
PARTICLES = _words(
    "de da do dos das du del della di van von der den ter ten bin ibn al el la le y e zu af av bint ul ur"
)
# What joins two people, whatever stands beside it; and what joins them only between two whole names.
JOINERS = ("and", "und", "et", "ve", "və", "и", "та", "және", "жана", "with", "con")
WEAK_JOINERS = ("y", "e", "i", "og", "och", "ja", "en", "dan", "va")
IN_A_PLACE = ("in", "from", "at", "à", "en", "в", "из", "aus", "фром")

# Two-word places that stand beside bylines, where two words are else a person.
PLACES = _phrases(
    "new york|new jersey|new mexico|new hampshire|new delhi|new orleans|new zealand|north carolina|south carolina|"
    "north dakota|south dakota|west virginia|rhode island|hong kong|tel aviv|san francisco|los angeles|san diego|"
    "las vegas|buenos aires|kuala lumpur|addis ababa|abu dhabi|mexico city|ho chi minh city|rio de janeiro|sao paulo|"
    "são paulo|st. petersburg|cox's bazar|phnom penh|sri lanka|saudi arabia|south korea|north korea|south africa|"
    "united states|united kingdom|united nations|northern ireland|cape town|panama city|guatemala city|kuwait city|"
    "la paz|san salvador|port moresby|white house|west bank|palm beach|salt lake city|washington dc|washington d.c.|"
    "sierra leone|burkina faso|costa rica|el salvador|puerto rico|middle east|central asia|bosnia and herzegovina"
)
# Days, months and other words that follow "by" in a sentence, or begin it with a capital.
NOT_FIRST_NAMES = _words(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september "
    "october november december early late mid the this that these those his her its their our your my a an all some most "
    "both many contrast then now comparison then law default far using being having doing making taking "
    "breaking news latest live update watch read more why how what when where who in on at for from with"
)
DIRECTIONS = _words("north south east west new united central republic democratic people's saint")
# The suffixes of a name after a comma, which belong to it; roman numerals stay in capitals.
SUFFIXES = _words("jr jr. sr sr. ii iii iv")
ROMAN = _words("ii iii iv vi vii viii")
MACS = _words(
    "donald arthur gregor leod kenzie millan farlane intyre lean dougall pherson aulay farquhar kinnon neil namara innes "
    "askill bride cormack quarrie rae duff beth dermott manus kay alister allister lachlan"
)

# Organisations that bylines name as where their people work; agencies stand below.
KNOWN_ORGANISATIONS = _phrases(
    "cnn|bbc|bbc news|bbc monitoring|nbc|nbc news|cbs|cbs news|abc news|npr|pbs|cnbc|msnbc|fox news|sky news|itv|itv news|"
    "al jazeera|al arabiya|al-monitor|al-arabiya|euronews|france 24|rfi|dw|deutsche welle|voa|voice of america|rfe/rl|"
    "radio free europe/radio liberty|radio free europe|radio liberty|azattyk|azattyq|ozodlik|ozodi|current time|trt|"
    "trt world|trt haber|cgtn|rt|the guardian|the times|the telegraph|the independent|the economist|the new york times|"
    "new york times|the washington post|washington post|the wall street journal|wall street journal|usa today|politico|"
    "axios|newsweek|time|the atlantic|foreign policy|foreign affairs|the diplomat|the conversation|forecast international|"
    "janes|jane's|defense news|defence news|breaking defense|war on the rocks|usni news|military times|army times|"
    "navy times|stars and stripes|the drive|the war zone|task & purpose|shephard|shephard media|naval news|defenceweb|"
    "flightglobal|aviation week|bellingcat|caci|caci analyst|rusi|iiss|sipri|csis|rand|rand corporation|"
    "chatham house|carnegie|carnegie endowment|atlantic council|brookings|cfr|council on foreign relations|crisis group|"
    "international crisis group|eurasianet|caspian news|caspian policy center|oc media|jamnews|civil.ge|meduza|mediazona|"
    "novaya gazeta|kommersant|коммерсантъ|коммерсант|ведомости|известия|рбк|медуза|медиазона|новая газета|"
    "независимая газета|российская газета|азаттык|радио азаттык|радио свобода|настоящее время|рен тв|первый канал|ntv|"
    "habertürk|hürriyet|milliyet|sabah|cumhuriyet|sözcü|yeni şafak|daily sabah|cnn türk|savunmasanayist|nato|csto|osce|"
    "united nations|un news|european union|world bank|imf|us army|u.s. army|us navy|u.s. navy|u.s. air force|"
    "الجزيرة|الجزيرة نت|العربية|سكاي نيوز عربية|الشرق الأوسط|بي بي سي|cbc|cbc news|ctv|ctv news|global news|mit news|"
    "el país|el mundo|le monde|le figaro|der spiegel|die zeit"
)

# News agencies, by the spelling in a byline: the slug under which their work is known elsewhere.
_AGENCIES = {
    "afp": "agence france-presse|agence france presse|afp|afp news|afp.com|فرانس برس|أ ف ب|وكالة فرانس برس|афп|ا ف ب|"
    "خبرگزاری فرانسه",
    "ap": "associated press|the associated press|ap news|ap|أسوشيتد برس|ассошиэйтед пресс|آسوشیتدپرس|associated press writer",
    "reuters": "reuters|thomson reuters|reuters news agency|рейтер|رويترز|رویترز|reuters.com",
    "aa": "anadolu ajansı|anadolu ajansi|anadolu agency|anadolu|aa|وكالة الأناضول|الأناضول|анадолу|агентство анадолу",
    "tass": "tass|itar-tass|tass news agency|тасс|итар-тасс|تاس",
    "dpa": "dpa|deutsche presse-agentur|dpa international",
    "upi": "upi|united press international",
    "efe": "efe|agencia efe|agence efe",
    "europa-press": "europa press|europapress",
    "ansa": "ansa|agenzia ansa",
    "ria": "ria novosti|ria news|rian|риа новости|риа «новости»|риа",
    "interfax": "interfax|interfax news agency|интерфакс|interfax-kazakhstan|интерфакс-казахстан",
    "sputnik": "sputnik|sputnik news|спутник|سبوتنيك|اسپوتنیک",
    "xinhua": "xinhua|xinhua news agency|新华社|新華社|синьхуа|شينخوا|شینهوا",
    "kyodo": "kyodo|kyodo news|共同通信",
    "yonhap": "yonhap|yonhap news agency|연합뉴스",
    "pti": "pti|press trust of india",
    "ani": "ani|asian news international",
    "ians": "ians|indo-asian news service",
    "uni": "uni|united news of india",
    "irna": "irna|islamic republic news agency|ирна|إرنا|ایرنا",
    "isna": "isna|iranian students' news agency|ایسنا",
    "mehr": "mehr news agency|mehr news|mna|خبرگزاری مهر",
    "fars": "fars news agency|fars news|خبرگزاری فارس|фарс",
    "tasnim": "tasnim|tasnim news agency|خبرگزاری تسنیم|تسنیم",
    "iha": "iha|ihlas haber ajansı|ihlas news agency",
    "dha": "dha|demirören haber ajansı|demirören news agency|doğan haber ajansı",
    "anka": "anka haber ajansı|anka",
    "trend": "trend news agency|trend news|trend|информационное агентство тренд",
    "apa": "apa|azeri-press agency|azeri press agency",
    "azertac": "azertac|azertag|azərtac|азертадж",
    "report": "report news agency|report i̇nformasiya agentliyi",
    "kazinform": "kazinform|qazinform|казинформ|қазақпарат",
    "kabar": "kabar news agency|kabar|кабар|кабар маалымат агенттиги",
    "akipress": "akipress|aki press|акипресс",
    "uza": "uza|национальное информационное агентство узбекистана",
    "khovar": "khovar|niat khovar|ховар|ниат ховар",
    "armenpress": "armenpress|арменпресс",
    "interpressnews": "interpressnews|ipn",
    "belta": "belta|белта",
    "ukrinform": "ukrinform|укринформ|укрінформ",
    "unian": "unian|униан|уніан",
    "bloomberg": "bloomberg|bloomberg news|блумберг|بلومبرغ|بلومبرگ",
    "bernama": "bernama",
    "antara": "antara|antara news",
    "wam": "wam|emirates news agency|وام",
    "spa": "spa|saudi press agency|واس",
    "sana": "sana|syrian arab news agency|سانا",
    "kuna": "kuna|kuwait news agency|كونا",
    "mena": "mena|middle east news agency|أ ش أ",
    "petra": "petra news agency|بترا",
    "pa": "press association|pa|pa media",
    "cp": "the canadian press|canadian press",
    "aap": "aap|australian associated press",
    "belga": "belga",
    "pap": "pap|polska agencja prasowa",
    "ctk": "čtk|ctk",
    "lusa": "lusa|agência lusa",
    "tanjug": "tanjug|танјуг",
    "ritzau": "ritzau",
    "ntb": "ntb",
    "kcna": "kcna|korean central news agency",
    "cna": "central news agency",
}  # fmt: skip
AGENCIES = {name: slug for slug, names in _AGENCIES.items() for name in names.split("|")}
"""A spelling in lower case, without "the" -> the agency's slug."""
# Short names that are also words or first names: an agency only as written in capitals.
CAPITALS_ONLY = _words(
    "aa ap ani uni apa pa spa wam mena sana kuna cp anka iha dha uza ipn rian ria report trend mna rt dw time pap aap"
)
# Agencies without a name.
ANY_AGENCIES = _words("agencies agencias agències agenturen agence ajanslar агентства вести وكالات الوكالات خبرگزاری‌ها")
