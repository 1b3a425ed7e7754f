"""Archives: music comes out, everything hostile is refused."""

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from antiphon.data.archive import ArchiveLimits, is_archive, unpack
from antiphon.errors import InputError


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w:xz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar.xz"])
def test_music_comes_out_and_the_rest_stays(tmp_path: Path, name: str) -> None:
    make = _zip if name == "a.zip" else _tar
    path = make(tmp_path / name, {"x/one.mid": b"one", "x/info.csv": b"a,b", "x/virus.exe": b"no", "T.MIDI": b"two"})
    assert is_archive(path)
    unpack(path, tmp_path / "out")
    found = {p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in (tmp_path / "out").rglob("*.*")}
    assert found == {"x/one.mid": b"one", "x/info.csv": b"a,b", "T.MIDI": b"two"}


@pytest.mark.parametrize("member", ["../evil.mid", "/tmp/evil.mid", "a/../../evil.mid", "..\\evil.mid", "C:evil.mid"])
@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str, member: str) -> None:
    make = _zip if name == "a.zip" else _tar
    path = make(tmp_path / name, {member: b"x"})
    with pytest.raises(InputError, match="leads out"):
        unpack(path, tmp_path / "out")
    assert not list(tmp_path.rglob("evil.mid"))


def test_links_are_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("a.mid")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        member = zipfile.ZipInfo("a.mid")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(member, "/etc/passwd")
    for name in ("a.tar.gz", "a.zip"):
        with pytest.raises(InputError, match="is a link"):
            unpack(tmp_path / name, tmp_path / "out")


def test_bombs_are_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "ratio.zip", {"a.mid": bytes(4_000_000)})
    with pytest.raises(InputError, match="times its size"):
        unpack(path, tmp_path / "out", ArchiveLimits(max_ratio=100))
    with pytest.raises(InputError, match=r"over 1000 bytes"):
        unpack(path, tmp_path / "out", ArchiveLimits(max_member_bytes=1000))
    many = _zip(tmp_path / "many.zip", {f"{number}.mid": b"x" * 100 for number in range(30)})
    with pytest.raises(InputError, match="members"):
        unpack(many, tmp_path / "out", ArchiveLimits(max_members=20))
    with pytest.raises(InputError, match="unpacks to over"):
        unpack(many, tmp_path / "out", ArchiveLimits(max_total_bytes=1500))


def test_a_member_that_lies_about_its_size_is_cut_off(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"a.mid": bytes(3_000_000)})
    content = path.read_bytes().replace((3_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(content)
    with pytest.raises(InputError):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar.xz"])
def test_damaged_archives_are_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    make = _zip if name == "a.zip" else _tar
    members = {f"{number}.mid": bytes(range(256)) * 40 for number in range(9)}
    whole = make(tmp_path / name, members).read_bytes()
    for content in (b"", b"not an archive", whole[: len(whole) // 2]):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=name):
            unpack(tmp_path / name, tmp_path / "out")
