"""Drives a route again over the raw map and says everything that it may not do.

No code of callout's roads or places is used: see replay_map and replay_vehicle.
"""

import math
from collections.abc import Iterable
from itertools import pairwise, takewhile
from typing import NamedTuple

from replay_map import Point, Rule, StreetMap
from replay_vehicle import Vehicle

_STRAIGHT_DEG = 35.0


class Leg(NamedTuple):
    """A stretch of one way from one junction to the next, as it is driven."""

    way: int
    points: list[Point]
    charged_ms: int = 0  # for the whole stretch and the turn into it


class Violation(NamedTuple):
    kind: (
        str  # joined, way, class, access, oneway, size, barrier, turn, closure, back, charge, line
    )
    what: str


class _Step(NamedTuple):
    """From one node to the next on a way."""

    way: int
    tail: int
    head: int
    side: int  # 1 along, -1 against


class Replay:
    """The check of one vehicle's routes on one map."""

    def __init__(self, streets: StreetMap, vehicle: Vehicle) -> None:
        self.streets = streets
        self.vehicle = vehicle

    def check(
        self,
        legs: list[Leg],
        line: list[Point] | None = None,
        closed: Iterable[tuple[int, Point, Point]] = (),
    ) -> list[Violation]:
        """All violations of a route, in no order.

        ``line`` is what is drawn of it; ``closed`` are steps on a way (way, from, to) that are
        closed to everybody.
        """
        found: list[Violation] = []
        steps: list[_Step] = []
        shut = set(closed)
        is_against: bool | None = None  # a one-way, on the leg before
        for leg in legs:
            choices = self.streets.runs(leg.way, leg.points)
            if not choices:
                found.append(Violation("way", f"{leg.points[0]} … is not on way {leg.way}"))
                return found
            # Where two nodes share a place, the one that joins is meant.
            refs, side = next(
                (one for one in choices if steps and one[0][0] == steps[-1].head), choices[0]
            )
            if steps and refs[0] != steps[-1].head:
                text = f"way {steps[-1].way} ends at node {steps[-1].head}, {leg.way} at {refs[0]}"
                found.append(Violation("joined", text))
            found += self._leg(leg, side, is_against)
            found += [
                Violation("closure", f"way {leg.way} from {a} to {b}")
                for a, b in pairwise(leg.points)
                if (leg.way, a, b) in shut
            ]
            steps += [_Step(leg.way, a, b, side) for a, b in pairwise(refs)]
            is_against = self._is_against(leg.way, side)
        for last, following in pairwise(steps):
            if last.head == following.tail:
                found += self._node(last, following)
        found += self._over_ways(steps)
        if line is not None and not _is_drawn(legs, line):
            found.append(Violation("line", f"the line of {len(line)} points is not the legs'"))
        return found

    def _is_against(self, way: int, side: int) -> bool:
        verdict = self.vehicle.way(self.streets.ways[way].tags)
        return verdict.is_contraflow[0 if side == 1 else 1]

    def _leg(self, leg: Leg, side: int, was_against: bool | None) -> list[Violation]:
        tags = self.streets.ways[leg.way].tags
        verdict = self.vehicle.way(tags)
        why = verdict.along if side == 1 else verdict.against
        if why:
            return [Violation(why, f"way {leg.way} {'along' if side == 1 else 'against'}: {tags}")]
        if self._is_against(leg.way, side):
            due = self.vehicle.contraflow_ms(tags, _metres(leg.points)) - 2
            if was_against is False:  # came in from a road that is driven as it should be
                due += self.vehicle.against["delay_ms"]
            if leg.charged_ms < due:
                text = f"way {leg.way} against its direction for {leg.charged_ms} ms, not {due:.0f}"
                return [Violation("charge", text)]
        return []

    def _node(self, last: _Step, following: _Step) -> list[Violation]:
        """What passing from one step to the next breaks."""
        node = last.head
        if following.way == last.way and following.head == last.tail:
            banned = self._banned(last, following)
            if banned:
                return [banned]
            if not self.vehicle.turns_anywhere and self._goes_on(last):
                return [Violation("back", f"turned back at node {node} on way {last.way}")]
            return []
        found = []
        why = self.vehicle.node(self.streets.node_tags.get(node, {}))
        if why:
            found.append(Violation(why, f"node {node}: {self.streets.node_tags[node]}"))
        banned = self._banned(last, following)
        return [*found, banned] if banned else found

    def _goes_on(self, last: _Step) -> bool:
        """Whether anything but turning back is allowed at the end of the step."""
        node = last.head
        if self.vehicle.node(self.streets.node_tags.get(node, {})):
            return False
        for way in self.streets.ways_at[node]:
            for head, side in self._departures(way, node):
                following = _Step(way, node, head, side)
                is_back = (way, head) == (last.way, last.tail)
                if not is_back and not self._banned(last, following):
                    return True
        return False

    def _banned(self, last: _Step, following: _Step) -> Violation | None:
        """The restriction over the node between two steps that forbids to go so."""
        turn = (last.tail, following.way, following.head)
        prescribed: list[tuple[int, int, int]] = []
        text = ""
        here = self.streets.rules_at.get(last.head, [])
        for rule in here:
            word = self.vehicle.restriction(rule.tags)
            if not word or last.way not in rule.froms or self._is_contradicted(rule, here):
                continue
            meant = [
                pair
                for to in rule.tos
                for pair in self._meant(word, last.way, last.head, to)
                if pair[0] == last.tail
            ]
            said = f"relation {rule.id} {word}: way {last.way} to way {following.way}"
            if word.startswith("only_"):
                prescribed += meant
                text = said
            elif turn in meant:
                return Violation("turn", f"{said} at node {last.head}")
        if prescribed and turn not in prescribed:
            return Violation("turn", f"{text} at node {last.head}")
        return None

    def _is_contradicted(self, rule: Rule, others: list[Rule]) -> bool:
        """Whether a prescription is forbidden by another restriction in the same words.

        Then nobody can say what holds: the ban does, and nothing is prescribed.
        """
        prefix, _, kind = self.vehicle.restriction(rule.tags).partition("_")
        return prefix == "only" and any(
            self.vehicle.restriction(other.tags) == f"no_{kind}"
            and rule.froms & other.froms
            and rule.tos & other.tos
            and rule.via_ways == other.via_ways
            for other in others
        )

    def _meant(self, word: str, source: int, node: int, to: int) -> list[tuple[int, int, int]]:
        """(node before, way, node after) of the turns that a restriction speaks of.

        A way that goes on through the node gives several; then the word's direction says which.
        """
        if to not in self.streets.ways or source not in self.streets.ways:
            return []
        kind = word.partition("_")[2]
        pairs = self._pairs(source, node, to, signs=True)
        if not [pair for pair in pairs if source != to or pair[0] != pair[2]]:
            # Where nobody else can come, who comes against a one-way is meant.
            pairs = self._pairs(source, node, to, signs=False)
        back = [pair for pair in pairs if source == to and pair[0] == pair[2]]
        if kind == "u_turn" and source == to:
            return back
        pairs = [pair for pair in pairs if pair not in back]
        fitting = [(a, to, b) for a, _, b in pairs if self._direction(a, node, b) == kind]
        return fitting if len(pairs) > 1 and fitting else pairs

    def _pairs(self, source: int, node: int, to: int, *, signs: bool) -> list[tuple[int, int, int]]:
        # Going to the neighbour along means coming from it against.
        arrivals = [
            tail
            for tail, out in self.streets.beside(source, node)
            if self._open(source, -out, signs=signs)
        ]
        departures = [head for head, _ in self._departures(to, node, signs=signs)]
        return [(tail, to, head) for tail in arrivals for head in departures]

    def _departures(self, way: int, node: int, *, signs: bool = False) -> list[tuple[int, int]]:
        return [
            (head, out)
            for head, out in self.streets.beside(way, node)
            if self._open(way, out, signs=signs)
        ]

    def _open(self, way: int, side: int, *, signs: bool) -> bool:
        """Whether a way may be driven on that side; ``signs``: by those whom its signs address.

        Nobody puts up a sign for who comes against a one-way.
        """
        verdict = self.vehicle.way(self.streets.ways[way].tags)
        why = verdict.along if side == 1 else verdict.against
        return not why and not (signs and self._is_against(way, side))

    def _direction(self, a: int, node: int, b: int) -> str:
        at = self.streets.places
        turn = (_bearing(at[node], at[b]) - _bearing(at[a], at[node]) + 540) % 360 - 180
        if abs(turn) <= _STRAIGHT_DEG:
            return "straight_on"
        return "right_turn" if turn > 0 else "left_turn"

    def _over_ways(self, steps: list[_Step]) -> list[Violation]:
        found = []
        for i, step in enumerate(steps[:-1]):
            if steps[i + 1].way == step.way or self._is_against(step.way, step.side):
                continue
            for rule in self.streets.rules_over.get(step.way, ()):
                if self._is_contradicted(rule, self.streets.rules_over[step.way]):
                    continue
                word = self.vehicle.restriction(rule.tags)
                ahead = list(takewhile(self._is_signed, steps[i + 1 :]))
                if word.startswith("no_") and self._followed(rule, ahead):
                    found.append(Violation("turn", f"relation {rule.id} {word}, over ways"))
                elif word.startswith("only_") and self._left(rule, ahead):
                    found.append(Violation("turn", f"relation {rule.id} {word}, left on the way"))
        return found

    def _is_signed(self, step: _Step) -> bool:
        return not self._is_against(step.way, step.side)

    @staticmethod
    def _followed(rule: Rule, ahead: list[_Step]) -> bool:
        """Whether the steps run over the via ways, all of them in turn, and onto the last."""
        order = [*rule.via_ways]
        at = 0
        for last, step in zip([None, *ahead], ahead, strict=False):
            if last is not None and (step.way, step.head) == (last.way, last.tail):
                return False  # turned round on the way: no longer the manoeuvre
            if step.way == order[at]:
                continue
            if at + 1 < len(order) and step.way == order[at + 1]:
                at += 1
                if last is None:
                    return False
                continue
            return last is not None and at + 1 == len(order) and step.way in rule.tos
        return False

    def _left(self, rule: Rule, ahead: list[_Step]) -> bool:
        """Whether somebody who entered the first via way left the path to the way prescribed."""
        if not ahead or ahead[0].way != rule.via_ways[0]:
            return False
        path = self._prescribed(rule, ahead[0])
        if not path:
            return False
        for step, head in zip(ahead, path, strict=False):
            if step.head != head:
                return True
        rest = ahead[len(path) :]
        return bool(rest) and rest[0].way not in rule.tos

    def _prescribed(self, rule: Rule, first: _Step) -> list[int]:
        """Nodes from the first step to where the last via way meets the way prescribed.

        [] when nobody can drive so: then the restriction prescribes nothing.
        """
        path, step = [first.head], first
        for number in range(len(rule.via_ways)):
            targets = rule.via_ways[number + 1 : number + 2] or [*rule.tos]
            onto = self._onto(step, targets)
            while not onto:
                onward = [
                    _Step(step.way, step.head, head, out)
                    for head, out in self._departures(step.way, step.head)
                    if out == step.side
                ]
                if not onward or self._node(step, onward[0]) or len(path) > 10_000:
                    return []
                step = onward[0]
                path.append(step.head)
                onto = self._onto(step, targets)
            if number + 1 == len(rule.via_ways):
                return path
            if len(onto) > 1:
                return []  # both ways on: either may be meant
            step = onto[0]
            path.append(step.head)
        return []

    def _onto(self, last: _Step, ways: Iterable[int]) -> list[_Step]:
        """Allowed steps from the end of this one onto those ways."""
        steps = [
            _Step(way, last.head, head, side)
            for way in ways
            if way in self.streets.ways
            for head, side in self._departures(way, last.head, signs=True)
        ]
        return [step for step in steps if not self._node(last, step)]


