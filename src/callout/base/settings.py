"""Settings: one readable table of everything that can be set from outside.

Each is an environment variable; command-line options of the same name win over it. The table
is printed in docs/settings.md, and a test compares the two.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from callout.base.errors import BadInputError


class Setting(NamedTuple):
    """One thing that can be set."""

    env: str
    default: str
    what: str


SETTINGS: tuple[Setting, ...] = (
    Setting("CALLOUT_HOME", "", "Folder of the room: journal, keys, state, city. No default."),
    Setting(
        "CALLOUT_DATABASE",
        "",
        "PostgreSQL URL; the journal lies there and not in the home. Needs callout[scale].",
    ),
    Setting("CALLOUT_PORT", "8711", "Port that serve and demo listen on."),
    Setting("CALLOUT_HOST", "127.0.0.1", "Address that serve listens on; demo is 127.0.0.1 only."),
    Setting(
        "CALLOUT_NAMES",
        "",
        "Further host names, separated by commas, under which browsers may reach serve.",
    ),
    Setting("CALLOUT_ESCALATE_S", "30", "Seconds until an unacknowledged alarm goes a level up."),
    Setting(
        "CALLOUT_ZONE",
        "UTC",
        "Time zone of the city (Europe/Lisbon), for road rules that hold at certain hours.",
    ),
    Setting(
        "CALLOUT_KEEP_DAYS",
        "0",
        "Days until personal detail of closed incidents is erased by itself; 0: by hand only.",
    ),
    Setting(
        "CALLOUT_WITNESS",
        "",
        "File on another disk or machine that remembers the last checkpoint too.",
    ),
    Setting(
        "CALLOUT_RESERVE_MB",
        "64",
        "Megabytes kept back in the home for when the disk is full; 0: none.",
    ),
    Setting("CALLOUT_SHIFT_H", "12", "Hours that a shift has unless it is ended earlier."),
    Setting(
        "CALLOUT_OIDC",
        "",
        "JSON file of the identity providers that staff may sign in by. See docs/people.md.",
    ),
    Setting("CALLOUT_LOG", "info", "Least level that is logged: debug, info, warning or error."),
)
_BY_ENV = {setting.env: setting for setting in SETTINGS}


def setting(env: str, environ: Mapping[str, str] = os.environ) -> str:
    """The value of a setting in force, as text."""
    return environ.get(env, "") or _BY_ENV[env].default


def setting_int(env: str, low: int, high: int, environ: Mapping[str, str] = os.environ) -> int:
    """The value of a whole-number setting; BadInputError when it is none or out of range."""
    text = setting(env, environ)
    if not text.isdecimal() or not low <= int(text) <= high:
        raise BadInputError(
            f"{text!r} is not a whole number from {low} to {high}",
            where=env,
            todo=_BY_ENV[env].what,
        )
    return int(text)


def home_folder(given: str | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The room's folder by option or CALLOUT_HOME; BadInputError when neither is given."""
    text = given or setting("CALLOUT_HOME", environ)
    if not text:
        raise BadInputError(
            "no home is named", todo="Give --home DIR or set CALLOUT_HOME to the room's folder"
        )
    return Path(text).expanduser()
