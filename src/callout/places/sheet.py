"""A printed map: one sheet of paper as SVG, which any browser shows, prints and saves as PDF.

Drawn from the same tiles as the screen's map, in the ink of ``sheet_ink.py``. Everything is in
millimetres. No font is carried along: the reader's own sans-serif draws every script.
"""

import math
from html import escape
from typing import Final, NamedTuple

from callout.base.errors import BadInputError
from callout.base.geo import LonLat
from callout.places.city import City
from callout.places.sheet_ink import ground, legend, marks, path, roads, written
from callout.places.sheet_names import place_names
from callout.places.sheet_shapes import Shapes, read_shapes

ATTRIBUTION: Final = "© OpenStreetMap contributors"
#: Width and height in millimetres, upright (ISO 216; ANSI/ASME Y14.1).
PAPERS: Final = {"A4": (210.0, 297.0), "A3": (297.0, 420.0), "Letter": (215.9, 279.4)}
LEAST_KM: Final = 0.2
MOST_KM: Final = 60.0

_MARGIN_MM: Final = 10.0
_HEAD_MM: Final = 10.0
_FOOT_MM: Final = 17.0
_BAR_MM: Final = 60.0  # a scale bar is at most this long
_CELL_MM: Final = 38.0  # squares of the grid are about this wide


class Frame(NamedTuple):
    """Where on the paper the map lies, and what it shows. Millimetres from the top left."""

    left: float
    top: float
    width: float
    height: float
    metres_per_mm: float

    @property
    def scale(self) -> int:
        """The denominator of the scale, to three digits."""
        exact = self.metres_per_mm * 1000
        step = 10 ** max(0, math.floor(math.log10(exact)) - 2)
        return int(round(exact / step) * step)


def frame_of(paper: str, wide_km: float, *, landscape: bool) -> tuple[float, float, Frame]:
    """Width and height of the paper, and the map's frame on it.

    BadInputError for a paper that is not known or a width no city map has.
    """
    if paper not in PAPERS:
        raise BadInputError(f"{paper!r} is no paper we know", where="--paper",
                            todo=f"Use {', '.join(PAPERS)}")  # fmt: skip
    if not LEAST_KM <= wide_km <= MOST_KM:
        raise BadInputError(f"a map of {wide_km:g} km is not printed", where="--km",
                            todo=f"Use {LEAST_KM:g} to {MOST_KM:g}")  # fmt: skip
    width, height = sorted(PAPERS[paper], reverse=landscape)
    inner = width - 2 * _MARGIN_MM
    tall = height - 2 * _MARGIN_MM - _HEAD_MM - _FOOT_MM
    frame = Frame(_MARGIN_MM, _MARGIN_MM + _HEAD_MM, inner, tall, wide_km * 1000 / inner)
    return width, height, frame


def draw_sheet(
    city: City,
    centre: LonLat,
    *,
    title: str,
    day: str,
    paper: str = "A4",
    wide_km: float = 2.0,
    landscape: bool = False,
) -> str:
    """The SVG of a map around a place, ``wide_km`` wide; ``day`` is written on it as it is."""
    width, height, frame = frame_of(paper, wide_km, landscape=landscape)
    shapes = read_shapes(city, centre, frame.width, frame.height, frame.metres_per_mm)
    size = (frame.width, frame.height)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" '
            f'viewBox="0 0 {width:g} {height:g}" font-family="Noto Sans, sans-serif">'
        ),
        f"<title>{escape(title)}</title>",
        (
            "<style>@page{size:"
            f"{width:g}mm {height:g}mm;margin:0}}.n{{paint-order:stroke;stroke:#fff;"
            "stroke-width:.7;stroke-linejoin:round}</style>"
        ),
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>',
        f'<clipPath id="map"><rect width="{frame.width:g}" height="{frame.height:g}"/></clipPath>',
        f'<g transform="translate({frame.left:g} {frame.top:g})">',
        '<g clip-path="url(#map)" stroke-linejoin="round">',
        *ground(shapes),
        *roads(shapes, frame.metres_per_mm),
        *_grid(frame),
        *marks(shapes),
        *(written(name) for name in place_names(shapes, size)),
        *_target(frame),
        "</g>",
        (
            f'<rect width="{frame.width:g}" height="{frame.height:g}" fill="none" stroke="#000" '
            'stroke-width=".4"/>'
        ),
        *_letters(frame),
        "</g>",
        *_head(title, day, frame),
        *_foot(shapes, frame, height),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part)


