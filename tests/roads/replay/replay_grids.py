"""Made-up street grids that are thick with rules: every few metres something is forbidden."""

import random
from pathlib import Path

from osm_files import write_osm

SIDE, STEP_M = 14, 100
RULES = ("oneway", "access", "turn", "barrier", "class", "size")
_WORDS = ("left_turn", "right_turn", "straight_on", "u_turn")


def write_grid(path: Path, seed: int, without: tuple[str, ...] = ()) -> Path:
    """A grid of SIDE x SIDE junctions cut into ways of one to four blocks; ``without`` some rules.

    The same seed draws the same streets, whatever is left out.
    """
    rng = random.Random(seed)
    nodes = [
        (number(column, row), column * STEP_M + rng.randint(-30, 30),
         row * STEP_M + rng.randint(-30, 30), _node_tags(rng, without))
        for row in range(SIDE) for column in range(SIDE)
    ]  # fmt: skip
    ways = []
    for line in range(SIDE):
        for street in (
            [number(place, line) for place in range(SIDE)],
            [number(line, place) for place in range(SIDE)],
        ):
            at = 0
            while at < SIDE - 1:
                blocks = rng.randint(1, 4)
                refs = street[at : at + blocks + 1]
                at += blocks
                ways.append((len(ways) + 1, refs, _way_tags(rng, without)))
    relations = [_relation(rng, i + 1, ways) for i in range(SIDE * SIDE)]
    kept = [one for one in relations if one and "turn" not in without]
    return write_osm(path, nodes, ways, kept)


def number(column: int, row: int) -> int:
    return row * SIDE + column + 1


def _node_tags(rng: random.Random, without: tuple[str, ...]) -> dict[str, str]:
    drawn = rng.random()
    if drawn < 0.03:
        return {} if "barrier" in without else {"barrier": "bollard"}
    if drawn < 0.06:
        return {"barrier": "gate", "access": "private"}
    return {"highway": "traffic_signals"} if drawn < 0.1 else {}


def _way_tags(rng: random.Random, without: tuple[str, ...]) -> dict[str, str]:
    tags = {"highway": rng.choice(["residential", "primary", "service", "track", "unclassified"])}
    odd, is_odd = rng.choice(["proposed", "construction", "raceway"]), rng.random() < 0.06
    oneway = rng.choice(["yes", "-1", "yes", "no", "reversible"])
    size = rng.choice([{"maxheight": "1.4"}, {"maxweight:forward": "50 kg"}])
    drawn = rng.random()
    if is_odd and "class" not in without:
        tags["highway"] = odd
    if drawn < 0.35:
        return tags if "oneway" in without else tags | {"oneway": oneway}
    if drawn < 0.42:
        return tags if "access" in without else tags | {"access": "no"}
    if drawn < 0.5:
        return tags if "size" in without else tags | size
    return tags | {"access": rng.choice(["private", "destination", "permissive"])}


def _relation(rng: random.Random, name: int, ways: list) -> tuple | None:
    """A restriction over one node or one way that stands next to another."""
    by_node: dict[int, list[int]] = {}
    refs_of = {way: refs for way, refs, _ in ways}
    for way, refs, _ in ways:
        for ref in refs:
            by_node.setdefault(ref, []).append(way)
    tags = {"type": "restriction"}
    tags["restriction"] = f"{rng.choice(['no', 'no', 'only'])}_{rng.choice(_WORDS)}"
    if rng.random() < 0.1:
        tags["except"] = "psv;emergency;motorcar;bicycle"
    node = rng.choice(sorted(by_node))
    source, to = rng.choice(by_node[node]), rng.choice(by_node[node])
    members = [("w", source, "from"), ("n", node, "via"), ("w", to, "to")]
    if rng.random() < 0.4:
        over = to
        after = rng.choice(refs_of[over])
        to = rng.choice(by_node[after])
        if len({source, over, to}) < 3 or after == node:
            return None
        members = [("w", source, "from"), ("w", over, "via"), ("w", to, "to")]
    elif source == to and not tags["restriction"].endswith("no_u_turn"):
        return None  # no right turn from a way onto itself: nobody can say what is meant
    return name, members, tags
