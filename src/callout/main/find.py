"""``callout city find``: what a caller's words may mean, on the command line."""

import click

from callout.base.errors import BadInputError
from callout.base.settings import home_folder
from callout.main.home import city_folder
from callout.places import TEXT_MAX, open_city

_NOTES = {
    "between": "between {}",
    "number_unknown": "number {} is not known: the street",
    "no_posts": "no posts near {}: the road",
    "not_joined": "they pass, but do not meet",
    "not_near": "{} was not found there",
}


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 50))
@click.option("--home", help="The room's folder; else CALLOUT_HOME.")
def find(text: tuple[str, ...], limit: int, home: str | None) -> None:
    """Find a place: an address, crossing, landmark, kilometre or coordinates."""
    asked = " ".join(text)
    if len(asked) > TEXT_MAX:
        raise BadInputError(f"the text is longer than {TEXT_MAX} characters", todo="Say less")
    city = open_city(city_folder(home_folder(home)))
    try:
        places = city.search(asked, limit)
    finally:
        city.close()
    if not places:
        click.echo("nothing like that was found")
    for place in places:
        point = f"{place.point.lat:.5f}, {place.point.lon:.5f}"
        note = _NOTES.get(place.note, "").format(place.detail)
        which = "more than one: ask which" if place.ambiguous else ""
        about = ", ".join(part for part in (place.near, place.kind, note, which) if part)
        click.echo(f"{point}  {place.name or place.kind} ({about})")
    if places:
        click.echo(city.meta["attribution"])
