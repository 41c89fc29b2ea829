"""Whether something comes oftener or less often than is usual for it, told from its own past. PURE.

In: how many entries came on each of the last days, the newest first; days are stretches of 24 hours that end now, so that
none is half over. Out: a verdict with its numbers, and a sentence. Never: a count of its own.

The last 28 days say what is usual: a mean, and how the days of the week differ from it, as far as the days bear a difference
out (shrinkage of James and Stein's kind). News comes in bursts, so days vary more than chance alone would have them; how
much more is measured (the quasi-Poisson dispersion by which Farrington et al. find outbreaks, JRSS A 159, 1996), and a
count is held against the negative binomial distribution of that mean and variance. docs/operate.md has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

Word = Literal["unknown", "steady", "surge", "quiet", "broken"]

BASELINE = 28
"""How many days say what is usual."""
FEWEST = 14
"""With fewer days behind it, nothing is known to be usual."""
SPANS = (1, 3, 7)
"""In how many days a silence may show: the rarer the entries, the more. A surge shows in one."""
DAYS = BASELINE + max(SPANS)
"""How many days a verdict looks at."""
BY_CHANCE = 0.001
"""What is less likely than this, were nothing changed, is not put down to chance."""
# However unlikely, what is no more than this is not worth a look; nor a silence that is more than a share.
_TIMES, _MORE, _SHARE = 2.0, 4.0, 0.25
# A day on which nothing at all came where so many are usual was not watched.
_NEVER_NONE = 8.0
_MOST_STEPS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`seen` entries in the last `days` days where `expected` are usual.

    `unknown`: there is no past to hold it against. `broken`: nothing comes because nothing can be asked.
    """

    word: Word
    reason: str
    days: int = 1
    seen: int = 0
    expected: float = 0.0

    @property
    def is_marked(self) -> bool:
        """Whether somebody should look."""
        return self.word in ("surge", "quiet", "broken")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usual:
    """What is usual: a mean for each day of the week, counted back from the newest day, and how much days vary.

    `spread` is the variance over the mean, `trust` how far days of the week are told apart (0 to 1), `tied` how much a day
    is like the one before it.
    """

    means: tuple[float, ...]
    spread: float
    trust: float
    tied: float
    days: int


def verdict(daily: Sequence[int | None], *, unheard: float = 0.0, trouble: str = "") -> Verdict:
    """What the newest of these days are, held against those before them.

    `daily` begins with the last 24 hours and ends with the oldest whole day that is known of; None is a day of which nothing
    is known. `unheard` is for how many days nobody could have heard of anything: since the last good poll. `trouble` is why
    nothing can be asked, "" where it can.
    """
    today = _held(daily, 1, 0.0)
    if today is None:
        return Verdict(word="unknown", seen=(daily[0] or 0) if daily else 0, reason=_too_few(daily))
    verdict, variance = today
    # What waited through an outage comes all at once.
    if daily[1] is not None and _is_surge(verdict, variance):
        return replace(verdict, word="surge")
    for span in SPANS:
        held = _held(daily, span, unheard)
        if held is not None and _is_quiet(*held):
            quiet = held[0]
            return replace(quiet, word="broken", reason=f"{quiet.reason}; {trouble}") if trouble else replace(
                quiet, word="quiet"
            )  # fmt: skip
    return verdict


