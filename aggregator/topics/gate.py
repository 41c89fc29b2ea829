"""Which of many queries an entry can match at all, told from its words alone, without their places.

In: the trees of queries, once; then what an entry holds. Out: the numbers of queries worth a closer look, never one too
few. Never: a match: that is for the evaluator.

Whatever a query looks for has a number, an atom: a word, a beginning, a word in all its inflections, a place. A
query is boiled down to clauses: sets of atoms of which an entry must hold one each. It is looked up by the clause that
is least likely to be met, so that what an entry costs hardly depends on how many queries there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from aggregator import gazetteer
from aggregator.topics.runs import STEMMED, Runs, is_spaceless
from aggregator.topics.stems import stem
from aggregator.topics.tree import And, Close, Near, Node, Not, Or, Piece, Term, Weighted, place_name

Clause = frozenset[int]
Part = tuple[int, Node, Sequence[Clause]]
"""A part of a node: which it is, itself, and what else it needs than what it is looked up by."""

# Fields with words of their own; words without a field, in the title and in the text are looked for in one go.
OWN_WORDS = ("author", "source", "category", "url")
_FEWEST = 3
_FEW_WORDS = 300
"""So many forms ask searches and drafts for at most."""
_HEAD = 5
"""Letters by which beginnings are told apart at first sight; the few shorter ones are looked for one by one."""
_WORTH_LEARNING = 200
_SAMPLE = 400


class _Sought:
    """What queries look for in a field: the atoms of forms, of beginnings, of words in all their inflections."""

    def __init__(self) -> None:
        self.whole: dict[str, tuple[int, ...]] = {}
        self.beginnings: dict[str, tuple[int, ...]] = {}
        self._bare: list[tuple[str, int]] = []
        self._runs: dict[str, Runs] = {}
        self._family: list[Runs] = []

    @property
    def is_empty(self) -> bool:
        return not (self.whole or self.beginnings)

    def add(self, piece: Piece, atom: int) -> None:
        """A piece of a term stands where any of its forms does, or a word of the same stem."""
        known = self.beginnings if piece.is_prefix else self.whole
        for form in piece.forms:
            known[form] = (*known.get(form, ()), atom)
        if piece.bare:
            self._bare.append((piece.bare, atom))

    def runs(self, language: str) -> Runs:
        """What knows the atoms of a text's words in a language; made when the first text in it comes."""
        found = self._runs.get(language)
        if found is None:
            passing = len(self.whole) + len(self.beginnings) < _FEW_WORDS
            atoms = _Atoms(self.whole, self.beginnings, self._stems(language))
            found = Runs(atoms, language, passing=passing, family=self._family)
            self._runs[language] = found
        return found

    def _stems(self, language: str) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {}
        for word, atom in self._bare if language else ():
            if stemmed := stem(word, language):
                found[STEMMED + stemmed] = (*found.get(STEMMED + stemmed, ()), atom)
        return found


class _Atoms:
    """The atoms of a form."""

    __slots__ = ("_beginnings", "_lengths", "_short", "_stems", "_whole")

    def __init__(
        self, whole: Mapping[str, tuple[int, ...]], beginnings: Mapping[str, tuple[int, ...]],
        stems: Mapping[str, tuple[int, ...]],
    ) -> None:  # fmt: skip
        self._whole, self._beginnings, self._stems = whole, beginnings, stems
        # The lengths of the beginnings that share their first letters: most words begin like none of them.
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for one in beginnings:
            lengths[one[:_HEAD]].add(len(one))
        self._lengths = {head: tuple(sorted(found)) for head, found in lengths.items() if len(head) == _HEAD}
        self._short = sorted({len(head) for head in lengths} - {_HEAD})

    def __call__(self, form: str) -> Sequence[int]:
        if form[0] == STEMMED:
            return self._stems.get(form, ())
        found = self._whole.get(form, ())
        for length in self._short:
            found += self._beginnings.get(form[:length], ()) if length <= len(form) else ()
        for length in self._lengths.get(form[:_HEAD], ()):
            if length > len(form):
                break
            found += self._beginnings.get(form[:length], ())
        return found


