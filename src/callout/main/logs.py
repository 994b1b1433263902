"""Logs: one line an event on standard error, never a name, a query string or an exact place."""

import logging
import sys

import structlog

from callout.base.errors import BadInputError
from callout.base.settings import setting


def start_logs() -> None:
    """Configure structlog by CALLOUT_LOG."""
    text = setting("CALLOUT_LOG")
    level = logging.getLevelNamesMapping().get(text.upper())
    if level is None:
        raise BadInputError(
            f"{text!r} is no level", where="CALLOUT_LOG", todo="debug, info, warning or error"
        )
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.set_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr)
