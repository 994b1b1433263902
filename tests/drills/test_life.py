"""A town at work, against a real room; time is moved by hand, nothing sleeps."""

from callout.base.clock import ManualClock
from callout.drills.api import Answer, Api
from callout.drills.life import Town
from callout.places import open_city


class _Recording(Api):
    """A room that takes everything, and remembers it."""

    def __init__(self) -> None:
        super().__init__("http://room.invalid", "token")
        self.posts = []

    async def post(self, path, body=None, *, token=""):
        self.posts.append((path, body))
        return Answer(200, {})


def _unit(status="available", incident=None):
    return {
        "id": "E1",
        "profile": "car",
        "status": status,
        "incident": incident,
        "station": {"lon": -28.5, "lat": 46.0},
        "position": None,
        "capabilities": ["engine"],
    }


def _incident(state="active"):
    return {
        "id": "i1",
        "state": state,
        "place": {"lon": -28.495, "lat": 46.004, "name": ""},
        "units": [],
    }


async def _pulses(town, clock, seconds):
    for _ in range(seconds):
        clock.advance_s(1)
        await town.pulse()
        await town.settled()


def _statuses(api):
    return [body["status"] for path, body in api.posts if path == "/api/units/E1/status"]


def _positions(api):
    return [r for path, body in api.posts if path == "/api/positions" for r in body]


def test_a_dispatched_crew_drives_there_by_road_and_comes_back(town):
    import asyncio

    async def run():
        api, clock, city = _Recording(), ManualClock(), open_city(town)
        life = Town(api, city, clock, seed=1, units=1, speed=1.0)
        life.muster([_unit()])
        life.hear({"t": "snapshot", "incidents": [], "alarms": [], "units": [_unit()]})
        await _pulses(life, clock, 3)
        assert _statuses(api) == []
        life.hear({"t": "entry", "incident": _incident()})
        life.hear({"t": "entry", "unit": _unit("dispatched", "i1")})
        await _pulses(life, clock, 900)
        assert _statuses(api)[:2] == ["en_route", "on_scene"]
        assert _statuses(api)[2:] in (["returning"], ["returning", "available"])
        places = [(r["lon"], r["lat"]) for r in _positions(api)]
        assert len(set(places)) > 30
        nearest = min(abs(lon + 28.495) + abs(lat - 46.004) for lon, lat in places)
        assert nearest < 0.002
        city.close()

    asyncio.run(run())


def test_a_colleague_follows_a_room(room):
    """The colleague reads a real room's feed, answers, opens and sends."""
    import asyncio

    from callout.base.clock import SystemClock

    async def run():
        city = room.room.picture.city
        async with Api(room.url, room.program) as api:
            units = (await api.get("/api/units")).body["units"]
            life = Town(api, city, SystemClock(), seed=1, units=40, speed=1000.0)
            life.muster(units)
            raised = await api.post(
                "/api/alarms",
                {"device": "d", "press": "1", "kind": "panic", "lon": -28.5, "lat": 46.0},
            )
            seen, news = asyncio.Event(), asyncio.Event()

            def hear(message):
                life.hear(message)
                news.set()
                if (message.get("unit") or {}).get("status") == "dispatched":
                    seen.set()

            from callout.drills.api import follow

            listening = asyncio.ensure_future(follow(api, hear, seen, SystemClock()))
            while not seen.is_set():
                await news.wait()
                news.clear()
                await life.lend_hands("PANIC", patience_s=-31.0)
            await listening
            alarms = {a["id"]: a for a in (await api.get("/api/alarms")).body["alarms"]}
            assert alarms[raised.body["id"]]["acknowledged"]
            assert alarms[raised.body["id"]]["incident"]

    asyncio.run(asyncio.wait_for(run(), 30))
