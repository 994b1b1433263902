"""The command line where CALLOUT_DATABASE is set."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from callout.main.cli import cli


@pytest.mark.postgres
def test_the_journal_lies_there_and_not_in_the_home(tmp_path: Path, postgres_database: str) -> None:
    home = tmp_path / "home"

    def run(*words: str | Path, database: str = postgres_database) -> Result:
        where = {"CALLOUT_HOME": str(home), "CALLOUT_DATABASE": database}
        return CliRunner(env=where).invoke(cli, [str(word) for word in words])

    assert run("token", "create", "button").exit_code == 0
    assert not (home / "journal.db").exists()
    proved = run("prove", "0")
    assert proved.exit_code == 0, proved.output
    for words, said in (
        (("check",), "in files only"),
        (("backup", tmp_path / "copy"), "backed up by PostgreSQL"),
    ):
        refused = run(*words)
        assert (refused.exit_code, said in refused.stderr) == (2, True), refused.output
    for words in (("prove", "0"), ("token", "create", "other")):
        refused = run(*words, database="")
        assert (refused.exit_code, "Set CALLOUT_DATABASE" in refused.stderr) == (2, True)
    assert not (home / "journal.db").exists()