class _Doors:
    """Queries by a clause of each: those whose clause an entry meets, and those that need none."""

    __slots__ = ("_always", "_atoms", "_by_atom")

    def __init__(self, clauses: Sequence[Clause | None]) -> None:
        by_atom: defaultdict[int, list[int]] = defaultdict(list)
        for number, clause in enumerate(clauses):
            for atom in clause or ():
                by_atom[atom].append(number)
        self._by_atom = dict(by_atom)
        self._atoms = frozenset(by_atom)
        self._always = frozenset(number for number, clause in enumerate(clauses) if clause is None)

    def met_by(self, present: set[int]) -> set[int]:
        """The numbers of the queries that an entry with these atoms may match as far as these clauses say."""
        return set(self._always).union(*map(self._by_atom.__getitem__, self._atoms & present))


class Gate:
    """The clauses of some queries, and the atoms that they are made of."""

    def __init__(self, trees: Sequence[Node]) -> None:
        self._trees = tuple(trees)  # kept, as its nodes are known by their identity
        self._sought = {field: _Sought() for field in ("", *OWN_WORDS)}
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        self._place_atoms: dict[str, int] = {}
        self.atom_of: dict[int, int] = {}
        """The atom of each piece of a term, by the piece's identity."""
        self._of_pieces: dict[tuple[str, Piece], int] = {}
        self._costs: list[float] = []
        self._clause_costs: dict[Clause, float] = {}
        self._known: dict[int, list[Clause]] = {}
        self._of_terms: dict[int, list[Clause]] = {}
        self._lookups: dict[tuple[int, int], tuple[Clause, Mapping[int, Sequence[Part]], Sequence[Part]]] = {}
        self._of_query = [self._clauses(tree) for tree in trees]
        self._entrance = self._opened()
        self._seen: Counter[int] | None = Counter() if len(trees) >= _WORTH_LEARNING else None
        self._sampled = 0

    def runs(self, field: str, language: str) -> Runs | None:
        """What knows the atoms of a field's words; None where no query asks for any."""
        sought = self._sought[field if field in OWN_WORDS else ""]
        return None if sought.is_empty else sought.runs(language)

    def places(self, codes: Iterable[str]) -> Iterator[int]:
        """The atoms of places."""
        for code in codes:
            yield from self._places.get(code, ())

    def open_for(self, present: set[int]) -> list[int]:
        """The numbers of the queries that may match an entry that holds these atoms, in order."""
        seen = self._seen  # another thread may have learned enough a moment later
        if seen is not None:
            self._learn(seen, present)
        first, second, others = self._entrance
        waiting = first.met_by(present)
        if waiting:
            waiting &= second.met_by(present)
        found = [number for number in waiting if not any(clause.isdisjoint(present) for clause in others[number])]
        found.sort()
        return found

    def _learn(self, seen: Counter[int], present: set[int]) -> None:
        """Count what entries hold, and once that is known well enough, look queries up by what is rare indeed.

        Which queries are found stays the same; threads that count at once lose a count at most.
        """
        seen.update(present)
        self._sampled += 1
        if self._sampled >= _SAMPLE:
            self._seen = None
            self._costs = [seen[atom] + 0.1 * guess for atom, guess in enumerate(self._costs)]
            self._clause_costs = {}
            self._entrance = self._opened()

    def left_of(self, node: Or | Weighted | Near, side: int, present: set[int]) -> Iterable[Part]:
        """The parts of an alternative, or of a side (0, 1) of NEAR, that such an entry may match."""
        clause, by_atom, loose = self._lookups[id(node), side]
        hit = clause & present
        if not hit:
            return loose
        if len(hit) == 1 and not loose:
            (atom,) = hit
            parts = by_atom[atom]
            if len(parts) == 1 and not parts[0][2]:  # the usual case
                return parts
        found: dict[int, Part] = {part[0]: part for part in loose} if loose else {}
        for atom in hit:
            for part in by_atom[atom]:
                for needed in part[2]:
                    if needed.isdisjoint(present):
                        break
                else:
                    found[part[0]] = part
        return found.values()

    def rules_out(self, node: And, present: set[int]) -> bool:
        """Whether such an entry lacks what some part of a query needs."""
        for clause in self._known[id(node)]:  # noqa: SIM110 -- a plain loop costs half of what any() does here
            if clause.isdisjoint(present):
                return True
        return False

    def _opened(self) -> tuple[_Doors, _Doors, Sequence[Sequence[Clause]]]:
        """Each query behind its two rarest clauses; the others are looked at then."""
        rare = [sorted(clauses, key=self._cost) for clauses in self._of_query]
        first = _Doors([clauses[0] if clauses else None for clauses in rare])
        second = _Doors([clauses[1] if len(clauses) > 1 else None for clauses in rare])
        return first, second, [tuple(clauses[2:]) for clauses in rare]

    def _cost(self, clause: Clause) -> float:
        cost = self._clause_costs.get(clause)
        if cost is None:
            cost = self._clause_costs[clause] = sum(self._costs[atom] for atom in clause)
        return cost

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
            return self._either(node, 0, node.parts)
        if isinstance(node, Weighted):
            self._either(node, 0, [part for part, _ in node.parts])
            for_it = [self._clauses(part) for part, weight in node.parts if weight > 0]
            return [frozenset().union(*[min(one, key=self._cost) for one in for_it])] if all(for_it) else []
        if isinstance(node, Near):
            return [*self._either(node, 0, node.left), *self._either(node, 1, node.right)]
        if isinstance(node, Close):
            return [clause for part in node.parts for clause in self._clauses(part)]
        return []

    def _either(self, node: Or | Weighted | Near, side: int, parts: Sequence[Node]) -> list[Clause]:
        by_atom: defaultdict[int, list[Part]] = defaultdict(list)
        loose: list[Part] = []
        found: list[Clause] = []
        for at, part in enumerate(parts):
            clauses = sorted(self._clauses(part), key=self._cost)
            found += clauses[:1]
            if not clauses or len(parts) < _FEWEST:
                loose.append((at, part, ()))
            else:
                looked_up = (at, part, tuple(clauses[1:]))
                for atom in clauses[0]:
                    by_atom[atom].append(looked_up)
        lookup = {atom: tuple(held) for atom, held in by_atom.items()}
        self._lookups[id(node), side] = (frozenset(lookup), lookup, tuple(loose))
        return [frozenset().union(*found)] if len(found) == len(parts) else []

    def _of_term(self, term: Term) -> list[Clause]:
        """A clause a word: of every spelling the rarest piece."""
        if term.field == "place":
            return [frozenset({self._place_atom(term)})]
        if term.field in ("kind", "tag", "label", "lang"):
            return []
        known = self._of_terms.get(id(term))
        if known is None:
            field = term.field if term.field in OWN_WORDS else ""
            known = self._of_terms[id(term)] = [
                frozenset(
                    min((self._atom(piece, field) for piece in row), key=self._costs.__getitem__) for row in spellings
                )
                for spellings in term.words
            ]
        return known

    def _place_atom(self, term: Term) -> int:
        name = place_name(term)
        atom = self._place_atoms.get(name)
        if atom is None:
            codes = codes_of(name)
            atom = self._place_atoms[name] = self._new_atom(0.002 * len(codes))
            for code in codes:
                self._places[code].append(atom)
        return atom

    def _atom(self, piece: Piece, field: str) -> int:
        """The atom of a piece of a term; pieces that are alike share it."""
        alike = (field, piece)
        atom = self._of_pieces.get(alike)
        if atom is None:
            atom = self._of_pieces[alike] = self._new_atom(_commonness(piece.forms[0], piece.is_prefix))
            self._sought[field].add(piece, atom)
        self.atom_of[id(piece)] = atom
        return atom

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
