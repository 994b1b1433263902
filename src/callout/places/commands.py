"""Verbs of places: they check, then append."""

from collections.abc import Iterable
from concurrent.futures import Future

from callout.access import ROOM, Action, Actor, authorize
from callout.base.errors import BadInputError
from callout.base.ids import is_given_id, new_id
from callout.journal import Batch, Draft, Journal, Receipt
from callout.places.board import PlacesBoard
from callout.places.events import AreaDrawn, AreaDropped, ClosureLifted, RoadClosed, Stretch
from callout.places.geojson import Drawn
from callout.places.zones import KINDS

#: Codes; the words are the page's.
WHYS = ("blocked", "crash", "fire", "flood", "hazard", "works", "event", "police", "snow", "other")
_LONGEST_US = 366 * 86_400 * 1_000_000


def area_draft(area: str, fact: AreaDrawn) -> Draft:
    """The entry of an area. BadInputError for what cannot be one."""
    if not is_given_id(area):
        raise BadInputError(
            f"{area!r} cannot be an area's id",
            where="id",
            todo="Use 1-32 letters, digits, dots, dashes or underscores",
        )
    if fact.kind not in KINDS:
        raise BadInputError(
            f"{fact.kind!r} is no kind of area", where="kind", todo=f"Use {', '.join(KINDS)}"
        )
    if not fact.name.strip():
        raise BadInputError("the area has no name", where="name", todo="Name it")
    if fact.point is not None and fact.kind != "key_site":
        raise BadInputError(
            "only a key site may be a single point", where="geometry", todo="Draw a polygon"
        )
    return Draft(stream=f"area/{area}", type=fact.TYPE, body=fact.body())


def draw_areas(
    journal: Journal,
    actor: Actor,
    board: PlacesBoard,
    drawn: Iterable[Drawn],
    dropped: Iterable[str] = (),
) -> Future[Receipt] | None:
    """Draw, redraw and drop areas, all or nothing; None when that is nothing.

    ConflictError when one of them has been changed since the board was folded.
    """
    authorize(actor, Action.AREA_DRAW, ROOM)
    drafts = [area_draft(one.id, one.fact) for one in drawn]
    gone = [board.area(area) for area in dropped]
    drafts += [
        Draft(stream=f"area/{area.id}", type=AreaDropped.TYPE, body=AreaDropped().body())
        for area in gone
    ]
    if not drafts:
        return None
    expect = {
        draft.stream: known.version
        for draft in drafts
        if (known := board.areas.get(draft.stream.partition("/")[2])) is not None
    }
    return journal.submit(
        Batch(entries=tuple(drafts), key=new_id(), actor=actor.label, expect=expect)
    )


def close_road(
    journal: Journal,
    actor: Actor,
    *,
    name: str,
    why: str,
    stretches: tuple[Stretch, ...],
    now_us: int,
    until_us: int | None = None,
    kmh: int | None = None,
) -> tuple[str, Future[Receipt]]:
    """Close stretches of road, or slow them down; the closure's id and the receipt to wait for."""
    authorize(actor, Action.ROAD_CLOSE, ROOM)
    if why not in WHYS:
        raise BadInputError(f"{why!r} is no reason", where="why", todo=f"Use {', '.join(WHYS)}")
    if until_us is not None and not now_us < until_us <= now_us + _LONGEST_US:
        raise BadInputError(
            "that moment is past, or more than a year away",
            where="until",
            todo="Give a later moment, or none: until somebody lifts it",
        )
    if kmh is not None and not 1 <= kmh <= 200:
        raise BadInputError(f"{kmh} km/h is no speed", where="kmh", todo="Leave it out to close")
    closure = new_id()
    fact = RoadClosed(
        name=name.strip()[:200] or "Road",
        why=why,
        stretches=stretches,
        until_us=until_us,
        kmh=kmh,
    )
    draft = Draft(stream=f"closure/{closure}", type=fact.TYPE, body=fact.body())
    return closure, journal.submit(Batch(entries=(draft,), key=new_id(), actor=actor.label))


def lift_closure(
    journal: Journal, actor: Actor, board: PlacesBoard, closure_id: str, reason: str = "lifted"
) -> Future[Receipt]:
    """Open the road again; NotFoundError when it is."""
    closure = board.closure(closure_id)
    authorize(actor, Action.ROAD_CLOSE, ROOM)
    stream = f"closure/{closure.id}"
    fact = ClosureLifted(reason=reason)
    draft = Draft(stream=stream, type=fact.TYPE, body=fact.body())
    # The same word for every lifting, so that timer and person are one entry.
    return journal.submit(
        Batch(entries=(draft,), key=journal.keyed_hash("lift", closure.id), actor=actor.label)
    )
