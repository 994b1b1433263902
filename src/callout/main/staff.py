"""``callout staff``: how people of the staff sign in, set at the machine itself."""

import click

from callout.access import SYSTEM, AccessBoard, Credentials, Invitations
from callout.access.inviting import changed, invite_person
from callout.access.known import Known
from callout.access.people import works_here
from callout.access.sessions import Sessions
from callout.base.clock import SystemClock, iso_utc
from callout.main.opening import folded, opened_alone

_TODO = "Invite them on the room's page /people, or stop the room first"
home_option = click.option("--home", help="The room's folder; else CALLOUT_HOME.")


@click.group()
def staff() -> None:
    """How people of the staff sign in."""


@staff.command("invite")
@click.argument("person")
@home_option
def staff_invite(person: str, home: str | None) -> None:
    """Make a code for PERSON (an id of staff.csv) and show it once.

    They open the room's page /enrol with it within a day, and set a name and password or a passkey.
    """
    clock = SystemClock()
    with opened_alone(home, clock, _TODO) as journal:
        found = folded(AccessBoard(), journal).person(person)
        invitations = Invitations(journal.state, clock)
        invited = invite_person(journal, invitations, SYSTEM, found, clock.now_us())
        invited.submitted.result()
    click.echo(invited.code)
    click.echo(f"{person} opens /enrol of the room with it before {iso_utc(invited.expires_us)}")


@staff.command("password")
@click.argument("person")
@click.option("--name", prompt=True, help="The name to sign in with.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@home_option
def staff_password(person: str, name: str, password: str, home: str | None) -> None:
    """Set the name and password of PERSON. Their code and sessions of before end."""
    clock = SystemClock()
    with opened_alone(home, clock, _TODO) as journal:
        board = folded(AccessBoard(), journal)
        found = board.person(person)
        works_here(found)
        credentials = Credentials(journal.state, clock)
        credentials.about = (*board.agencies, *board.agencies.values())
        credentials.set_password(name, password, person=found.id)
        credentials.codes.drop(found.id)
        Sessions(journal.state, clock).close_all(found.id)
        Known(journal.state, clock).forget(found.id)
        changed(journal, SYSTEM, found, "password", made=True).result()
    click.echo(f"{name} can now sign in")
