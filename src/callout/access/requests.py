"""Verbs of roles for a time: asked for, and decided by a second person."""

from collections.abc import Collection
from concurrent.futures import Future

from callout.access.actor import Actor, Role
from callout.access.authorize import Subject, authorize, reaches
from callout.access.board import AccessBoard, Request, Staff
from callout.access.events import AccessAsked, AccessDenied, AccessGranted
from callout.access.people import enter, enter_fact, works_here
from callout.access.rules import GRANTS, RULES, Action
from callout.base.errors import BadInputError, CalloutError, ConflictError, RefusedError
from callout.base.facts import Fact
from callout.base.ids import new_id
from callout.journal import Draft, Journal, Receipt, Side

_HOUR_US = 3600 * 1_000_000
#: A request that nobody answered has ended after this.
ASKED_S = 24 * 3600
#: Roles are given for a time of this many hours at most; for longer they are given for good.
GRANT_MAX_H = 24
REASON_MAX = 500
_OPEN_MAX = 5


def ask(
    journal: Journal,
    actor: Actor,
    board: AccessBoard,
    roles: Collection[str],
    hours: int,
    reason: str,
    *,
    now_us: int,
) -> tuple[str, Future[Receipt]]:
    """Enter that the actor asks for roles for some hours; the request's id.

    BadInputError: no role, one that is theirs, no reason, or too long. ConflictError: five wait.
    """
    authorize(actor, Action.ACCESS_ASK, Subject("person", actor.id, actor.agency))
    person = board.person(actor.id)
    _may_be_asked(person, roles)
    _hours(hours)
    if not reason.strip() or len(reason) > REASON_MAX:
        raise BadInputError(
            "the reason is empty or too long",
            where="reason",
            todo=f"Say it in 1 to {REASON_MAX} characters",
        )
    waiting = [one for one in board.requests.values() if one.person == person.id]
    if sum(state_of(one, now_us) == "asked" for one in waiting) >= _OPEN_MAX:
        raise ConflictError(
            f"{_OPEN_MAX} of your requests wait", where="requests", todo="Take one back first"
        )
    request = new_id()
    fact = AccessAsked(
        person=person.id, agency=person.agency, roles=tuple(dict.fromkeys(roles)), hours=hours
    )
    side = Side(name="reason", value={"reason": reason.strip()}, key=f"staff/{person.id}")
    return request, enter_fact(journal, actor, person.agency, f"request/{request}", fact, side)


def grant(
    journal: Journal,
    actor: Actor,
    board: AccessBoard,
    request: Request,
    *,
    now_us: int,
    hours: int | None = None,
) -> Future[Receipt]:
    """Enter that a second person agrees, for as long as asked or shorter, beginning now.

    RefusedError: the asker themselves, or a role that the actor may not give. ConflictError: it is
    answered, has ended, or its person has left or changed agency.
    """
    authorize(actor, Action.ACCESS_DECIDE, request_subject(request, now_us))
    above = [role for role in request.roles if role not in grantable(actor)]
    if above:
        error = RefusedError(
            f"{' and '.join(above)} is not yours to give",
            where="request",
            todo="Leave it to an administrator",
        )
        error.about = (Action.ACCESS_DECIDE.value, "request", request.id)
        raise error
    hours = request.hours if hours is None else hours
    _hours(hours)
    if hours > request.hours:
        raise BadInputError(
            f"{request.hours} hours were asked for", where="hours", todo="Give as many or fewer"
        )
    person = board.person(request.person)
    works_here(person)
    if person.agency != request.agency:
        raise ConflictError(
            f"{person.id} is of another agency now", where="request", todo="Let them ask again"
        )
    return _decide(journal, actor, request, AccessGranted(ends_us=now_us + hours * _HOUR_US))


def deny(journal: Journal, actor: Actor, request: Request, *, now_us: int) -> Future[Receipt]:
    """Enter that a second person does not agree, or that the asker took it back.

    ConflictError: it is answered, or has ended.
    """
    if actor.kind == "person" and actor.id == request.person:
        authorize(actor, Action.SELF, Subject("request", request.id))
        if state_of(request, now_us) != "asked":
            raise ConflictError(
                f"request {request.id} is {state_of(request, now_us)}", where="request"
            )
    else:
        authorize(actor, Action.ACCESS_DECIDE, request_subject(request, now_us))
    return _decide(journal, actor, request, AccessDenied())


def state_of(request: Request, now_us: int) -> str:
    """``asked``, ``expired`` (nobody answered for a day), ``granted``, ``ended`` or ``denied``."""
    if request.state == "asked" and now_us - request.asked_us >= ASKED_S * 1_000_000:
        return "expired"
    if request.state == "granted" and now_us >= request.ends_us:
        return "ended"
    return request.state


def request_subject(request: Request, now_us: int) -> Subject:
    """The request as something to be decided on, in its state at this moment."""
    return Subject(
        "request",
        request.id,
        request.agency,
        state=state_of(request, now_us),
        asked_by=request.person,
    )


def may_decide(actor: Actor, request: Request, now_us: int) -> bool:
    """Whether the actor could answer that request now, with a yes or a no."""
    try:
        authorize(actor, Action.ACCESS_DECIDE, request_subject(request, now_us))
    except CalloutError:
        return False
    return True


def may_see(actor: Actor, request: Request) -> bool:
    """Whether the actor may read it: their own, or as one who decides in that agency."""
    if actor.kind != "person":
        return False
    rule = RULES[Action.ACCESS_DECIDE]
    decides = bool(rule.roles & actor.roles) and not actor.locked
    subject = Subject("request", request.id, request.agency)
    return actor.id == request.person or (
        decides and rule.share is not None and reaches(actor, rule.share, subject)
    )


def grantable(actor: Actor) -> frozenset[Role]:
    """The roles that the actor may give for a time, by any of theirs."""
    return frozenset(role for own in actor.roles for role in GRANTS.get(own, ()))


def _may_be_asked(person: Staff, roles: Collection[str]) -> None:
    known = {role.value for role in Role} - set(person.roles)
    wrong = next((role for role in roles if role not in known), None)
    if wrong is not None or not roles:
        raise BadInputError(
            f"{wrong!r} is no role, or is yours" if wrong else "no role is named",
            where="roles",
            todo=f"Ask for {', '.join(sorted(known))}",
        )


def _hours(hours: int) -> None:
    if not 1 <= hours <= GRANT_MAX_H:
        raise BadInputError(
            f"{hours} hours cannot be given",
            where="hours",
            todo=f"1 to {GRANT_MAX_H}; for longer, an administrator changes the roles",
        )


def _decide(journal: Journal, actor: Actor, request: Request, fact: Fact) -> Future[Receipt]:
    """Enter an answer, unless somebody else's came first."""
    stream = f"request/{request.id}"
    draft = Draft(stream=stream, type=fact.TYPE, body=fact.body())
    return enter(journal, actor, request.agency, draft, expect={stream: request.version})
