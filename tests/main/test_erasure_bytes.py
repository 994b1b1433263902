"""After erasure no byte on disk holds what was said: a real server, file backups included."""

import base64
import json
import shutil
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from callout.base.clock import SystemClock
from callout.journal import Journal, check
from callout.journal.note import parse_checkpoint
from callout.journal.tlog import verify_proof
from callout.main.cli import cli
from running import Running, made_home, running

INCIDENTS = 100


def forms(planted: str) -> list[bytes]:
    """Every way in which the string could stand in a file."""
    raw = planted.encode()
    escaped = json.dumps(planted)[1:-1].encode()
    # Base64 in its three positions, without the characters that depend on neighbours.
    shifted = [base64.b64encode(b"x" * n + raw)[4 if n else 0 : -4] for n in range(3)]
    return [raw, escaped, planted.encode("utf-16-le"), raw.hex().encode(), *shifted]


def search(folder: Path, needles: list[bytes]) -> list[str]:
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        found += [f"{path.name}: {needle!r}" for needle in needles if needle in data]
    return found


def plant(room: Running, number: int) -> list[str]:
    """One incident with an alarm, a note, a better place; the strings that went into them."""
    said = {
        kind: f"{kind} Zoë Quibble-{number:03d} +44 7700 900{number:03d}"
        for kind in ("device", "alarm", "text", "place", "note", "moved")
    }
    with room.client() as api:
        press = {"device": said["device"], "press": f"p{number}", "kind": "panic", "at": None}
        press |= {"lon": -28.5, "lat": 46.0, "text": said["alarm"]}
        alarm = api.post("/api/alarms", json=press).json()
        body = {"type": TYPE[0], "alarms": [alarm["id"]], "lon": -28.5, "lat": 46.0}
        body |= {"text": said["text"], "place": said["place"]}
        answer = api.post("/api/incidents", json=body)
        assert answer.status_code == 201, answer.text
        opened = answer.json()["id"]
        api.post(f"/api/incidents/{opened}/notes", json={"text": said["note"]})
        moved = {"lon": -28.51, "lat": 46.0, "place": said["moved"]}
        assert api.post(f"/api/incidents/{opened}/place", json=moved).status_code == 200
        shown = api.get(f"/api/incidents/{opened}").text
        assert said["text"] in shown or json.dumps(said["text"])[1:-1] in shown
        assert api.post(f"/api/incidents/{opened}/close", json={}).status_code == 200
    IDS.append(opened)
    return list(said.values())


TYPE: list[str] = []
IDS: list[str] = []


def sign_in(room: Running, api: httpx.Client) -> None:
    room.staff("sup", "supervisor")
    body = {"name": "sup", "password": "correct horse battery"}
    answer = api.post("/api/session", json=body)
    assert answer.is_success, answer.text


def test_no_byte_is_left(tmp_path: Path, town: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home, copies = tmp_path / "home", tmp_path / "copies"
    made_home(home, town, units=4)
    planted: list[str] = []
    IDS.clear()
    with running(home, town) as room:
        TYPE[:] = [next(iter(room.home.picture.incidents.types))]
        for number in range(INCIDENTS):
            planted += plant(room, number)
            if number % 40 == 20:
                # What an operator's file backup would take: everything but keys/.
                copy = copies / str(number)
                shutil.copytree(home, copy, ignore=shutil.ignore_patterns("keys", "csv", "lock"))
        journal = room.home.journal
        old = parse_checkpoint(journal.verifier().open(journal.checkpoint()))
        proof = journal.log().prove(journal.head())
        with httpx.Client(base_url=room.url, headers={"Origin": room.url}, timeout=20) as api:
            sign_in(room, api)
            for opened in IDS[:3]:
                answer = api.post(f"/api/incidents/{opened}/erase", json={"reason": "request"})
                assert answer.status_code == 200, answer.text
                assert answer.json()["erased"] == 2
                view = api.get(f"/api/incidents/{opened}").json()
                assert view["erased"]
                assert view["text"] is None
                assert view["place"] is None
                assert "Quibble" not in json.dumps(view)
        with room.client() as program:
            refused = program.post(f"/api/incidents/{IDS[5]}/erase", json={"reason": "request"})
            assert refused.status_code == 403
        assert journal.log().root_at(old.size) == old.root
    cutoff = CliRunner().invoke(cli, ["erase", "--older-than", "1", "--home", str(home)])
    assert cutoff.exit_code == 0, cutoff.output
    assert "0 erased" in cutoff.output
    for opened in IDS[3:]:
        words = ["erase", opened, "--by", "A. Silva", "--reason", "order", "--home", str(home)]
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.output

    needles = sorted({form for text in planted for form in forms(text)})
    assert search(tmp_path, needles) == []
    logged = "".join(capfd.readouterr()).encode()
    assert [needle for needle in needles if needle in logged] == []

    report = check(home)
    assert report.ok, report.problems[:3]
    journal = Journal.open(home, clock=SystemClock(), writable=False)
    for entry in journal.replay():
        if entry.stream.partition("/")[0] in {"incident", "alarm"}:
            for name in entry.body.get("side", {}):
                assert name == "who" or journal.side(entry.seq, name) is None
    assert journal.log().root_at(old.size) == old.root
    assert verify_proof(proof, journal.verifier()).seq < old.size
    journal.close()


def test_the_search_would_find_it(tmp_path: Path) -> None:
    text = "Zoë Quibble-007 +44 7700 900007"
    for number, form in enumerate(forms(text)):
        (tmp_path / str(number)).write_bytes(b"x" * 17 + form)
    (tmp_path / "long").write_bytes(base64.b64encode(b"ab" + text.encode() + b"cd"))
    found = search(tmp_path, forms(text))
    assert {line.partition(":")[0] for line in found} >= {"0", "1", "2", "3", "4", "long"}
