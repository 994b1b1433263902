"""The log below /log/: what an auditor's program reads is what the journal signed."""

from callout.access import Credentials
from callout.base.clock import SystemClock
from callout.journal.export import read_bundle
from callout.journal.note import Verifier, parse_checkpoint
from callout.journal.tlog import TilePath, paths
from callout.journal.tree import Tree, leaf_hash
from running import Running


def test_an_auditors_program_verifies_the_log(room: Running) -> None:
    token = Credentials(room.home.journal.state, SystemClock()).create_token("audit", ("audit",))
    verifier = Verifier.parse(room.home.journal.verifier().encoded())
    with room.client(token) as api:
        answer = api.get("/log/checkpoint")
        assert answer.headers["cache-control"] == "no-store"
        checkpoint = parse_checkpoint(verifier.open(answer.content))
        assert checkpoint.size > 0
        tree = Tree()
        for where in paths(checkpoint.size):
            answer = api.get(f"/log/{where.text()}")
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "application/octet-stream"
            assert "immutable" in answer.headers["cache-control"]
            if where.level < 0:
                tree.extend([leaf_hash(leaf) for leaf in read_bundle(answer.content, where)])
        assert tree.root() == checkpoint.root
        assert api.get(f"/log/{TilePath(3, 9, 256).text()}").status_code == 404
        assert api.get("/log/tile/..%2f..%2fkeys%2flog.key").status_code == 404
        assert api.get("/api/incidents").status_code == 403


def test_the_log_is_not_for_everybody(room: Running) -> None:
    for token, status in (("", 401), (room.button, 403), (room.program, 403)):
        with room.client(token) as api:
            assert api.get("/log/checkpoint").status_code == status
            assert api.get("/log/tile/0/000.p/1").status_code == status
