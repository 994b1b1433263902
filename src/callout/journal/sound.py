"""Whether the files of a home are sound SQLite databases; what is in them is ``check``'s."""

from pathlib import Path

import apsw

from callout.base.errors import CalloutError
from callout.journal.sqlite import open_database, open_to_check


def state_problems(path: Path) -> list[str]:
    """Whether state.db can be read; what is in it is not looked at."""
    if not path.is_file():
        return ["the file is missing"]
    try:
        database = open_database(path, apsw.SQLITE_OPEN_READONLY)
        try:
            database.execute("SELECT count(*) FROM item").fetchall()
            found = [str(row[0]) for row in database.execute("PRAGMA quick_check(1)")]
        finally:
            database.close()
    except (apsw.Error, UnicodeDecodeError) as error:
        return [str(error)]
    return [line.splitlines()[-1] for line in found if line != "ok"]


def sqlite_problems(path: Path) -> list[str]:
    """SQLite's own integrity_check, each finding in a line."""
    try:
        database = open_to_check(path)
    except CalloutError as error:
        return [str(error)]
    try:
        found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(20)")]
        found = [line for text in found for line in text.splitlines()]
    except (apsw.Error, UnicodeDecodeError) as error:
        return [str(error)]
    finally:
        database.close()
    return [line for line in found if line != "ok" and not line.startswith("***")]
