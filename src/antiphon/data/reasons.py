"""Why the songs of a corpus give so few phrases, in numbers."""

from collections import Counter

from antiphon.codecs.phrases import PhraseRolls
from antiphon.data.corpus import Corpus
from antiphon.errors import InputError

_ASKED = 200
"""Songs of which the reasons are told, for it takes as long as to encode them again."""


def check_enough(corpus: Corpus, codec: PhraseRolls, num_rows: int, batch_size: int) -> None:
    """Refuse a set of phrases to train on that does not fill one batch.

    Raises
    ------
    InputError
        With the number of phrases, of songs, and the commonest reasons why songs give none.
    """
    if num_rows >= batch_size:
        return
    songs = corpus.split("train")
    reasons = Counter(codec.why_none(corpus.score(int(song))) for song in songs[:_ASKED])
    without = sum(count for why, count in reasons.items() if why)
    told = "; ".join(f"{count}: {why}" for why, count in reasons.most_common(4) if why)
    asked = f"the first {_ASKED} of " if len(songs) > _ASKED else ""
    why = f" ({without} of {asked}{len(songs)} training songs give none: {told})" if without else ""
    raise InputError(
        f"{corpus.name}: {num_rows} phrases are too few to train on, where a batch has {batch_size}{why}; prepare more "
        "music, take overlapping phrases with codec.hop=1, or ask for fewer tracks at once with codec.sounding=1"
    )


def told_given(corpus: Corpus, codec: PhraseRolls, track: int, *, num_rows: int, every: int, batch_size: int) -> str:
    """Of a model that plays to a given track, in how many of `every` phrases that sounds; nothing where it does in all.

    Raises
    ------
    InputError
        If those do not fill one batch.
    """
    name = codec.ensemble.names[track]
    told = f"{corpus.name}: {name}, to which this model plays, sounds in {num_rows:,} of {every:,} phrases"
    if num_rows < batch_size:
        raise InputError(
            f"{told}, too few to train on, where a batch has {batch_size}; set family.condition to the number of "
            "another track, or prepare other music"
        )
    few = ", under half of them: another track as family.condition, or other music, would teach it more"
    return "" if num_rows == every else f"{told}, and is trained on those alone{few if 2 * num_rows < every else ''}"
