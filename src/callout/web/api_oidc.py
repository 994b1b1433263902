"""Signing in by the agency's own identity provider: to it, and back."""

import hmac
from typing import Annotated, Any

from litestar import Request, Response, delete, get
from litestar.datastructures import Cookie
from litestar.params import FromPath, QueryParameter

from callout.access import Action, Actor, Subject, authorize
from callout.access.challenges import CHALLENGE_S, Ticket
from callout.access.oidc import (
    Provider,
    UnknownKeyError,
    authorization_url,
    check_id_token,
    not_accepted,
)
from callout.base.errors import BadInputError, CalloutError, RefusedError, UnauthenticatedError
from callout.web.api_session import on_duty, signed_in, with_cookie
from callout.web.asked import Asker, TheRoom
from callout.web.door import session_secret
from callout.web.room import Room
from callout.web.small_pages import on_to_the_room, words
from callout.web.ways import fresh, keep_a_way

COOKIE = "callout_oidc"
_FOR = ("sign-in", "unlock", "link")
Asked = Request[Any, Any, Any]
#: Codes of RFC 6749, 4.1.2.1 and OpenID Connect Core 1.0, 3.1.2.6. The provider's own words are
#: not shown: whoever makes a link to this page could choose them.
_SAID = {
    "access_denied": "you, or they, said no",
    "login_required": "they ask you to sign in there first",
    "interaction_required": "they ask you to do something there first",
    "consent_required": "they ask for your consent first",
    "account_selection_required": "they ask you to choose an account first",
    "temporarily_unavailable": "they cannot answer at the moment",
    "server_error": "they made a mistake",
    "unauthorized_client": "they do not let this room ask; tell the administrator",
    "invalid_request": "they did not understand; tell the administrator",
    "invalid_scope": "they do not do OpenID Connect; tell the administrator",
    "unsupported_response_type": "they do not do the code flow; tell the administrator",
}


@get("/api/oidc/{provider_id:str}/start", status_code=303, tags=["session"])
async def get_start(
    provider_id: FromPath[str],
    room: TheRoom,
    actor: Asker,
    request: Asked,
    what: Annotated[str, QueryParameter(name="for")] = "sign-in",
) -> Response[Any]:
    """Go to the provider: to sign in, to unlock this session, or to link your account there."""
    try:
        return await _start(room, actor, request, room.providers.find(provider_id), what)
    except CalloutError as error:
        return words(request, error, _cookie(request, "", 0))


@get("/api/oidc/{provider_id:str}/back", status_code=200, tags=["session"])
async def get_back(provider_id: FromPath[str], room: TheRoom, request: Asked) -> Response[Any]:
    """Come back from the provider, and go on to the room's page."""
    try:
        return await _back(room, request, room.providers.find(provider_id))
    except CalloutError as error:
        return words(request, error, _cookie(request, "", 0))


@delete("/api/oidc/{provider_id:str}/link", status_code=204, tags=["me"])
async def delete_link(
    provider_id: FromPath[str], room: TheRoom, actor: Asker, request: Asked
) -> None:
    """Forget your link with a provider, unless it is the only way you can sign in."""
    _mine(room, actor, request)
    provider = room.providers.find(provider_id)
    keep_a_way(room, actor.id, f"oidc:{provider.id}")
    room.providers.links.unlink(provider, actor.id)


async def _start(
    room: Room, actor: Actor, request: Asked, provider: Provider, what: str
) -> Response[Any]:
    if what not in _FOR:
        raise BadInputError(
            f"{what!r} is nothing to do", where="for", todo=f"Use {', '.join(_FOR)}"
        )
    # The session's cookie does not come back with the browser (SameSite=Strict): who it is, and
    # which session, is said in the ticket.
    data = {"for": what}
    if what != "sign-in":
        if what == "link":
            _mine(room, actor, request)
        if actor.kind != "person":
            raise UnauthenticatedError("sign in first", where="session", todo="Sign in")
        data |= {"person": actor.id, "session": actor.session}
    metadata = await room.providers.metadata(provider)
    challenges = room.providers.challenges
    ticket, text = challenges.issue("oidc", provider.id, data)
    url = authorization_url(
        provider,
        metadata,
        redirect=_redirect(request, provider),
        state=ticket.state,
        nonce=challenges.derive(ticket, "nonce"),
        verifier=challenges.derive(ticket, "verifier"),
        anew=what == "unlock",
    )
    headers = {"location": url, "cache-control": "no-store"}
    cookie = _cookie(request, text, CHALLENGE_S)
    return Response(None, status_code=303, headers=headers, cookies=[cookie])


