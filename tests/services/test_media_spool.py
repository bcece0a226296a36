"""Unfinished downloads on disk."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import FileSystemStorage, InMemoryStorage

from eyeson_meetings.exceptions import ConfigurationError
from eyeson_meetings.services import spool
from eyeson_meetings.services.spool import Part, spool_directory, sweep_orphans

UUID = uuid4()


def part_of(directory: Path, fence: int, etag: str = '"a"') -> Part:
    return Part(directory, uuid=UUID, fence=fence, etag=etag)


def leave_behind(directory: Path, content: bytes, *, fence: int = 1, etag: str = '"a"') -> Path:
    with part_of(directory, fence, etag) as part:
        part.write(content)
        return part.path


def test_a_part_goes_on_where_the_last_claim_stopped(tmp_path: Path) -> None:
    leave_behind(tmp_path, b"abc")

    with part_of(tmp_path, 2) as part:
        part.write(b"def")

        assert part.path.read_bytes() == b"abcdef"
        assert part.digest.hexdigest() == hashlib.sha256(b"abcdef").hexdigest()
        assert part.size == 6
    assert list(tmp_path.iterdir()) == [part.path]


@pytest.mark.parametrize("etag", ['"b"', ""])
def test_bytes_of_another_object_or_of_no_known_one_are_not_continued(
    tmp_path: Path, etag: str
) -> None:
    leave_behind(tmp_path, b"abc")

    with part_of(tmp_path, 2, etag) as part:
        assert part.size == 0
        part.write(b"x")

    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"x"]


def test_a_part_that_another_process_holds_is_left_to_it(tmp_path: Path) -> None:
    with part_of(tmp_path, 1) as stale:
        stale.write(b"abc")
        with part_of(tmp_path, 2) as part:
            part.write(b"new")
            stale.write(b"def")

            assert part.path.read_bytes() == b"new"
            assert stale.path.read_bytes() == b"abcdef"


def test_the_longest_of_several_parts_is_continued_and_the_others_go(tmp_path: Path) -> None:
    with part_of(tmp_path, 1) as first, part_of(tmp_path, 2) as second:
        first.write(b"short")
        second.write(b"much longer")

    with part_of(tmp_path, 3) as part:
        assert part.size == len(b"much longer")
        assert list(tmp_path.iterdir()) == [part.path]


def test_starting_again_forgets_the_bytes_and_their_hash(tmp_path: Path) -> None:
    with part_of(tmp_path, 1) as part:
        part.write(b"old and long")
        part.restart('"b"')
        part.write(b"new")

        assert part.path.read_bytes() == b"new"
        assert part.digest.hexdigest() == hashlib.sha256(b"new").hexdigest()

    with part_of(tmp_path, 2, '"b"') as continued:
        assert continued.size == 3


def test_an_empty_part_leaves_nothing_behind(tmp_path: Path) -> None:
    with part_of(tmp_path, 1):
        pass

    assert list(tmp_path.iterdir()) == []


def test_a_part_never_follows_a_link_that_somebody_planted(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    with part_of(tmp_path, 1) as part:
        name = part.path.name
    (tmp_path / name).symlink_to(victim)

    with pytest.raises(OSError, match="symbolic"):
        part_of(tmp_path, 1)

    assert victim.read_text() == "precious"


def test_a_file_system_storage_has_its_spool_beside_its_files(tmp_path: Path) -> None:
    directory = spool_directory(FileSystemStorage(location=tmp_path))

    assert directory == tmp_path / ".spool"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_the_setting_says_where_the_spool_is(tmp_path: Path, settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "SPOOL_DIR": str(tmp_path / "elsewhere")}

    assert spool_directory(InMemoryStorage()) == tmp_path / "elsewhere"


def test_other_storages_have_a_spool_of_this_user_in_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool.tempfile, "gettempdir", lambda: str(tmp_path))

    directory = spool_directory(InMemoryStorage())

    assert directory.parent == tmp_path
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_spool_that_somebody_else_put_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool.tempfile, "gettempdir", lambda: str(tmp_path))
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (tmp_path / f"eyeson-meetings-spool-{os.getuid()}").symlink_to(foreign)

    with pytest.raises(ConfigurationError, match="SPOOL_DIR"):
        spool_directory(InMemoryStorage())


def test_parts_that_nobody_continues_are_swept_after_a_day(tmp_path: Path) -> None:
    old, young = tmp_path / f"{uuid4()}.0.1.part", tmp_path / f"{uuid4()}.0.1.part"
    old.write_bytes(b"old")
    young.write_bytes(b"young")
    with part_of(tmp_path, 2) as held:
        held.write(b"held")
        for path in (old, held.path):
            os.utime(path, (0, 0))

        assert sweep_orphans(tmp_path) == 1

        assert set(tmp_path.iterdir()) == {held.path, young}