def _cells(frame: Frame) -> tuple[int, int]:
    return max(1, round(frame.width / _CELL_MM)), max(1, round(frame.height / _CELL_MM))


def _grid(frame: Frame) -> list[str]:
    columns, rows = _cells(frame)
    lines = [f"M{frame.width * i / columns:.2f} 0v{frame.height:g}" for i in range(1, columns)]
    lines += [f"M0 {frame.height * i / rows:.2f}h{frame.width:g}" for i in range(1, rows)]
    return [path("".join(lines), 'fill="none" stroke="#000" stroke-width=".1" opacity=".55"')]


def _letters(frame: Frame) -> list[str]:
    """A, B, C over the columns, 1, 2, 3 beside the rows: "C4" is a square anybody finds."""
    columns, rows = _cells(frame)
    texts = []
    for i in range(columns):
        x = frame.width * (i + 0.5) / columns
        texts += [(x, -1.2, chr(65 + i)), (x, frame.height + 3.6, chr(65 + i))]
    for i in range(rows):
        y = frame.height * (i + 0.5) / rows + 1.2
        texts += [(-3.0, y, str(i + 1)), (frame.width + 3.0, y, str(i + 1))]
    style = 'font-size="3.2" font-weight="700" text-anchor="middle"'
    return [f'<text x="{x:.2f}" y="{y:.2f}" {style}>{text}</text>' for x, y, text in texts]


def _target(frame: Frame) -> list[str]:
    """A ring with four ticks around the place the map was asked for, as on the screen."""
    x, y = frame.width / 2, frame.height / 2
    ticks = f"M{x:.2f} {y - 7:.2f}v4m0 10v-4M{x - 7:.2f} {y:.2f}h4m10 0h-4"
    ring = f'<circle cx="{x:.2f}" cy="{y:.2f}" r="5" fill="none" stroke='
    return [
        f'{ring}"#fff" stroke-width="1.6"/>',
        path(ticks, 'stroke="#fff" stroke-width="1.6"'),
        f'{ring}"#000" stroke-width=".7"/>',
        path(ticks, 'stroke="#000" stroke-width=".7"'),
    ]


def _head(title: str, day: str, frame: Frame) -> list[str]:
    right = frame.left + frame.width
    return [
        f'<text x="{frame.left:g}" y="14.5" font-size="5" font-weight="700">{escape(title)}</text>',
        f'<text x="{right:g}" y="14.5" font-size="3.4" text-anchor="end">{escape(day)}</text>',
    ]


def bar_m(frame: Frame) -> int:
    """Length of the scale bar in metres: 1, 2 or 5 times a power of ten."""
    most = _BAR_MM * frame.metres_per_mm
    power = 10 ** math.floor(math.log10(most))
    return int(max(step * power for step in (1, 2, 5) if step * power <= most))


def _foot(shapes: Shapes, frame: Frame, height: float) -> list[str]:
    top = height - _MARGIN_MM - _FOOT_MM + 6.5
    left, right = frame.left, frame.left + frame.width
    metres = bar_m(frame)
    length = metres / frame.metres_per_mm
    told = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres} m"
    drawn = [
        (
            f'<g id="bar" data-m="{metres}"><rect x="{left:g}" y="{top:.2f}" width="{length:.3f}" '
            'height="1.6" fill="#fff" stroke="#000" stroke-width=".25"/>'
            f'<rect x="{left:g}" y="{top:.2f}" width="{length / 2:.3f}" height="1.6"/></g>'
        ),
        f'<text x="{left + length + 1.5:.2f}" y="{top + 1.9:.2f}" font-size="3">{told}</text>',
        (
            f'<text x="{left + length + 14:.2f}" y="{top + 1.9:.2f}" font-size="3">'
            f"1 : {frame.scale:,}</text>"
        ),
        (
            f'<path d="M{right - 3:.2f} {top - 2:.2f}l2.2 7-2.2-1.6-2.2 1.6z"/>'
            f'<text x="{right - 3:.2f}" y="{top + 8:.2f}" font-size="3" font-weight="700" '
            'text-anchor="middle">N</text>'
        ),
        (
            f'<text x="{right - 8:.2f}" y="{top + 1.9:.2f}" font-size="3" text-anchor="end">'
            f"{ATTRIBUTION}, ODbL</text>"
        ),
    ]
    return drawn + legend(shapes, left, top + 7.5)
