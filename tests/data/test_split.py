"""Groups are never divided, and stay where they are when a corpus grows."""

from antiphon.data.manifest import Rules
from antiphon.data.split import assign, groups, title_key


def test_songs_linked_by_keys_are_one_group() -> None:
    keys = [("v1", "work a"), ("v2", "work b"), ("v3", "work a"), ("v2", "work c"), ("v3", "work c"), ("v4",)]
    names = groups(keys)
    assert len(set(names)) == 2
    assert names[0] == names[1] == names[2] == names[3] == names[4] != names[5]


def test_shares_are_about_those_of_the_rules() -> None:
    splits = assign([f"song {number}" for number in range(4000)], Rules())
    shares = [splits.count(split) / 4000 for split in ("train", "valid", "test")]
    assert abs(shares[0] - 0.8) < 0.02 and abs(shares[1] - 0.1) < 0.02 and abs(shares[2] - 0.1) < 0.02


def test_added_songs_move_no_other() -> None:
    names = [f"song {number}" for number in range(300)]
    few, many = assign(names[::3], Rules()), assign(names, Rules())
    assert few == many[::3]


def test_the_seed_decides() -> None:
    names = [f"song {number}" for number in range(300)]
    assert assign(names, Rules()) == assign(names, Rules()) != assign(names, Rules(seed=1))


def test_songs_of_one_group_share_a_side() -> None:
    names = [f"group {number % 50}" for number in range(500)]
    splits = assign(names, Rules())
    assert len(set(zip(names, splits, strict=True))) == 50


def test_a_handful_without_training_songs_is_all_for_training() -> None:
    name = next(name for name in map(str, range(99)) if assign([name, "x" + name], Rules(train=0.0, valid=0.0))[0])
    assert assign([name], Rules(train=1e-9, valid=0.5)) == ["train"]
    assert assign([name], Rules(train=0.0, valid=1.0)) == ["valid"]


def test_titles_are_compared_without_dress() -> None:
    assert title_key("5_Le_lever") == title_key("Le lever") == "le lever"
    assert title_key("Études, Op.10") == "etudes op 10"
    assert title_key("1812") == "1812"