def only_watched(daily: Sequence[int], totals: Sequence[int]) -> list[int | None]:
    """The days with None for an outage: nothing came from anywhere, where much is usual. `totals` is all that came."""
    usual = sorted(totals)[len(totals) // 2] if totals else 0
    return [
        None if not total and usual >= _NEVER_NONE else number for number, total in zip(daily, totals, strict=False)
    ]


def _too_few(daily: Sequence[int | None]) -> str:
    if daily and daily[0] is None:
        return "nothing came from anywhere in the last 24 hours"
    known = sum(day is not None for day in daily[1:])
    return f"known for {known} {'day' if known == 1 else 'days'} only; {FEWEST} are needed to say what is usual"


def _is_surge(found: Verdict, variance: float) -> bool:
    if found.seen < max(_TIMES * found.expected, found.expected + _MORE):
        return False
    return at_least(found.seen, found.expected, variance) < BY_CHANCE


def _is_quiet(found: Verdict, variance: float) -> bool:
    if found.expected < _MORE or found.seen > _SHARE * found.expected:
        return False
    return at_most(found.seen, found.expected, variance) < BY_CHANCE


def _held(daily: Sequence[int | None], span: int, unheard: float) -> tuple[Verdict, float] | None:
    """The last `span` days as steady, with the variance of what is expected; None where too little is known."""
    lately = daily[:span]
    usual = _usual(daily, span)
    if usual is None or len(lately) < span or None in lately:
        return None
    seen = sum(day or 0 for day in lately)
    whole = sum(usual.means[day % 7] for day in range(span))
    expected = whole * max(1 - unheard / span, 0.0)
    # The mean is itself not known exactly; and days that are like their neighbours do not even each other out.
    variance = usual.spread * expected * (1 + span / usual.days * (1 + 6 * usual.trust))
    variance *= 1 + 3 * usual.tied * (span - 1) / span
    since = "24 hours" if span == 1 else f"{span} days"
    reason = f"{seen or 'none'} in the last {since}, where {_about(expected)} usual"
    found = Verdict(word="steady", reason=reason, days=span, seen=seen, expected=expected)
    return found, max(variance, expected * 1.001, 1e-6)


def _about(expected: float) -> str:
    if expected < 1.5:
        return "one is" if expected > 0.75 else "less than one is"
    return f"{expected:.0f} are"


def _usual(daily: Sequence[int | None], span: int) -> _Usual | None:
    """What the days before the last `span` say is usual; None where they are too few."""
    past = [(at % 7, day) for at, day in enumerate(daily[: span + BASELINE]) if at >= span and day is not None]
    if len(past) < FEWEST:
        return None
    total, days = sum(day for _, day in past), len(past)
    # Where nothing ever came, half of one might have.
    mean = max(total, 0.5) / days
    by_day = [[day for which, day in past if which == weekday] for weekday in range(7)]
    means = [sum(some) / len(some) if some else mean for some in by_day]
    within = sum((day - means[which]) ** 2 for which, day in past) / max(days - 7, 1)
    between = sum(len(some) * (one - mean) ** 2 for some, one in zip(by_day, means, strict=True)) / 6
    trust = max(0.0, 1 - max(within, mean) / between) if between else 0.0
    means = [max(mean + (one - mean) * trust, 0.001) for one in means]
    strange = [(day - means[which]) / math.sqrt(means[which]) for which, day in past]
    squares = sum(one * one for one in strange)
    free = days - 1 - 6 * trust
    tied = sum(one * other for one, other in pairwise(strange)) / squares if squares else 0.0
    # The spread is known the less, the fewer days told of it: half a standard error more is believed.
    spread = max(squares / free, 1.0) * (1 + 0.5 * math.sqrt(2 / free))
    return _Usual(means=tuple(means), spread=spread, trust=trust, tied=max(tied, 0.0), days=days)


def at_least(number: int, mean: float, variance: float) -> float:
    """How likely a count of this mean and variance, greater than the mean, is to reach a number beyond the mean."""
    size, share = _negative_binomial(mean, variance)
    term, total = _likelihood(number, size, share), 0.0
    for at in range(number, number + _MOST_STEPS):
        total += term
        term *= (at + size) / (at + 1) * (1 - share)
        if term <= total * 1e-9:
            break
    return min(total, 1.0)


def at_most(number: int, mean: float, variance: float) -> float:
    """How likely a count of this mean and variance, greater than the mean, is to stay at or below a number under the mean."""
    size, share = _negative_binomial(mean, variance)
    term, total = _likelihood(number, size, share), 0.0
    for at in range(number, max(number - _MOST_STEPS, -1), -1):
        total += term
        term *= at / max((at - 1 + size) * (1 - share), 1e-300)
        if term <= total * 1e-9:
            break
    return min(total, 1.0)


def _negative_binomial(mean: float, variance: float) -> tuple[float, float]:
    return mean * mean / (variance - mean), mean / variance


def _likelihood(number: int, size: float, share: float) -> float:
    gammas = math.lgamma(number + size) - math.lgamma(size) - math.lgamma(number + 1)
    return math.exp(gammas + size * math.log(share) + number * math.log1p(-share))
