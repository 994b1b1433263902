"""Incidents that the room has left to its journal, opened for a named purpose."""

import asyncio
from typing import Any

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody

from callout.access import Action, Subject, authorize
from callout.base.errors import CalloutError, no_such
from callout.dispatch import Picture
from callout.dispatch.old import read_old
from callout.incidents import incident_subject
from callout.web.account import shown
from callout.web.asked import Asker, TheRoom
from callout.web.views import incident_view


class OpenIn(msgspec.Struct):
    """What it is opened for: one of Purpose."""

    purpose: str


@post("/api/incidents/{incident_id:str}/open", status_code=200, tags=["incidents"])
async def post_open(
    incident_id: FromPath[str], data: JSONBody[OpenIn], room: TheRoom, actor: Asker
) -> dict[str, Any]:
    """Open an incident with its log, however long ago it was closed. Entered before it is shown."""
    picture: Picture = room.picture
    incident = picture.incidents.incidents.get(incident_id)
    if incident is not None:
        subject = incident_subject(incident)
        try:
            authorize(actor, Action.INCIDENT_READ, subject)
        except CalloutError:
            authorize(actor, Action.INCIDENT_READ_OLD, subject, purpose=data.purpose)
            if not incident.closed_us:
                raise
    else:
        # First as if it were nobody's: who may open none is not told that there is one.
        authorize(
            actor,
            Action.INCIDENT_READ_OLD,
            Subject("incident", incident_id),
            purpose=data.purpose,
        )
        async with room.reading:
            found = await asyncio.to_thread(read_old, picture, incident_id)
        if found is None:
            raise no_such("incident", incident_id)
        picture, incident = found
        subject = incident_subject(incident)
        authorize(actor, Action.INCIDENT_READ_OLD, subject, purpose=data.purpose)
    await shown(room.account, actor, "incident", incident.id, data.purpose)
    return incident_view(picture, incident, with_log=True)
