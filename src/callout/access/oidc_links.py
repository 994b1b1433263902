"""Which account at an identity provider is which person here: by its immutable subject only."""

import hashlib
import json
from typing import Any

import msgspec

from callout.access.oidc import Provider
from callout.base.clock import Clock
from callout.base.errors import ConflictError
from callout.journal import State

_SPACE = "oidc-link"


class Links:
    """Which subject of a provider is which person. Thread-safe; durable on return."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Keep the state file and the clock at hand; nothing is read yet."""
        self._state = state
        self._clock = clock

    def person(self, provider: Provider, subject: str) -> str | None:
        """Whose subject that is: by the administrator's list, else by the person's own link."""
        if subject in provider.people:
            return provider.people[subject]
        raw = self._state.get(_SPACE, _key(provider, subject))
        return None if raw is None else str(msgspec.json.decode(raw)["person"])

    def link(self, provider: Provider, subject: str, person: str) -> None:
        """It is that person's from now on, in place of another subject of the same provider.

        ConflictError when it is somebody else's.
        """
        if self.person(provider, subject) not in {None, person}:
            raise ConflictError(
                f"this account at {provider.name} is another person's here",
                where="link",
                todo="Sign out at the provider and choose your own account",
            )
        self.unlink(provider, person)
        link = {"issuer": provider.issuer, "person": person, "made_us": self._clock.now_us()}
        self._state.put(_SPACE, _key(provider, subject), msgspec.json.encode(link))

    def unlink(self, provider: Provider, person: str) -> int:
        """Forget the person's link with a provider; how many. The file's list stays."""
        mine = [
            key
            for key, link in self._all()
            if (link["issuer"], link["person"]) == (provider.issuer, person)
        ]
        for key in mine:
            self._state.delete(_SPACE, key)
        return len(mine)

    def has(self, provider: Provider, person: str) -> bool:
        """Whether the person can sign in by that provider."""
        return person in provider.people.values() or any(
            (link["issuer"], link["person"]) == (provider.issuer, person) for _, link in self._all()
        )

    def _all(self) -> list[tuple[str, dict[str, Any]]]:
        return [(key, msgspec.json.decode(raw)) for key, raw in self._state.items(_SPACE)]


def _key(provider: Provider, subject: str) -> str:
    """Which subject of which issuer; the state file holds no names of other systems."""
    text = json.dumps([provider.issuer, provider.claim, subject])
    return hashlib.sha256(text.encode()).hexdigest()
