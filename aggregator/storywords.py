"""Words that say nothing of which story an entry tells, number words, and what publishers put around a story.

In: nothing. Out: tables, folded as `aggregator.topics.fold.letters` folds. Never: a name of an outlet.
"""

from __future__ import annotations

import re

from aggregator.topics.fold import letters

_STOP = """
a about after again against all almost also although am among an and another any are around as at back be because been before
being below between both but by came can could day days did do does during each even every few first for former from get had
has have he her here him his how i if in into is it its just last latest later least less like made make many may me might
month months more most much must near new news no nor not now of off on once one only or other our out over own part people
per put said same say saying says see she should since so some still such take than that the their them then there these they
this those through time to today told too toward towards two under until up upon us use used very via was way we week weeks
well went were what when where which while who whom whose why will with within without would year years yesterday yet you your
th st nd rd according added announced called expected including reported reports reporters statement spokesman spokesperson
monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october
november december jan feb mar apr jun jul aug sep sept oct nov dec

и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне было вот от меня еще нет о из ему
теперь когда даже ну вдруг ли если уже или ни быть был него до вас нибудь опять уж вам ведь там потом себя ничего ей может они
тут где есть надо ней для мы тебя их чем была сам чтоб без будто чего раз тоже себе под будет ж тогда кто этот того потому этого
какой совсем ним здесь этом один почти мой тем чтобы нее были куда зачем всех никогда можно при об другой хоть после над больше
тот через эти нас про всего них какая много разве три эту моя свою этой перед иногда лучше чуть том такой им более всегда
конечно всю между также который которая которое которые которых которого которой это году года год сообщил сообщила сообщили
сообщило сообщает заявил заявила заявили словам данным отметил подчеркнул рассказал сказал сказала передает пишет ранее сегодня
вчера завтра понедельник вторник среду среда четверг пятницу пятница субботу суббота воскресенье января февраля марта апреля мая
июня июля августа сентября октября ноября декабря

ve veya ile bir bu su o da de ki mi ne icin gibi daha cok en her kadar sonra once olarak olan oldu olacak oldugu oldugunu
icinde uzerinde arasinda tarafindan ise ancak ama fakat hem ya yeni iki ilk son dedi soyledi belirtti ifade etti eden edildi
edilen etmek aciklama acikladi kaydetti gore gunu yil yilin ayni diger bugun dun yarin pazartesi sali carsamba persembe cuma
cumartesi pazar ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik var yok

في من على الى عن ان أن إن مع هذا هذه ذلك التي الذي الذين كما قد لا ما لم لن هو هي هم كان كانت يكون بعد قبل بين خلال عند حتى أو ثم
كل بعض غير أي اليوم أمس عام يوم قال قالت وقال وقالت أعلن أعلنت واضاف أضاف وأضافت وأوضح أوضح بيان وكالة حول ضد لدى منذ حيث أنه انها
وفي ومن وعلى الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر
نوفمبر ديسمبر الماضي المقبل

و در به از که این را با است برای آن یک خود تا کرد بر هم نیز گفت می شد شده بود دارد ما یا اما باید شود وی او آنها هر اگر پس پیش بین
نمی های ها ای دو کند کنند کرده دارند باشد بوده گزارش خبرگزاری اعلام افزود امروز دیروز روز سال ماه دوشنبه شنبه یکشنبه سهشنبه
چهارشنبه پنجشنبه جمعه

және мен бен пен да де та те бұл осы сол ол бір үшін туралы дейін кейін бойынша деп еді екен болды болады болып болған бар жоқ
ғана тағы әр барлық сондай арқылы қарай жылы жылдың күні айтты хабарлады мәлімдеді

der die das den dem des ein eine einen einem einer und oder nicht ist sind war waren wird werden von vom zu zum zur mit auf fur
im am an als auch es er sie wir ich aus bei nach uber bis durch um wie noch nur
le la les un une des du de et ou en dans pour par sur avec au aux ce cette ces qui que ne pas est sont a ont ete plus son sa ses
el los las una unos y o del al que con por para se su sus es son fue ha han como mas pero no lo
il lo gli i uno e di da del della dei delle che per con non si sono come piu
i te ta to na w z ze nie jest sie do od za po przez dla
і й та що у на з із до не як це за від про для його він вона вони є був була були також або при

"""
STOP = frozenset(letters(word) for word in _STOP.split())
"""Function words and the words of reporting, in the languages that our sources write."""

