"""Outputs appear whole or not at all, and what stood there before is never lost."""

from pathlib import Path

import pytest

from antiphon.errors import InputError
from antiphon.files import whole_folder, write_together


def _fill(path: Path, content: str) -> None:
    with whole_folder(path) as beside:
        (beside / "a.txt").write_text(content)


def test_a_folder_is_replaced(tmp_path: Path) -> None:
    for content in ("old", "new"):
        _fill(tmp_path / "c", content)
        assert (tmp_path / "c" / "a.txt").read_text() == content
        assert [path.name for path in tmp_path.iterdir()] == ["c"]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [(PermissionError(13, "Access is denied"), InputError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
def test_the_old_folder_is_put_back_where_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException, raised: type[BaseException]
) -> None:
    place, plain, moved = tmp_path / "c", Path.replace, list[str]()
    _fill(place, "old")

    def replace(path: Path, target: Path) -> Path:
        moved.append(target.name)
        if len(moved) == 2:
            raise fault
        return plain(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(raised):
        _fill(place, "new")
    assert moved[1] == "c"
    assert (place / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_files_of_one_thing_come_together_or_not_at_all(tmp_path: Path) -> None:
    first, second = str(tmp_path / "a.txt"), str(tmp_path / "b.txt")
    write_together({first: lambda beside: write(beside, "1"), second: lambda beside: write(beside, "2")})
    assert [Path(path).read_text() for path in (first, second)] == ["1", "2"]

    def fails(beside: Path) -> None:
        raise InputError(f"{beside}: no")

    with pytest.raises(InputError) as raised:
        write_together({first: lambda beside: write(beside, "3"), second: fails})
    assert str(raised.value) == f"{second}: no"
    assert [Path(path).read_text() for path in (first, second)] == ["1", "2"]
    assert len(list(tmp_path.iterdir())) == 2


def write(path: Path, text: str) -> None:
    path.write_text(text)
