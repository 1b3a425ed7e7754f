"""From a song of a seed to songs in which some tracks are other ones, and all others as they were."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from antiphon.asked import Asked, check_values
from antiphon.errors import InputError
from antiphon.music.score import Score
from antiphon.orders import check_abilities
from antiphon.part_options import varied_parts
from antiphon.playing import Band, batches, chance_of
from antiphon.writers.bands import BandWriter

if TYPE_CHECKING:
    from antiphon.generate import Model


def vary_songs(
    model: "Model", vary: str | Sequence[str], *, seed: int = 0, vary_seed: int = 1, num: int = 1, **options: Any
) -> list[Score]:
    """The song of a seed with some tracks written anew, the others note for note as they were.

    Parameters
    ----------
    model
        Of several tracks, see `antiphon.generate.load`.
    vary
        Names of the parts to write anew, by comma.
    seed
        Of the song; it is what `antiphon.generate.Model.generate` writes for the same options.
    vary_seed
        Of what is written anew; song `i` is the first song of `vary_seed + i`.
    num
        How many songs.
    options
        As of `generate`: bars, tempo, key, density, temperature, tracks, program, mute, sixteenths.

    Raises
    ------
    InputError
        If a value is unknown or out of range, a part is not to be written, or the model cannot do it.
    """
    asked = Asked(seed=seed, num=num, **options)
    check_values(asked)
    check_values(Asked(seed=vary_seed))
    check_abilities(model.name, model.writer, asked)
    if not isinstance(model.writer, BandWriter) or not model.writer.can_vary:
        why = "writes all tracks from one source" if isinstance(model.writer, BandWriter) else "writes no parts"
        raise InputError(
            f"vary: the model {model.name} {why}; band, musegan-hybrid and musegan-jamming models can write a track "
            "anew, so leave vary out or choose one of those"
        )
    band = Band.of(model, asked)
    parts = varied_parts(vary, band.codec.ensemble, band.setting.asked)
    (take,) = band.takes([seed])
    songs = []
    for seeds in batches(range(vary_seed, vary_seed + num), band.setting.num_bars):
        others = [chance_of(one) for one in seeds]
        written = model.writer.vary(take.chance, others, parts, band.setting, band.temperature)
        for one, strokes in zip(seeds, written, strict=True):
            anew = (0, f"anew: {', '.join(band.codec.ensemble.names[part] for part in parts)} of seed {one}")
            songs.append(band.score(strokes, (*model.texts(seed), anew), take.semitones))
    return songs
