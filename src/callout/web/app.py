"""The web application: routes, raw routes, the door around them, the room's life."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Router
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    PathItem,
    RequestBody,
    Schema,
)

from callout import __version__
from callout.access import Actor
from callout.base.errors import CalloutError
from callout.web import (
    api_alarms,
    api_areas,
    api_closures,
    api_codes,
    api_consoles,
    api_crews,
    api_devices,
    api_enrol,
    api_erasure,
    api_incidents,
    api_log,
    api_me,
    api_oidc,
    api_old,
    api_passkeys,
    api_people,
    api_requests,
    api_session,
    api_units,
    ingest,
    pages,
)
from callout.web.document import describe_answers
from callout.web.door import Door
from callout.web.guard import by_table
from callout.web.problems import on_any_error, on_callout_error, on_http_error
from callout.web.room import Room

HANDLERS = (
    api_alarms.post_alarm,
    api_alarms.get_alarms,
    api_alarms.post_acknowledge,
    api_incidents.get_incidents,
    api_incidents.post_incident,
    api_incidents.get_incident,
    api_incidents.post_note,
    api_incidents.post_place,
    api_incidents.get_recommendation,
    api_incidents.post_assignment,
    api_incidents.post_close,
    api_erasure.post_erase_incident,
    api_erasure.post_erase_alarm,
    api_units.get_duty,
    api_units.get_units,
    api_units.post_status,
    api_units.post_search,
    api_log.get_checkpoint,
    api_log.get_log_tile,
    api_areas.get_areas,
    api_areas.get_areas_at,
    api_closures.get_closures,
    api_closures.post_closure,
    api_closures.post_lift,
    api_crews.get_crews,
    api_crews.get_names,
    api_crews.post_crew,
    api_crews.post_sign_off,
    api_crews.post_erase_names,
    api_crews.post_walk_up,
    api_crews.get_vehicles,
    api_crews.post_vehicle,
    api_devices.get_devices,
    api_devices.post_device,
    api_devices.post_enrol_device,
    api_devices.post_revoke,
    api_devices.post_token,
    api_session.get_session,
    api_session.post_session,
    api_session.post_demo,
    api_session.post_active,
    api_session.post_lock,
    api_session.post_unlock,
    api_session.delete_session,
    api_session.get_room,
    api_old.post_open,
    api_enrol.post_invite,
    api_enrol.post_look,
    api_enrol.post_enrol_staff,
    api_me.get_me,
    api_me.delete_sessions,
    api_me.delete_one,
    api_me.post_password,
    api_me.post_shift,
    api_me.delete_shift,
    api_codes.post_code,
    api_codes.post_confirm,
    api_codes.delete_code,
    api_consoles.get_consoles,
    api_consoles.post_console,
    api_consoles.delete_console,
    api_people.get_people,
    api_people.post_person,
    api_people.post_roles,
    api_people.post_leave,
    api_people.post_end_shift,
    api_people.get_review,
    api_people.get_my_report,
    api_people.get_report,
    api_requests.get_requests,
    api_requests.post_request,
    api_requests.post_grant,
    api_requests.post_deny,
    api_requests.get_agencies,
    api_requests.post_sharing,
    api_passkeys.post_options,
    api_passkeys.post_sign_in,
    api_passkeys.post_unlock_by_passkey,
    api_passkeys.post_passkey,
    api_passkeys.delete_passkey,
    api_passkeys.post_enrol,
    api_oidc.get_start,
    api_oidc.get_back,
    api_oidc.delete_link,
    pages.get_page,
    pages.get_people_page,
    pages.get_enrol_page,
    pages.get_worker,
    pages.get_asset,
    pages.get_tile,
)


class _SpecRouter(Router):
    """Holds the OpenAPI document and nothing else.

    Litestar adds a catch-all page below the document's folder, which would answer for every
    unknown /api route in HTML; it is left out.
    """

    def register(self, value: Any) -> Any:
        """Take a handler in, unless it is the catch-all."""
        if any("{path" in path for path in getattr(value, "paths", ())):
            return []
        return super().register(value)


class App:
    """Dispatches raw routes by path and everything else to Litestar."""

    def __init__(self, room: Room) -> None:
        """Build the Litestar app; the room starts with it."""
        self.room = room
        self.raw: dict[tuple[str, str], Callable[..., Any]] = {
            ("http", "/api/positions"): self._positions,
            ("websocket", "/api/live"): self._live,
        }
        self.litestar = _litestar(room)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, socket or the lifespan."""
        raw = self.raw.get((scope["type"], scope.get("path", "")))
        await (raw or self.litestar)(scope, receive, send)

    async def _positions(self, scope: Any, receive: Any, send: Any) -> None:
        await ingest.positions(self.room, scope, receive, send)

    async def _live(self, scope: Any, receive: Any, send: Any) -> None:
        await self.room.live.serve(scope, receive, send)


