"""Which of many queries an entry can match at all, told from its words alone, without their places.

In: the trees of queries, once; then what an entry holds. Out: the numbers of queries worth a closer look, never one too
few. Never: a match: that is for the evaluator.

Whatever a query looks for has a number, an atom: a form of a word, a beginning, a word in all its inflections, a place. A
query is boiled down to clauses: sets of atoms of which an entry must hold one each. It is looked up by the clause that
is least likely to be met, so that what an entry costs hardly depends on how many queries there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from aggregator import gazetteer
from aggregator.topics.stems import stem
from aggregator.topics.tree import And, Close, Near, Node, Not, Or, Piece, Term, Weighted, place_name
from aggregator.topics.words import STEMMED, Runs, is_spaceless

Clause = frozenset[int]
Part = tuple[int, Node]
"""A part of a node, and which it is."""

# Fields with words of their own; words without a field, in the title and in the text are looked for in one go.
_OWN_WORDS = ("author", "source", "category", "url")
_FEWEST = 3


class _Sought:
    """What queries look for in a field, each with its atom."""

    def __init__(self) -> None:
        self.whole: dict[str, int] = {}
        self.beginnings: dict[str, int] = {}
        self.bare: dict[str, int] = {}
        self._lengths: list[int] = []
        self._runs: dict[str, Runs] = {}

    @property
    def is_empty(self) -> bool:
        return not (self.whole or self.beginnings)

    def close(self) -> None:
        """No word is added any more."""
        self._lengths = sorted({len(one) for one in self.beginnings})

    def runs(self, language: str) -> Runs:
        """What knows the atoms of a text's words in a language; made when the first text in it comes."""
        found = self._runs.get(language)
        if found is None:
            found = self._runs[language] = Runs(self._marks(self._stems(language)), language)
        return found

    def _stems(self, language: str) -> Mapping[str, tuple[int, ...]]:
        found: defaultdict[str, tuple[int, ...]] = defaultdict(tuple)
        for word, atom in self.bare.items() if language else ():
            if stemmed := stem(word, language):
                found[STEMMED + stemmed] += (atom,)
        return dict(found)

    def _marks(self, stems: Mapping[str, tuple[int, ...]]) -> _Marks:
        return _Marks(self.whole, self.beginnings, self._lengths, stems)


class _Marks:
    """The atoms of a form."""

    __slots__ = ("_beginnings", "_lengths", "_stems", "_whole")

    def __init__(
        self, whole: Mapping[str, int], beginnings: Mapping[str, int], lengths: Sequence[int],
        stems: Mapping[str, tuple[int, ...]],
    ) -> None:  # fmt: skip
        self._whole, self._beginnings, self._lengths, self._stems = whole, beginnings, lengths, stems

    def __call__(self, form: str) -> Sequence[int]:
        if form[0] == STEMMED:
            return self._stems.get(form, ())
        found = []
        if form in self._whole:
            found.append(self._whole[form])
        for length in self._lengths:
            if length > len(form):
                break
            if (atom := self._beginnings.get(form[:length])) is not None:
                found.append(atom)
        return found


