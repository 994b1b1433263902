"""Verbs of places: they check, then append."""

from collections.abc import Iterable
from concurrent.futures import Future

from callout.access import ROOM, Action, Actor, authorize
from callout.base.errors import BadInputError
from callout.base.ids import is_given_id, new_id
from callout.journal import Batch, Draft, Journal, Receipt
from callout.places.board import PlacesBoard
from callout.places.events import AreaDrawn, AreaDropped
from callout.places.geojson import Drawn
from callout.places.zones import KINDS


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
