"""Areas through a real server: whose incident it is, first due, key sites on the card."""

from pathlib import Path

from callout.base.clock import SystemClock
from callout.main.demo import _draw_areas
from callout.main.opening import open_journal
from running import made_home, running


def test_areas_are_used(tmp_path: Path, town: Path) -> None:
    home = tmp_path / "home"
    made_home(home, town, units=20)
    (home / "city").symlink_to(town)
    journal = open_journal(home, SystemClock(), database="")
    _draw_areas(journal, home)
    journal.close()
    with running(home, town) as room, room.client() as api:
        hospital = room.home.picture.city.pois("hospital")[0].point
        where = {"lon": hospital.lon + 0.0003, "lat": hospital.lat}
        found = api.get("/api/areas/at", params=where).json()["areas"]
        kinds = [area["kind"] for area in found]
        assert kinds == sorted(kinds, key=["agency", "beat", "first_due", "key_site"].index)
        assert {"agency", "first_due", "key_site"} <= set(kinds)
        shapes = api.get("/api/areas").json()
        assert shapes["type"] == "FeatureCollection"
        assert len(shapes["features"]) > 10
        # Of the agencies whose ground it is, the one that has units for it.
        numbers = []
        for kind, agency in (("HOUSEFIRE", "fire"), ("CARDIAC", "ems"), ("BREAKIN", "police")):
            made = api.post("/api/incidents", json={"type": kind, **where}).json()
            assert made["run"].startswith(f"{agency}-")
            numbers.append(made["number"])
            shown = api.get(f"/api/incidents/{made['id']}").json()
            assert "key_site" in {area["kind"] for area in shown["areas"]}
            ranked = api.get(f"/api/incidents/{made['id']}/recommendation").json()["ranked"]
            due = {area["of"] for area in found if area["kind"] == "first_due"}
            for one in ranked:
                station = room.home.picture.units.units[one["unit"]].station
                assert ("first due here" in one["words"]) == (station in due)
        # Whoever owns it, a spoken number is one incident.
        assert len(set(numbers)) == 3
        assert api.get("/api/areas/at", params={"lon": 200, "lat": 0}).status_code == 400
        for token, status in (("", 401), (room.button, 403)):
            with room.client(token) as other:
                assert other.get("/api/areas").status_code == status
