"""Extracts put in order: several into one, each object once and in its newest version."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import osmium

from callout.base.errors import BadInputError

# What osmium raises for files that are not what they should be.
UNREADABLE: Final = (RuntimeError, osmium.InvalidLocationError, UnicodeDecodeError)


def damaged(pbf: Path, error: Exception) -> BadInputError:
    """What to say of a file that cannot be read to its end."""
    said = " ".join(str(error).split())
    return BadInputError(
        f"the file is damaged or no .osm.pbf ({said})",
        where=str(pbf),
        todo="Download it again and compare its checksum",
    )


def check_extract(pbf: Path) -> int:
    """The file's size; BadInputError when it is missing, empty, a history or no .osm.pbf."""
    try:
        size = pbf.stat().st_size
        with pbf.open("rb"):
            pass
    except OSError as error:
        raise BadInputError(
            f"the file cannot be read ({error.strerror})",
            where=str(pbf),
            todo="Give the path of an .osm.pbf file",
        ) from error
    if size == 0:
        raise BadInputError("the file is empty", where=str(pbf), todo="Download it again")
    try:
        with osmium.io.Reader(osmium.io.File(str(pbf), "pbf")) as reader:
            is_history = reader.header().has_multiple_object_versions
    except UNREADABLE as error:
        raise damaged(pbf, error) from error
    if is_history:
        raise BadInputError(
            "it is a history, with every version of each object",
            where=str(pbf),
            todo="Take the map of one moment out of it: osmium time-filter",
        )
    return size


def merge(files: Sequence[Path], into: Path) -> int:
    """Write all objects of all files to ``into`` by type and id; how many stood there twice.

    Of several versions the newest stays; of one version that differs, either. All objects are in
    memory at once, about 20 bytes for each byte of the files. BadInputError names the file that
    cannot be used.
    """
    merging = osmium.MergeInputReader()
    given = 0
    for pbf in files:
        check_extract(pbf)
        try:
            given += sum(1 for _ in osmium.FileProcessor(osmium.io.File(str(pbf), "pbf")))
            merging.add_file(str(pbf))
        except UNREADABLE as error:
            raise damaged(pbf, error) from error
    with osmium.SimpleWriter(osmium.io.File(str(into), "pbf")) as writer:
        merging.apply(writer, simplify=True)
    kept = sum(1 for _ in osmium.FileProcessor(osmium.io.File(str(into), "pbf")))
    return given - kept