def _is_drawn(legs: list[Leg], line: list[Point]) -> bool:
    """Whether a line begins on the first leg, follows every point and ends on the last."""
    whole = [point for leg in legs for point in leg.points]
    whole = [point for i, point in enumerate(whole) if i == 0 or point != whole[i - 1]]
    if len(whole) == 1:
        return set(line) == set(whole)
    inner = line[1:-1]
    first, last = len(legs[0].points), len(legs[-1].points)
    for start in range(1, min(first + 1, len(whole))):
        stop = start + len(inner)
        if (
            max(1, len(whole) - last) <= stop < len(whole)
            and whole[start:stop] == inner
            and _is_on(line[0], whole[start - 1], whole[start])
            and _is_on(line[-1], whole[stop - 1], whole[stop])
        ):
            return True
    return False


def _is_on(p: Point, a: Point, b: Point) -> bool:
    """Whether a point lies on a segment, to within two units (2 cm) of rounding."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = math.hypot(dx, dy)
    if length == 0:
        return math.hypot(p[0] - a[0], p[1] - a[1]) <= 2
    along = ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length
    aside = abs((p[0] - a[0]) * dy - (p[1] - a[1]) * dx) / length
    return -2 <= along <= length + 2 and aside <= 2


def _bearing(a: Point, b: Point) -> float:
    squeeze = math.cos(math.radians((a[1] + b[1]) / 2e7))
    return math.degrees(math.atan2((b[0] - a[0]) * squeeze, b[1] - a[1]))


def _metres(points: list[Point]) -> float:
    total = 0.0
    for a, b in pairwise(points):
        squeeze = math.cos(math.radians((a[1] + b[1]) / 2e7))
        total += math.hypot((b[0] - a[0]) * squeeze, b[1] - a[1])
    return total * 0.011119508
