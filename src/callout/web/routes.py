"""Every route there is, with the action that guards it. A test compares this with the app."""

from typing import NamedTuple

from callout.access import Action


class Route(NamedTuple):
    """One way in. ``method`` is WS for a WebSocket."""

    method: str
    path: str
    action: Action


ROUTES: tuple[Route, ...] = (
    Route("POST", "/api/alarms", Action.ALARM_RAISE),
    Route("GET", "/api/alarms", Action.ALARM_READ),
    Route("POST", "/api/alarms/{alarm_id}/acknowledge", Action.ALARM_ACKNOWLEDGE),
    Route("GET", "/api/incidents", Action.INCIDENT_READ),
    Route("POST", "/api/incidents", Action.INCIDENT_OPEN),
    Route("GET", "/api/incidents/{incident_id}", Action.INCIDENT_READ),
    Route("POST", "/api/incidents/{incident_id}/notes", Action.INCIDENT_NOTE),
    Route("POST", "/api/incidents/{incident_id}/place", Action.INCIDENT_CHANGE),
    Route("GET", "/api/incidents/{incident_id}/recommendation", Action.RECOMMEND),
    Route("POST", "/api/incidents/{incident_id}/assignments", Action.ASSIGN),
    Route("POST", "/api/incidents/{incident_id}/close", Action.INCIDENT_CLOSE),
    Route("POST", "/api/incidents/{incident_id}/erase", Action.ERASE),
    Route("POST", "/api/alarms/{alarm_id}/erase", Action.ERASE),
    Route("GET", "/api/duty", Action.DUTY_READ),
    Route("GET", "/api/units", Action.UNIT_READ),
    Route("POST", "/api/units/{unit_id}/status", Action.UNIT_STATUS),
    Route("GET", "/api/crews", Action.CREW_READ),
    Route("POST", "/api/crews", Action.CREW_SIGN_ON),
    Route("GET", "/api/crews/{unit_id}/names", Action.CREW_NAMES),
    Route("POST", "/api/crews/{unit_id}/sign-off", Action.CREW_SIGN_ON),
    Route("POST", "/api/crews/{unit_id}/erase", Action.ERASE),
    Route("POST", "/api/crews/walk-up", Action.CREW_SIGN_ON),
    Route("GET", "/api/vehicles", Action.CREW_READ),
    Route("POST", "/api/vehicles", Action.VEHICLE_SETUP),
    Route("POST", "/api/positions", Action.POSITION_REPORT),
    Route("POST", "/api/places/search", Action.PLACE_SEARCH),
    Route("GET", "/api/areas", Action.AREA_READ),
    Route("GET", "/api/areas/at", Action.AREA_READ),
    Route("GET", "/api/closures", Action.ROAD_READ),
    Route("POST", "/api/closures", Action.ROAD_CLOSE),
    Route("POST", "/api/closures/{closure_id}/lift", Action.ROAD_CLOSE),
    Route("GET", "/api/room", Action.ROOM_READ),
    Route("WS", "/api/live", Action.LIVE_READ),
    Route("GET", "/api/session", Action.SESSION),
    Route("POST", "/api/session", Action.SESSION),
    Route("DELETE", "/api/session", Action.SESSION),
    Route("POST", "/api/session/demo", Action.SESSION),
    Route("POST", "/api/session/active", Action.SESSION),
    Route("POST", "/api/session/lock", Action.SESSION),
    Route("POST", "/api/session/unlock", Action.SESSION),
    Route("POST", "/api/passkeys/options", Action.SESSION),
    Route("POST", "/api/passkeys/sign-in", Action.SESSION),
    Route("POST", "/api/passkeys/unlock", Action.SESSION),
    Route("POST", "/api/me/passkeys", Action.SELF),
    Route("DELETE", "/api/me/passkeys/{passkey_id}", Action.SELF),
    Route("POST", "/api/enrol/passkey", Action.SESSION),
    Route("GET", "/api/oidc/{provider_id}/start", Action.SESSION),
    Route("GET", "/api/oidc/{provider_id}/back", Action.SESSION),
    Route("DELETE", "/api/oidc/{provider_id}/link", Action.SELF),
    Route("GET", "/api/devices", Action.DEVICE_READ),
    Route("POST", "/api/devices", Action.DEVICE_ENROL),
    Route("POST", "/api/enrol/device", Action.SESSION),
    Route("POST", "/api/devices/{device_id}/revoke", Action.DEVICE_REVOKE),
    Route("POST", "/api/tokens", Action.TOKEN_CREATE),
    Route("GET", "/api", Action.PAGE),
    Route("GET", "/api/openapi.json", Action.PAGE),
    Route("GET", "/tiles/{z}/{x}/{y}", Action.ROOM_READ),
    Route("GET", "/log/checkpoint", Action.LOG_READ),
    Route("GET", "/log/tile/{path}", Action.LOG_READ),
    Route("GET", "/", Action.PAGE),
    Route("GET", "/people", Action.PAGE),
    Route("GET", "/enrol", Action.PAGE),
    Route("GET", "/sw.js", Action.PAGE),
    Route("GET", "/assets/{name}", Action.PAGE),
)