_UNITS = {
    2: "two два две двух двумя двое iki اثنان اثنين دو екі deux zwei", 3: "three три трех трое uc ثلاثه سه үш trois drei",
    4: "four четыре четырех dort اربعه چهار төрт quatre vier", 5: "five пять пяти bes خمسه پنج бес cinq funf",
    6: "six шесть шести alti سته شش алты sechs", 7: "seven семь семи yedi سبعه هفت жеті sept sieben",
    8: "eight восемь восьми sekiz ثمانيه هشت сегіз huit acht", 9: "nine девять девяти dokuz تسعه نه тоғыз neuf neun",
    10: "ten десять десяти on عشره ده он dix zehn", 11: "eleven одиннадцать одиннадцати onze elf یازده",
    12: "twelve двенадцать двенадцати douze zwolf دوازده", 13: "thirteen тринадцать тринадцати سیزده",
    14: "fourteen четырнадцать четырнадцати چهارده", 15: "fifteen пятнадцать пятнадцати پانزده",
    16: "sixteen шестнадцать шестнадцати", 17: "seventeen семнадцать семнадцати هفده",
    18: "eighteen восемнадцать восемнадцати", 19: "nineteen девятнадцать девятнадцати", 100: "hundred сто yuz مئه صد жүз",
}  # fmt: skip
_TENS = {
    20: "twenty двадцать двадцати yirmi عشرون عشرين بیست жиырма", 30: "thirty тридцать тридцати otuz ثلاثون ثلاثين сي отыз",
    40: "forty сорок сорока kirk اربعون اربعين چهل қырық", 50: "fifty пятьдесят пятидесяти elli خمسون خمسين پنجاه елу",
    60: "sixty шестьдесят altmis ستون ستين شصت алпыс", 70: "seventy семьдесят yetmis سبعون سبعين هفتاد жетпіс",
    80: "eighty восемьдесят seksen ثمانون ثمانين هشتاد сексен", 90: "ninety девяносто doksan تسعون تسعين نود тоқсан",
}  # fmt: skip
NUMBERS = {letters(word): value for value, words in (*_UNITS.items(), *_TENS.items()) for word in words.split()}
"""What a number word counts; without one, which is an article in half of the languages."""

_SCALES = {
    1_000: "thousand тысяч тысячи тысячу тыс bin الاف الف هزار мың tausend mille mila",
    1_000_000: "million millions mln миллион миллиона миллионов млн milyon مليون ملايين میلیون millionen",
    1_000_000_000: "billion billions bln миллиард миллиарда миллиардов млрд milyar مليار میلیارد milliarden milliards",
}  # fmt: skip
SCALES = {letters(word): value for value, words in _SCALES.items() for word in words.split()}
"""Words that make the number before them so many times larger."""

BOILERPLATE = tuple(
    """all rights reserved|may not be published, broadcast|©|(c) 20|read more|read also|see also:|filed under|share this
    |subscribe|newsletter|sign up for|become a member|funded by its readers|funded by our readers|support our|follow us
    |click here|first published by|first published in|originally published|reproduced with permission|republished with
    |republished from|(reporting by|editing by|appeared first on|continue reading|download our app|download the app
    |читайте также|подписывайтесь|подпишитесь|подписаться|нашли ошибку|ctrl+enter|ctrl + enter|при перепечатке
    |все права защищены|наш телеграм|нашем телеграм|abone ol|takip edin|editörün seçtikleri|için tıklayın
    |tüm hakları saklıdır|bültenimiz|اشترك في|تابعونا|اقرأ أيضا|جميع الحقوق محفوظة|کانال ما|عضو شوید|بیشتر بخوانید
    |жазылыңыз|тағы оқыңыз|барлық құқықтар""".replace("\n    ", "").split("|")
)
"""What a publisher puts after a story or into it, in small letters: a sentence that holds one of these is no part of it."""

# Everything from such a line on is a list of other stories.
TAIL = re.compile(
    r"^(?:read more|related|see also|more on this|читайте также|по теме|ilgili haberler|اقرأ أيضا|بیشتر بخوانید)\s*:?\s*$",
    re.IGNORECASE,
)

# "MANILA, Nov 9 (NPA) -", "БИШКЕК, 12 ноября (СтепПресс) -", "JAKARTA -", "مسقط (وكالة) -": a place in capitals, or few words
# and an agency in brackets, before a dash.
_CAPITALS = "A-ZÀ-ÖØ-ÞĞİŞƏА-ЯЁӘҒҚҢӨҰҮІЇЄҐЎ"
DATELINE = re.compile(
    rf"\A\s*(?:[{_CAPITALS}][{_CAPITALS}'’ -]{{2,40}}(?:[,. ][^!?\n–—]{{0,40}}?)?|[^!?\n]{{2,60}}?\([^()\n]{{2,30}}\))"
    r"\s*(?:--|[-–—])\s+"
)
# "ТАШКЕНТ, 12 ноября - СтепПресс. ": the agency stands after the dash.
AGENCY_AFTER = re.compile(r"\A[^\s.!?]{2,25}(?: [^\s.!?]{2,25})?\. ")
