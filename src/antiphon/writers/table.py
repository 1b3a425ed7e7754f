"""Which writer each family's networks have: the part of generation that knows networks."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from antiphon.errors import InputError
from antiphon.families.band.objective import BandObjective
from antiphon.families.bar.objective import BarObjective
from antiphon.families.chords.objective import ChordsObjective
from antiphon.families.lstm.note_objective import LstmObjective
from antiphon.families.lstm.objective import LstmGan
from antiphon.families.midinet.likelihood import MidinetTwin
from antiphon.families.midinet.objective import Midinet
from antiphon.families.musegan.objective import Musegan
from antiphon.families.transformer.game import TransformerGame
from antiphon.families.transformer.objective import TransformerObjective
from antiphon.gan.objective import Objective
from antiphon.writers.bars import BarWriter, MidinetWriter
from antiphon.writers.chords import ChordsWriter
from antiphon.writers.musegan import MuseganWriter
from antiphon.writers.notes import LstmGanWriter, LstmWriter
from antiphon.writers.performances import PerformanceWriter
from antiphon.writers.track_by_track import TrackByTrackWriter
from antiphon.writers.twins import MidinetTwinWriter
from antiphon.writers.writer import Writer


def writer_of(objective: Objective) -> Writer:
    """The writer for a family's networks.

    Raises
    ------
    InputError
        If they write nothing.
    """
    if type(objective) not in _WRITERS:
        raise InputError("this model writes no music: it tells what is hidden of it; give it to family.critic.origin")
    return _WRITERS[type(objective)](objective)


_WRITERS: Mapping[type[Objective], Callable[..., Writer]] = MappingProxyType(
    {
        Midinet: MidinetWriter,
        MidinetTwin: MidinetTwinWriter,
        BarObjective: BarWriter,
        LstmGan: LstmGanWriter,
        LstmObjective: LstmWriter,
        ChordsObjective: ChordsWriter,
        Musegan: MuseganWriter,
        BandObjective: TrackByTrackWriter,
        TransformerObjective: PerformanceWriter,
        TransformerGame: PerformanceWriter,
    }
)
