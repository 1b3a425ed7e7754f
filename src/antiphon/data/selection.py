"""Which songs of a collection are taken: the rules of the Lakh pianoroll dataset and of MuseGAN's training set.

The Lakh MIDI dataset (Raffel 2016) names its files by their MD5; `match_scores.json` says how well each matches which
songs of the Million Song Dataset. The Lakh pianoroll dataset (Dong et al. 2018) takes all files that can be read, those
that match a song, or of each song the best match if it passes.
"""

from collections.abc import Mapping

from antiphon.codecs.ensembles import ENSEMBLES
from antiphon.config import Config
from antiphon.data.manifest import Reason, SelectionName
from antiphon.music.score import Score


class Selection(Config):
    """A rule by which songs are chosen.

    Parameters
    ----------
    matched
        Only files that match a song of the Million Song Dataset.
    best
        Of the files that match one song only the best match; where that fails, the song is left out.
    above
        The score of a match is above this.
    common_time
        There is exactly one time signature, it is 4/4, and it stands at the beginning, so that the first beat does.
    families
        Bass, drums, guitar, piano and strings all play, by the paper's rule.
    """

    matched: bool = False
    best: bool = False
    above: float = 0.0
    common_time: bool = False
    families: bool = False

    def fault(self, score: Score) -> tuple[Reason, str] | None:
        """Why a song is not taken, as a word and a sentence; None if its notes are no reason."""
        metres = score.time_signatures
        if self.common_time and len(metres) != 1:
            return "metre", f"has {len(metres)} time signatures, where exactly one is wanted"
        if self.common_time and (int(metres["numerator"][0]), int(metres["denominator"][0])) != (4, 4):
            return "metre", f"is in {metres['numerator'][0]}/{metres['denominator'][0]}, not in 4/4"
        if self.common_time and metres["tick"][0] > 0:
            return "metre", "its first beat is not at its beginning"
        if self.families:
            ensemble = ENSEMBLES["paper"]
            absent = [name for name, seat in zip(ensemble.names, ensemble.seats(score), strict=True) if not seat]
            if absent:
                return "tracks", f"has no {' and no '.join(absent)}"
        return None


SELECTIONS: Mapping[SelectionName, Selection] = {
    "lpd": Selection(),
    "lpd-matched": Selection(matched=True),
    "lpd-cleansed": Selection(matched=True, best=True, common_time=True),
    "cleansed": Selection(common_time=True),
    "musegan": Selection(matched=True, best=True, above=0.3, common_time=True, families=True),
}
"""By name. "cleansed" is for music without match scores; "musegan" is what the paper's first code did, to which a list
of rock songs belongs."""
