"""The ink of a printed map: how ground, roads, marks and names are drawn, as SVG.

Told apart by width, pattern and letter rather than by colour, for paper is often black and white.
All in millimetres.
"""

from html import escape
from typing import Final

from callout.places.sheet_names import Name
from callout.places.sheet_shapes import Shapes

# Millimetres at 1:10,000 (line, then casing around it) and grey of the filling, thinnest first.
_ROADS: Final = (
    ("service", 0.5, 0.12, "#fff"),
    ("residential", 1.0, 0.13, "#fff"),
    ("tertiary", 1.4, 0.16, "#fff"),
    ("secondary", 1.6, 0.2, "#fff"),
    ("primary", 1.9, 0.24, "#e4e4e4"),
    ("trunk", 2.1, 0.28, "#d4d4d4"),
    ("motorway", 2.5, 0.34, "#bdbdbd"),
)
# Metres of ground in a millimetre up to which footpaths and one-way arrows are drawn.
_PATHS_TO: Final = 8.0
_ARROWS_TO: Final = 12.0
_GREEN: Final = frozenset({"park", "wood", "grass", "cemetery", "pitch", "wetland"})
# What a letter in a box says, and the words of the legend.
_MARKS: Final = {
    "hospital": ("H", "hospital"),
    "fire_station": ("F", "fire station"),
    "police": ("P", "police"),
    "ambulance_station": ("A", "ambulance station"),
    "clinic": ("+", "clinic"),
    "pharmacy": ("Rx", "pharmacy"),
    "school": ("S", "school"),
    "helipad": ("◎", "helipad"),
    "fuel": ("G", "fuel"),
    "station": ("T", "railway station"),
    "defibrillator": ("D", "defibrillator"),
    "assembly_point": ("M", "assembly point"),
}


def path(data: str, style: str) -> str:
    """A path of this SVG data, nothing when there is none."""
    return f'<path d="{data}" {style}/>' if data else ""


def ground(shapes: Shapes) -> list[str]:
    """Green, water and buildings."""
    green = shapes.areas("land", _GREEN)
    return [
        path(green, 'fill="#eee"'),
        path(shapes.areas("water"), 'fill="#cfd6da" stroke="#777" stroke-width=".15"'),
        path(shapes.lines("waterway"), 'fill="none" stroke="#9aa4aa" stroke-width=".5"'),
        path(shapes.areas("building"), 'fill="#dcdcdc" stroke="#888" stroke-width=".08"'),
    ]


def roads(shapes: Shapes, metres_per_mm: float) -> list[str]:
    """Tunnels dashed, then streets, then bridges; narrower on maps of more ground."""
    # Less than the scale asks for: streets must stay wide enough to see.
    shrink = min(2.0, max(0.3, (10.0 / metres_per_mm) ** 0.6))
    drawn = []
    if metres_per_mm <= _PATHS_TO:
        dots = f'stroke-width="{0.25 * shrink:.2f}" stroke-dasharray=".9 .6"'
        drawn.append(path(shapes.roads("path", ""), f'fill="none" stroke="#888" {dots}'))
    for stage in ("tunnel", "", "bridge"):
        for kind, wide, edge, _ in _ROADS:
            more = 0.5 if stage == "bridge" else 0.0
            dash = ' stroke-dasharray="1 .6"' if stage == "tunnel" else ""
            cap = "butt" if stage else "round"
            drawn.append(
                path(
                    shapes.roads(kind, stage),
                    f'fill="none" stroke="#333" stroke-linecap="{cap}"{dash} '
                    f'stroke-width="{(wide + more) * shrink + 2 * edge:.2f}"',
                )
            )
        for kind, wide, _, grey in _ROADS:
            drawn.append(
                path(
                    shapes.roads(kind, stage),
                    f'fill="none" stroke="{grey}" stroke-linecap="round" '
                    f'stroke-width="{wide * shrink:.2f}"',
                )
            )
    rail = shapes.lines("rail")
    drawn.append(path(rail, 'fill="none" stroke="#222" stroke-width=".25"'))
    drawn.append(
        path(rail, 'fill="none" stroke="#222" stroke-width="1" stroke-dasharray=".25 1.8"')
    )
    border = 'fill="none" stroke="#444" stroke-width=".3" stroke-dasharray="3 1 .5 1"'
    drawn.append(path(shapes.lines("boundary"), border))
    if metres_per_mm <= _ARROWS_TO:
        drawn.append(path(shapes.arrows(), 'fill="#333"'))
    return drawn


def marks(shapes: Shapes) -> list[str]:
    """Boxes with a letter; rings for hydrants."""
    drawn = []
    for point in shapes.points:
        x, y = f"{point.x:.2f}", f"{point.y:.2f}"
        if point.kind == "hydrant":
            drawn.append(f'<circle cx="{x}" cy="{y}" r=".8" fill="#fff" stroke="#000" '
                         'stroke-width=".3"/>')  # fmt: skip
        elif point.kind in _MARKS:
            drawn.append(_mark(point.x, point.y, _MARKS[point.kind][0]))
    return drawn


def _mark(x: float, y: float, letter: str) -> str:
    size = 2.6 if len(letter) == 1 else 1.9
    return (
        f'<rect x="{x - 1.7:.2f}" y="{y - 1.7:.2f}" width="3.4" height="3.4" rx=".4" fill="#000" '
        'stroke="#fff" stroke-width=".35"/>'
        f'<text x="{x:.2f}" y="{y + size * 0.36:.2f}" font-size="{size}" font-weight="700" '
        f'fill="#fff" text-anchor="middle">{letter}</text>'
    )


def written(name: Name) -> str:
    """A name with a white rim, so that it is read over lines."""
    turn = f' transform="rotate({name.degrees:.1f} {name.x:.2f} {name.y:.2f})"'
    style = f' font-style="italic" letter-spacing="{name.spacing:g}"' if name.italic else ""
    weight = ' font-weight="700"' if name.bold else ""
    return (
        f'<text class="n" x="{name.x:.2f}" y="{name.y + name.size * 0.36:.2f}" '
        f'font-size="{name.size:g}" text-anchor="middle"{weight}{style}'
        f"{turn if name.degrees else ''}>{escape(name.text)}</text>"
    )


def legend(shapes: Shapes, left: float, y: float) -> list[str]:
    """Only what is on the map."""
    seen = {point.kind for point in shapes.points}
    drawn, x = [], left + 1.7
    for kind, (letter, words) in _MARKS.items():
        if kind in seen:
            drawn.append(_mark(x, y, letter))
            drawn.append(f'<text x="{x + 2.6:.2f}" y="{y + 1:.2f}" font-size="2.6">{words}</text>')
            x += 6.5 + 1.45 * len(words)
    if "hydrant" in seen:
        drawn.append(f'<circle cx="{x:.2f}" cy="{y:.2f}" r=".8" fill="#fff" stroke="#000" '
                     f'stroke-width=".3"/><text x="{x + 2:.2f}" y="{y + 1:.2f}" font-size="2.6">'
                     "hydrant</text>")  # fmt: skip
    return drawn
