"""An outsider's recount of a recommendation: scipy's Dijkstra over the city's graph files.

Nothing of the room's own search is used, only the arrays that docs/city.md describes: directed
edges with ``edge_ms_PROFILE``, turns between them (``turn_from_ptr``, ``turn_to`` and
``turn_ms_PROFILE``) and ``edge_base``, which edges are copies of which. Times are whole
milliseconds, exact in float64.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

_MILLION: Final = 1_000_000
_CLOSED: Final = 2**31 - 1  # weight of an edge that nobody may drive on
_PAD: Final = 256  # room for the turns that lead to an incident


class At(NamedTuple):
    """A place on a directed edge, ``offset`` millionths along it; ``other`` is the way back."""

    edge: int
    offset: int
    other: int

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "At":
        """From ``explain``."""
        return cls(int(given["edge"]), int(given["offset"]), int(given["other"]))

    def sides(self) -> list[tuple[int, int]]:
        """(edge, offset) for each direction that counts."""
        here = [(self.edge, self.offset)] if self.edge >= 0 else []
        return here + ([(self.other, _MILLION - self.offset)] if self.other >= 0 else [])


class Network:
    """The road graph turned round, for searches from an incident towards units."""

    def __init__(
        self,
        edge_ms: NDArray[np.int32],
        turn_from_ptr: NDArray[np.int64],
        turn_to: NDArray[np.int32],
        turn_ms: NDArray[np.int32],
        edge_base: NDArray[np.int32],
    ) -> None:
        """Arrays as docs/city.md describes them."""
        self._weight = edge_ms.astype(np.int64)
        self._base = edge_base
        edges = len(edge_ms)
        before = np.repeat(np.arange(edges), np.diff(turn_from_ptr))
        is_open = (edge_ms[before] != _CLOSED) & (edge_ms[turn_to] != _CLOSED)
        is_open &= turn_ms != _CLOSED
        before, after = before[is_open], turn_to[is_open]
        # Going back from f to a costs the turn a-f and the whole of f.
        order = np.argsort(after, kind="stable")
        self._before = before[order].astype(np.int32)
        self._turn_ms = turn_ms[is_open][order].astype(np.int64)
        counts = np.bincount(after, minlength=edges)
        self._ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        whole = self._turn_ms + self._weight[after[order]]
        self._indices = np.concatenate([self._before, np.zeros(_PAD, np.int32)])
        self._data = np.concatenate([whole.astype(np.float64), np.zeros(_PAD)])

    @classmethod
    def open(cls, graph_dir: Path, profile: str, times: Sequence[int] | None = None) -> "Network":
        """Read the arrays of a city's graph folder, with the rules of ``times`` in force.

        Without ``times`` every ban that holds at some time holds, as in the arrays themselves.
        """

        def load(name: str) -> NDArray[Any]:
            return np.asarray(np.load(graph_dir / f"{name}.npy"))

        edge_ms, turn_ms = load(f"edge_ms_{profile}"), load(f"turn_ms_{profile}")
        base = load("edge_base")
        if times is not None:
            manifest = msgspec.json.decode((graph_dir / "graph.json").read_bytes())
            number = manifest["profiles"].index(profile)
            cases = load(f"case_ms_{profile}")
            held = (np.isin(load("case_when"), times) << np.arange(3)).sum(axis=1)
            edge_ms[load("case_edge")] = cases[np.arange(len(cases)), held]
            edge_ms = edge_ms[base]
            mine = load("case_turn_bits") >> number & 1 == 1
            turn, when = load("case_turn")[mine], load("case_turn_when")[mine]
            turn_ms[turn] = load("case_turn_ms")[mine, number]
            turn_ms[turn[np.isin(when, times)]] = _CLOSED
        return cls(edge_ms, load("turn_from_ptr"), load("turn_to"), turn_ms, base)

    def labels(self, incident: At, limit_ms: float) -> NDArray[np.float64]:
        """(edges,) ms from each edge's end to the incident; inf past ``limit_ms``.

        The search starts from one more node, which leads to every edge with a turn into the
        incident's edge or a copy of it.
        """
        edges, size = len(self._weight), int(self._ptr[-1])
        for edge, offset in incident.sides():
            if self._weight[edge] == _CLOSED:
                continue
            head = int(self._weight[edge]) * offset // _MILLION
            for state in np.flatnonzero(self._base == self._base[edge]).tolist():
                low, high = int(self._ptr[state]), int(self._ptr[state + 1])
                stop = size + high - low
                self._indices[size:stop] = self._before[low:high]
                self._data[size:stop] = self._turn_ms[low:high] + head
                size = stop
        ptr = np.append(self._ptr, size).astype(np.int32)
        shape = (edges + 1, edges + 1)
        graph = csr_array((self._data[:size], self._indices[:size], ptr), shape=shape)
        found = dijkstra(graph, directed=True, indices=np.array([edges]), limit=limit_ms)
        return np.asarray(found[0, :edges], np.float64)

    def travel_ms(self, unit: At, incident: At, labels: NDArray[np.float64]) -> float:
        """The unit's time to the incident; inf when no way is known within the limit."""
        best = float("inf")
        for edge, offset in unit.sides():
            weight = int(self._weight[edge])
            if weight == _CLOSED:
                continue
            gone = weight * offset // _MILLION
            best = min(best, float(labels[edge]) + weight - gone)
            for target, at in incident.sides():
                if target == edge and offset <= at:
                    best = min(best, float(weight * at // _MILLION - gone))
        return best


Opener = Callable[[str, Sequence[int] | None], Network]


def mismatches(opened: Opener, explained: Mapping[str, Any], k: int) -> list[str]:
    """What is wrong with a ranking of at most ``k`` units, in words; nothing when it is right.

    ``opened`` gives the network of a profile at times. Times are compared, not ids: equal times
    may stand in any order. The ranked must carry the k least times of all candidates, each its
    own by its own vehicle.
    """
    ranked = explained["ranked"]
    told = [row["travel_ms"] for row in ranked]
    if any(time is None for time in told):
        return ["a unit is ranked without a time by road"]
    # Beyond the last told time nothing can change a full ranking.
    limit_ms = max(told) + 1.0 if len(told) == k else float("inf")
    times: dict[str, float] = {}
    for profile, at in explained["incidents"].items():
        network, incident = opened(profile, explained["times"]), At.read(at)
        labels = network.labels(incident, limit_ms)
        for row in explained["candidates"]:
            if row["profile"] == profile:
                times[row["unit"]] = network.travel_ms(At.read(row), incident, labels)
    return _differences(ranked, times, k)


def _differences(
    ranked: Sequence[Mapping[str, Any]], times: Mapping[str, float], k: int
) -> list[str]:
    wrong = []
    for row in ranked:
        counted = times.get(row["unit"])
        if counted is None:
            wrong.append(f"{row['unit']} is ranked and no candidate")
        elif counted != row["travel_ms"]:
            wrong.append(f"{row['unit']} is told {row['travel_ms']} ms, counted {counted:.0f} ms")
    told = [float(row["travel_ms"]) for row in ranked]
    least = sorted(time for time in times.values() if time != float("inf"))[:k]
    if len({row["unit"] for row in ranked}) != len(ranked):
        wrong.append("a unit is ranked twice")
    if told != least:
        wrong.append(f"ranked times {told}, least times {least}")
    return wrong
