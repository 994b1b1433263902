"""The colleague leaves the user time, and then does what is due."""

from callout.drills.colleague import Answer, Close, Open, Send, overdue

_US = 1_000_000


def _alarm(name="a", raised=0, answered=None, incident=None):
    acknowledged = None if answered is None else {"by": "p", "at_us": answered * _US}
    return {
        "id": name,
        "raised_us": raised * _US,
        "acknowledged": acknowledged,
        "incident": incident,
    }


def _incident(name="i", opened=0, units=(), kind="FALL", place=True, state="waiting"):
    return {
        "id": name,
        "opened_us": opened * _US,
        "waiting_since_us": opened * _US,
        "state": state,
        "type": {"code": kind, "name": ""},
        "place": {"lon": 1.0, "lat": 2.0} if place else None,
        "units": list(units),
    }


def _part(scene=None, left=None, reason=None):
    return {
        "id": "E1",
        "on_scene_us": scene,
        "left_us": None if left is None else left * _US,
        "reason": reason,
    }


def _due(now, alarms=(), incidents=(), eager=()):
    return overdue(
        {a["id"]: a for a in alarms},
        {i["id"]: i for i in incidents},
        now * _US,
        patience_s=45.0,
        eager=frozenset(eager),
    )


def test_an_alarm_is_left_for_45_seconds():
    assert _due(44, [_alarm()]) == []
    assert _due(45, [_alarm()]) == [Answer("a")]


def test_an_answered_alarm_gets_an_incident_unless_it_has_one():
    assert _due(16, [_alarm(answered=5)]) == []
    assert _due(20, [_alarm(answered=5)]) == [Open("a")]
    assert _due(99, [_alarm(answered=5, incident="i")]) == []


def test_units_are_sent_after_a_while_and_at_once_where_the_user_is_not_asked():
    assert _due(44, incidents=[_incident()]) == []
    assert _due(45, incidents=[_incident()]) == [Send("i", 1)]
    assert _due(4, incidents=[_incident()], eager=["i"]) == [Send("i", 1)]
    assert _due(45, incidents=[_incident(kind="HOUSEFIRE")]) == [Send("i", 3)]
    assert _due(99, incidents=[_incident(place=False)]) == []


def test_closes_what_everybody_has_left_but_not_what_lost_its_only_unit():
    done = _incident(units=[_part(scene=1, left=50, reason="cleared")])
    assert _due(60, incidents=[done]) == []
    assert _due(71, incidents=[done]) == [Close("i")]
    diverted = _incident(units=[_part(left=50, reason="diverted")])
    assert _due(60, incidents=[diverted]) == [Send("i", 1)]
    assert _due(99, incidents=[_incident(units=[_part(scene=1)])]) == []
    assert _due(99, incidents=[_incident(state="closed")]) == []


def test_oldest_first():
    late = [_incident("new", opened=40), _incident("old", opened=0)]
    assert _due(200, incidents=late) == [Send("old", 1), Send("new", 1)]
