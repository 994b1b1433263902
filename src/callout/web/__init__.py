"""web: what people see, and what other programs speak to."""

from callout.web.app import create_app
from callout.web.room import Room
from callout.web.routes import ROUTES, Route

__all__ = ["ROUTES", "Room", "Route", "create_app"]
