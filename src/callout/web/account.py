"""Giving account: every refusal and every opening of personal material is an entry.

An opening is durable before anything is shown. When the journal cannot take it (a full disk),
the room still reads: it is counted and entered once there is room.
"""

import asyncio
from concurrent.futures import Future

import structlog

from callout.access import Action, Actor
from callout.access.account import Act, Tally
from callout.access.ceremony import Passkey
from callout.access.events import MaterialOpened, Refused, StreamOpened
from callout.base.errors import CalloutError
from callout.base.facts import Fact
from callout.base.ids import new_id
from callout.dispatch import Picture
from callout.journal import Batch, Draft, Receipt

_log = structlog.get_logger()


class Account:
    """Enters who was refused what, and who was shown what. Loop's thread only."""

    def __init__(self, picture: Picture) -> None:
        """Nothing has happened yet."""
        self._picture = picture
        self._refused = Tally()
        self._opened = Tally()

    def refused(self, actor: Actor, action: str, kind: str, name: str, why: str) -> None:
        """Somebody asked for what they may not. Returns at once; it is entered in its time."""
        # A stranger may guess ids for ever; at sign-in it is the id of an account, or nothing.
        known = actor.kind != "nobody" or action == Action.SESSION
        act = Act(actor.label, action, kind, name if known else "", why)
        if now := self._refused.take(act, self._picture.clock.now_us()):
            self._enter(now.actor, _refusal(now, 1))

    def copied_passkey(self, passkey: Passkey) -> None:
        """A passkey's count went back: somebody has a copy of that person's key."""
        person = Actor(id=passkey.person, kind="person")
        self.refused(person, Action.SESSION, "passkey", passkey.id, "sign-count")

    def opened(
        self, actor: Actor, kind: str, name: str, purpose: str = ""
    ) -> Future[Receipt] | None:
        """Somebody is about to be shown something: wait for it first. None: it is a repeat."""
        act = Act(actor.label, "opened", kind, name, purpose)
        now = self._opened.take(act, self._picture.clock.now_us())
        return self._enter(now.actor, _opening(now, 1)) if now else None

    def stream(self, actor: Actor, what: str) -> Future[Receipt] | None:
        """Somebody begins to follow a stream; what flows through it is not entered again."""
        fact = StreamOpened(what=what, locked=actor.locked is not None)
        return self._enter(actor.label, (f"opened/{what}", fact))

    def flush(self, *, all_of_them: bool = False) -> None:
        """Enter what came again and whose minute is over."""
        now_us = self._picture.clock.now_us()
        for act, count in self._refused.due(now_us, all_of_them=all_of_them):
            self._enter(act.actor, _refusal(act, count))
        for act, count in self._opened.due(now_us, all_of_them=all_of_them):
            self._enter(act.actor, _opening(act, count))

    def _enter(self, by: str, what: tuple[str, Fact]) -> Future[Receipt] | None:
        stream, fact = what
        draft = Draft(stream=stream, type=fact.TYPE, body=fact.body())
        try:
            submitted = self._picture.journal.submit(Batch((draft,), new_id(), by))
        except CalloutError as error:
            _log.warning("could not be entered", type=fact.TYPE, why=error.code)
            return None
        submitted.add_done_callback(_look)
        return submitted


async def shown(account: Account, actor: Actor, kind: str, name: str, purpose: str = "") -> None:
    """Wait until it is entered that this is opened; a repeat, or a full disk, waits for nothing."""
    if entered := account.opened(actor, kind, name, purpose):
        await asyncio.wait([asyncio.wrap_future(entered)])


def _look(done: "Future[Receipt]") -> None:
    error = done.exception()
    if error is not None:
        _log.warning("could not be entered", why=type(error).__name__)


def _refusal(act: Act, count: int) -> tuple[str, Fact]:
    fact = Refused(action=act.what, kind=act.kind, id=act.id, why=act.why, count=count)
    return f"refused/{act.actor.replace('/', '-')}", fact


def _opening(act: Act, count: int) -> tuple[str, Fact]:
    fact = MaterialOpened(kind=act.kind, id=act.id, purpose=act.why, count=count)
    return f"opened/{act.kind}-{act.id}", fact
