"""The closed set of things that can go wrong.

Every error says what was wrong (``what``), with what (``where``) and what to do (``todo``).
``web`` turns them into RFC 9457 problem+json, the command line into one line and exit code 2.
"""

from typing import ClassVar


class CalloutError(Exception):
    """The one base; never raised itself."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"

    def __init__(self, what: str, *, where: str = "", todo: str = "", **detail: object) -> None:
        """``detail`` is extra JSON-able material for programs, shown beside the words."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo
        self.detail = detail
        #: Action, kind and id of what was refused; for the account, never shown.
        self.about: tuple[str, str, str] | None = None

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}. {self.todo}" if self.todo else text


class BadInputError(CalloutError):
    """Something given to us cannot be used."""

    status = 400
    code = "bad-input"


class UnauthenticatedError(CalloutError):
    """We do not know who is asking."""

    status = 401
    code = "sign-in-needed"


class RefusedError(CalloutError):
    """We know who is asking, and they may not."""

    status = 403
    code = "refused"


class NotFoundError(CalloutError):
    """There is no such thing, or none that the asker may know of."""

    status = 404
    code = "not-found"


class HiddenError(NotFoundError):
    """It is another agency's and not shared: in the same words as if it were not there."""


_FIND = {
    "incident": "Use the id, not the run number; see GET /api/incidents",
    "unit": "See GET /api/units for the ids",
}


def no_such(kind: str, name: str, error: type[NotFoundError] = NotFoundError) -> NotFoundError:
    """The one way to say that there is no such thing, whether or not that is all of the truth."""
    return error(f"there is no {kind} {name!r}", where=kind, todo=_FIND.get(kind, ""))


class ConflictError(CalloutError):
    """The picture the asker decided on has changed; nothing was done."""

    status = 409
    code = "conflict"


class TooLargeError(CalloutError):
    """More bytes or items than we take at once."""

    status = 413
    code = "too-large"


class TooManyError(CalloutError):
    """More tries than we take in this time; nothing was looked at."""

    status = 429
    code = "too-many"


class HomeInUseError(CalloutError):
    """Another process holds this home."""

    status = 423
    code = "home-in-use"


class DamagedError(CalloutError):
    """A file of ours is not what we wrote, or is from another version."""

    status = 500
    code = "damaged"


class FullError(CalloutError):
    """The disk has no room left for what must be durable."""

    status = 507
    code = "disk-full"


class UnavailableError(CalloutError):
    """A part that is needed is not running (journal stopped, no city)."""

    status = 503
    code = "unavailable"
