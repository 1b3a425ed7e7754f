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