async def _back(room: Room, request: Asked, provider: Provider) -> Response[Any]:
    ticket = room.providers.challenges.read(request.cookies.get(COOKIE, ""), "oidc", provider.id)
    code = await _code(room, request, provider, ticket)
    room.providers.challenges.use(ticket)
    subject = await _subject(room, request, provider, ticket, code)
    what, way = ticket.data["for"], f"oidc:{provider.id}"
    if what == "link":
        _still_there(room, ticket)
        room.providers.links.link(provider, subject, ticket.data["person"])
        return on_to_the_room(_cookie(request, "", 0))
    person = room.providers.links.person(provider, subject)
    if what == "unlock":
        if person is None or person != ticket.data["person"]:
            raise RefusedError(
                f"that was another account at {provider.name}",
                where="unlock",
                todo="Unlock by your own account, or sign out",
            )
        renewed = with_cookie(request, await _unlock(room, ticket, way))
        return on_to_the_room(_cookie(request, "", 0), *renewed.cookies)
    if person is None:
        raise RefusedError(
            f"your account at {provider.name} is not linked to anybody here",
            where="sign-in",
            todo="Sign in another way and link it, or ask the administrator",
        )
    entered = await signed_in(room, request, person, (way,))
    return on_to_the_room(_cookie(request, "", 0), *entered.cookies)


async def _code(room: Room, request: Asked, provider: Provider, ticket: Ticket) -> str:
    """The provider's code; its refusal in words; UnauthenticatedError for what is not its answer.

    ``iss`` is looked at where there is one (RFC 9207): an answer of another provider is none.
    """
    query = request.query_params
    said = {key: query.getall(key) for key in query}
    if any(len(values) != 1 for values in said.values()):
        raise not_accepted(provider)
    state, issuer = query.get("state", ""), query.get("iss")
    if not hmac.compare_digest(state.encode(), ticket.state.encode()):
        raise not_accepted(provider)
    metadata = await room.providers.metadata(provider)
    if issuer is None and metadata.authorization_response_iss_parameter_supported:
        raise not_accepted(provider)
    if issuer not in {None, provider.issuer}:
        raise not_accepted(provider)
    if error := query.get("error"):
        raise UnauthenticatedError(
            f"{provider.name} did not let you in: {_SAID.get(error, 'they did not say why')}",
            where="sign-in",
            todo="Start again, or sign in another way",
        )
    if not query.get("code"):
        raise not_accepted(provider)
    return str(query["code"])


async def _subject(
    room: Room, request: Asked, provider: Provider, ticket: Ticket, code: str
) -> str:
    providers = room.providers
    verifier = providers.challenges.derive(ticket, "verifier")
    token = await providers.redeem(provider, code, verifier, _redirect(request, provider))
    anew = ticket.data["for"] == "unlock"
    for fetched in (False, True):  # the second time with keys that the provider has just made
        keys = await providers.keys(provider, anew=fetched)
        try:
            return check_id_token(
                provider,
                keys,
                token,
                nonce=providers.challenges.derive(ticket, "nonce"),
                now_s=room.clock.now_us() // 1_000_000,
                proved_since_s=ticket.asked_us // 1_000_000 if anew else None,
            )
        except UnknownKeyError:
            continue
    raise not_accepted(provider)


async def _unlock(room: Room, ticket: Ticket, way: str) -> str:
    """The session goes on, under the new secret that is returned."""
    person = _still_there(room, ticket)
    await on_duty(room, room.picture.access.person(person))
    secret = room.sessions.prove_id(ticket.data["session"], person, (way,))
    room.live.renewed(ticket.data["session"], secret)
    return secret


def _still_there(room: Room, ticket: Ticket) -> str:
    """The person of the ticket's session; UnauthenticatedError when it was closed meanwhile."""
    person = ticket.data["person"]
    staff = room.picture.access.staff.get(person)
    alive = any(one.id == ticket.data["session"] for one in room.sessions.of(person))
    if staff is None or staff.left_us or not alive:
        raise UnauthenticatedError("this session is over", where="session", todo="Sign in")
    return person


def _mine(room: Room, actor: Actor, request: Asked) -> None:
    authorize(actor, Action.SELF, Subject("person", actor.id))
    fresh(room, session_secret(dict(request.scope["headers"])))


def _redirect(request: Asked, provider: Provider) -> str:
    host = request.headers.get("host", "").lower()
    return f"{request.scope['scheme']}://{host}/api/oidc/{provider.id}/back"


def _cookie(request: Asked, text: str, seconds: int) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=text,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax",  # it has to come back with a browser that another site sends
        secure=request.scope["scheme"] == "https",
    )
