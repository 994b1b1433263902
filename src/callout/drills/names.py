"""Names for a made town: streets, quarters, bridges; every one unique, every one from the seed."""

import random
import tomllib
from pathlib import Path
from typing import Final


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


_TRADES: Final = _list("""
    Market, Mill, Bell, Castle, Tanner, Cooper, Baker, Weaver, Saddler, Glover, Chandler,
    Potter, Brewer, Mason, Draper, Fuller, Smith, Cutler, Fletcher, Thatcher, Abbey, Friar,
    Minster, Chapel, Cloister, Priory, Harbour, Ferry, Anchor, Rope, Sail, Fish, Salt, Corn,
    Wool, Silk, Linen, Copper, Silver, Tin, Lead, Wine, Bread, Butter, Cheese, Honey, Hay,
    Horse, Sheep, Goose, Swan, Heron, Raven, Fox, Stag, Bear, Lion, Crown, Rose, Thistle, Ivy
""")
_PEOPLE: Final = _list("""
    Victoria, Albert, Queen, King, Prince, Duke, Nelson, Newton, Darwin, Faraday, Curie, Kepler,
    Brunel, Telford, Stephenson, Nightingale, Seacole, Pankhurst, Shelley, Keats, Byron, Austen,
    Eliot, Hardy, Turner, Constable, Purcell, Elgar, Holst, Handel, Wren, Inigo, Jones, Baxter,
    Calder, Dalton, Ellison, Farrow, Garrick, Hollis, Ingram, Jarvis, Kendal, Latimer, Mercer,
    Norton, Osborne, Paxton, Quincey, Radley, Selwyn, Tilney, Underhill, Vernon, Walton, Yardley
""")
_FIRST: Final = _list("""
    Ash, Oak, Elm, Birch, Alder, Hazel, Thorn, Holly, Rowan, Willow, Maple, Lime, Fern, Heather,
    Bracken, Clover, Marsh, Moor, Brook, Stone, Clay, Sand, Chalk, Flint, Long, Broad, High,
    Low, West, East, North, South, Fair, Green, White, Black, Red, Gold, Winter, Summer, Hart,
    Hare, Lark, Finch, Wren, Kestrel, Otter, Badger
""")
_LAST: Final = _list("""
    field, ton, ley, wick, mere, stead, bourne, ham, worth, by, ford, dale, hurst, den, combe,
    wood, bank, cliff, more, gate
""")
_BEFORE: Final = _list("""
    Upper, Lower, Great, Little, Old, New, North, South, East, West, Long, Nether, Far, Near,
    Middle, Inner, Outer, Mount, Fore, Back, High, Low, Deep, Wide, Sunny, Windy, Quiet, Hither
""")
_ENDS: Final = {
    "old": ("Lane", "Street", "Row", "Gate", "Hill", "Passage", "Yard", "Walk", "Steps", "Court"),
    "grid": ("Street", "Street", "Street", "Avenue", "Terrace", "Place"),
    "suburb": ("Close", "Drive", "Crescent", "Way", "Gardens", "Rise", "Grove", "Lane", "Road"),
    "works": ("Road", "Way", "Dock", "Wharf"),
    "main": ("Road", "Avenue", "Parade", "Road"),
}
_QUARTERS: Final = _list("""
    Old Town, Quayside, Southbank, Tanneries, Abbey Fields, Castle Hill, Eastgate, Westgate,
    Mill End, Ferry Side, Station Quarter, Kingsmead, Priory Park, Cornmarket, Harber, Rope
    Walk, Saltmarsh, Highmoor, Lower Arne, Upper Arne, Brookside, Elmfield, Larkrise, Foxhollow,
    Stonecross, Whitehill, Ashcombe, Fairfield, Marshgate, Otterbourne, Hazelwood, Winterdale,
    Heatherley, Claybank, Longmead, Northfields, Southfields, Harthill, Greenway, Flintham
""")


_TONGUES: Final = tomllib.loads(
    Path(__file__).with_name("street_names.toml").read_text(encoding="utf-8")
)
LANGUAGES: Final = tuple(_TONGUES)


class NameMaker:
    """Hands out names, never the same twice."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.language = "english"
        self._used: set[str] = set()
        self._quarters = list(_QUARTERS[3:])
        rng.shuffle(self._quarters)
        self._quarters = [*self._quarters, *reversed(_QUARTERS[:3])]

    def street(self, district: str) -> str:
        """A street's name in the manner of that district: old, grid, suburb, works or main."""
        for _ in range(200):
            if self.language in _TONGUES:
                name = self._foreign(_TONGUES[self.language])
            else:
                name = f"{self._base(district)} {self._rng.choice(_ENDS[district])}"
            if name not in self._used:
                break
        else:
            name = self._further(district)
        self._used.add(name)
        return name

    def _further(self, district: str) -> str:
        """A name with a word before it, when the plain ones are taken."""
        while True:
            base, end = self._base(district), self._rng.choice(_ENDS[district])
            name = f"{self._rng.choice(_BEFORE)} {base} {end}"
            if name not in self._used:
                return name

    def village(self) -> str:
        """A name for a village."""
        name = f"{self._rng.choice(_FIRST)}{self._rng.choice(_LAST)}"
        if name in self._used:
            name = f"{self._rng.choice(_BEFORE)} {name}"
        self._used.add(name)
        return name

    def _foreign(self, tongue: dict[str, list[str]]) -> str:
        """A name from one of the language's patterns."""
        words = {key: self._rng.choice(of) for key, of in tongue.items() if of}
        return words.pop("patterns").format(**words)

    def quarter(self) -> str:
        """A part of the town, the best-known ones first; numbered when all are taken."""
        if self._quarters:
            return self._quarters.pop()
        name = f"{self._rng.choice(_FIRST)}{self._rng.choice(_LAST)}"
        return name if name not in self._used else f"New {name}"

    def _base(self, district: str) -> str:
        if district == "old" or (district == "works" and self._rng.random() < 0.5):
            return self._rng.choice(_TRADES)
        if district in {"grid", "main"} and self._rng.random() < 0.6:
            return self._rng.choice(_PEOPLE)
        return f"{self._rng.choice(_FIRST)}{self._rng.choice(_LAST)}"
