"""Who learns and who examines: songs that share a work or a recording form a group, and groups are never divided."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

from antiphon.data.manifest import Rules, Split


def groups(keys: Sequence[Sequence[str]]) -> list[str]:
    """The group of every song.

    Parameters
    ----------
    keys
        Per song, names of what it must not share with the other side (its work, its recording); at least one.

    Returns
    -------
    list of str
        Songs that are linked by common keys, however indirectly, bear the same name: the first of all their keys.
    """
    parents: dict[str, str] = {}
    for first, *others in keys:
        for other in (first, *others):
            _join(parents, first, other)
    return [_root(parents, first) for first, *_ in keys]


def assign(names: Sequence[str], rules: Rules) -> list[Split]:
    """The split of every song by the hash of its group's name and the seed.

    A group's side does not depend on which other groups there are, so a corpus that grows keeps its splits. The one
    exception: where nothing falls to training (a handful of songs), all do.
    """
    splits = [_side(name, rules) for name in names]
    if names and "train" not in splits and rules.train > 0:
        return ["train"] * len(names)
    return splits


def title_key(text: str) -> str:
    """A title stripped of case, accents, punctuation and a leading number: equal for the same title written twice."""
    plain = text.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    words = re.findall(r"\w+", plain.replace("_", " "))
    if len(words) > 1 and re.fullmatch(r"\d+[a-z]?", words[0]):
        words = words[1:]
    return " ".join(words)


def _join(parents: dict[str, str], one: str, other: str) -> None:
    low, high = sorted((_root(parents, one), _root(parents, other)))
    parents[high] = low


def _root(parents: dict[str, str], key: str) -> str:
    while (above := parents.setdefault(key, key)) != key:
        parents[key] = parents[above]
        key = above
    return key


def _side(name: str, rules: Rules) -> Split:
    digest = hashlib.blake2b(f"{rules.seed}:{name}".encode("utf-8", "surrogateescape"), digest_size=8).digest()
    share = int.from_bytes(digest, "big") / 2**64
    if share < rules.train:
        return "train"
    return "valid" if share < rules.train + rules.valid else "test"