def create_app(room: Room, names: frozenset[str], *, secure: bool = False) -> Door:
    """The whole ASGI application. ``names``: host names with port that it answers to."""
    return Door(App(room), room, names, secure=secure)


def _litestar(room: Room) -> Litestar:
    @asynccontextmanager
    async def life(_: Litestar) -> AsyncIterator[None]:
        await room.start()
        try:
            yield
        finally:
            await room.stop()

    def the_room() -> Room:
        return room

    def the_actor(request: Request[Any, Any, Any]) -> Actor:
        actor: Actor = request.scope["state"]["actor"]
        return actor

    app = Litestar(
        route_handlers=list(HANDLERS),
        guards=[by_table],
        dependencies={
            "room": Provide(the_room, sync_to_thread=False),
            "actor": Provide(the_actor, sync_to_thread=False),
        },
        exception_handlers={
            CalloutError: on_callout_error,
            HTTPException: on_http_error,
            Exception: on_any_error,
        },
        lifespan=[life],
        request_max_body_size=1024 * 1024,
        compression_config=CompressionConfig(
            backend="gzip", minimum_size=4096, exclude=["/tiles", "/assets"]
        ),
        openapi_config=OpenAPIConfig(
            title="callout",
            version=__version__,
            openapi_router=_SpecRouter("/api", route_handlers=[], include_in_schema=False),
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        logging_config=None,
        debug=False,
    )
    _describe_raw(app)
    describe_answers(app)
    return app


def _describe_raw(app: Litestar) -> None:
    """Write the raw routes into the OpenAPI document too."""
    paths = app.openapi_schema.paths
    assert paths is not None
    report = Schema(
        type=OpenAPIType.OBJECT,
        required=["unit", "lon", "lat"],
        properties={
            "unit": Schema(type=OpenAPIType.STRING),
            "lon": Schema(type=OpenAPIType.NUMBER, minimum=-180, maximum=180),
            "lat": Schema(type=OpenAPIType.NUMBER, minimum=-90, maximum=90),
            "at": Schema(type=OpenAPIType.STRING, description="RFC 3339, the device's time"),
            "heading": Schema(type=OpenAPIType.NUMBER, description="degrees from north"),
            "speed": Schema(type=OpenAPIType.NUMBER, minimum=0, description="metres a second"),
        },
    )
    body = Schema(one_of=[report, Schema(type=OpenAPIType.ARRAY, items=report)])
    paths["/api/positions"] = PathItem(
        post=Operation(
            tags=["units"],
            operation_id="PostPositions",
            summary="Report one position or a list",
            request_body=RequestBody(
                content={"application/json": OpenAPIMediaType(schema=body)}, required=True
            ),
            responses={"202": OpenAPIResponse(description="accepted, refused, refused_count")},
        )
    )
    paths["/api/live"] = PathItem(
        get=Operation(
            tags=["room"],
            operation_id="Live",
            summary="WebSocket: the live picture; ?from=SEQ resumes entries. See docs/api.md",
            responses={"101": OpenAPIResponse(description="WebSocket")},
        )
    )