class Gate:
    """The clauses of some queries, and the atoms that they are made of."""

    def __init__(self, trees: Sequence[Node]) -> None:
        self._trees = tuple(trees)  # kept, as its nodes are known by their identity
        self._sought = {field: _Sought() for field in ("", *_OWN_WORDS)}
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        self._place_atoms: dict[str, int] = {}
        self._costs: list[float] = []
        self._known: dict[int, list[Clause]] = {}
        self._lookups: dict[int, tuple[Clause, Mapping[int, Sequence[Part]], Sequence[Part]]] = {}
        self._others: list[tuple[Clause, ...]] = []
        self._entrances: defaultdict[int, list[int]] = defaultdict(list)
        self._open: list[int] = []
        for number, tree in enumerate(trees):
            self._admit(number, self._clauses(tree))
        self._doors = frozenset(self._entrances)
        for sought in self._sought.values():
            sought.close()

    def runs(self, field: str, language: str) -> Runs | None:
        """What knows the atoms of a field's words; None where no query asks for any."""
        sought = self._sought[field if field in _OWN_WORDS else ""]
        return None if sought.is_empty else sought.runs(language)

    def places(self, codes: Iterable[str]) -> Iterator[int]:
        """The atoms of places."""
        for code in codes:
            yield from self._places.get(code, ())

    def open_for(self, present: set[int]) -> list[int]:
        """The numbers of the queries that may match an entry that holds these atoms, in order."""
        waiting = set(self._open)
        entrances = self._entrances
        for atom in self._doors & present:
            waiting.update(entrances[atom])
        others = self._others
        found = []
        for number in waiting:
            for clause in others[number]:  # a plain loop: this is asked most of all
                if clause.isdisjoint(present):
                    break
            else:
                found.append(number)
        found.sort()
        return found

    def left_of(self, node: Or | Weighted, present: set[int]) -> Iterable[Part]:
        """The parts of an alternative that such an entry may match."""
        clause, by_atom, loose = self._lookups[id(node)]
        hit = clause & present
        if not hit:
            return loose
        if len(hit) == 1:
            (atom,) = hit
            return (*by_atom[atom], *loose) if loose else by_atom[atom]
        found = dict.fromkeys(loose)
        for atom in hit:
            found.update(dict.fromkeys(by_atom[atom]))
        return found

    def rules_out(self, node: And, present: set[int]) -> bool:
        """Whether such an entry lacks what some part of a query needs."""
        return any(clause.isdisjoint(present) for clause in self._known[id(node)])

    def _admit(self, number: int, clauses: Sequence[Clause]) -> None:
        """Open a query to the entries that meet its rarest clause; the others are looked at then."""
        if not clauses:
            self._open.append(number)
            self._others.append(())
            return
        rare = sorted(clauses, key=self._cost)
        for atom in rare[0]:
            self._entrances[atom].append(number)
        self._others.append(tuple(rare[1:]))

    def _cost(self, clause: Clause) -> float:
        return sum(self._costs[atom] for atom in clause)

    def _clauses(self, node: Node) -> list[Clause]:
        """What must stand in an entry: one of each; nothing where nothing is needed."""
        if isinstance(node, Term):
            return self._of_term(node)  # terms are shared: their identity says nothing of where they stand
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._made(node)
        return known

    def _made(self, node: Node) -> list[Clause]:
        if isinstance(node, Not):
            self._clauses(node.part)  # its words are looked for as well
            return []
        if isinstance(node, And):
            return [clause for part in node.parts for clause in self._clauses(part)]
        if isinstance(node, Or):
            return self._either(node, node.parts)
        if isinstance(node, Weighted):
            needed = [part for part, weight in node.parts if weight > 0]
            self._either(node, [part for part, _ in node.parts])
            best = [self._best(part) for part in needed]
            return [frozenset().union(*[one for one in best if one])] if all(best) else []
        if isinstance(node, Near):
            sides = [[self._best(term) for term in side] for side in (node.left, node.right)]
            return [frozenset().union(*[one for one in side if one]) for side in sides if all(side)]
        if isinstance(node, Close):
            return [clause for part in node.parts for clause in self._clauses(part)]
        return []

    def _best(self, node: Node) -> Clause | None:
        clauses = self._clauses(node)
        return min(clauses, key=self._cost) if clauses else None

    def _either(self, node: Or | Weighted, parts: Sequence[Node]) -> list[Clause]:
        by_atom: defaultdict[int, list[Part]] = defaultdict(list)
        loose: list[Part] = []
        for part in enumerate(parts):
            best = self._best(part[1])
            if best is None or len(parts) < _FEWEST:
                loose.append(part)
            for atom in best or () if len(parts) >= _FEWEST else ():
                by_atom[atom].append(part)
        self._lookups[id(node)] = (
            frozenset(by_atom),
            {atom: tuple(held) for atom, held in by_atom.items()},
            tuple(loose),
        )
        found = [self._best(part) for part in parts]
        return [frozenset().union(*[one for one in found if one])] if all(found) else []

    def _of_term(self, term: Term) -> list[Clause]:
        """A clause a word: of every spelling the rarest piece."""
        if term.field == "place":
            return [frozenset({self._place_atom(term)})]
        if term.field in ("kind", "tag", "label", "lang"):
            return []
        sought = self._sought[term.field if term.field in _OWN_WORDS else ""]
        clauses = []
        for spellings in term.words:
            rows = [[frozenset(self._atoms(piece, sought)) for piece in row] for row in spellings]
            clauses.append(frozenset().union(*[min(row, key=self._cost) for row in rows]))
        return clauses

    def _place_atom(self, term: Term) -> int:
        name = place_name(term)
        atom = self._place_atoms.get(name)
        if atom is None:
            codes = codes_of(name)
            atom = self._place_atoms[name] = self._new_atom(0.002 * len(codes))
            for code in codes:
                self._places[code].append(atom)
        return atom

    def _atoms(self, piece: Piece, sought: _Sought) -> Iterator[int]:
        """The atoms of a word of a term."""
        known = sought.beginnings if piece.is_prefix else sought.whole
        for form in piece.forms:
            if form not in known:
                known[form] = self._new_atom(_commonness(form, piece.is_prefix))
            yield known[form]
        if piece.bare:
            if piece.bare not in sought.bare:
                sought.bare[piece.bare] = self._new_atom(_commonness(piece.bare, False))
            yield sought.bare[piece.bare]

    def _new_atom(self, cost: float) -> int:
        self._costs.append(cost)
        return len(self._costs) - 1


def _commonness(form: str, is_prefix: bool) -> float:
    """A guess at how likely a text holds a word: short ones are common, beginnings more so."""
    length = len(form) if not is_spaceless(form) else 2 * len(form)
    return (2 if is_prefix else 1) / length**2


@lru_cache(maxsize=1000)
def codes_of(name: str) -> frozenset[str]:
    """The countries and regions that a place's name stands for: itself, and what it holds."""
    code = gazetteer.code_of(name)
    return frozenset({code}) | gazetteer.members(code) if code else frozenset()
