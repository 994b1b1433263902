"""The table of routes, asked before a handler is: a check that one handler lacks is made here.

It also comes before anything is looked up, so who may not do a thing at all is told the same of
one that is there and of one that is not. Which of those things it is, is the command's to check.
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from callout.access import Actor, entitle
from callout.base.errors import CalloutError, RefusedError
from callout.base.ids import is_given_id
from callout.web.routes import ROUTES

_ACTIONS = {(route.method, route.path): route.action for route in ROUTES}


def by_table(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Return when the asker may do this route's action to anything; else raise as ``entitle``."""
    scope = connection.scope
    method = str(scope.get("method", ""))
    if method == "OPTIONS":  # says which methods there are
        return
    action = _ACTIONS.get((method, scope["path_template"]))
    if action is None:
        raise RefusedError("this route has no rule, so nobody may", where=scope["path_template"])
    actor: Actor = scope["state"]["actor"]
    try:
        entitle(actor, action)
    except CalloutError as error:
        error.about = (action.value, *_aimed_at(scope["path_params"]))
        raise


def _aimed_at(named: dict[str, Any]) -> tuple[str, str]:
    """Kind and id of the thing that the path names, as a refusal's entry has them."""
    for name, value in named.items():
        kind, _, is_id = name.rpartition("_")
        if is_id == "id" and is_given_id(str(value)):
            return kind, str(value)
    return "room", ""
