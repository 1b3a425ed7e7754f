"""Corpora that antiphon knows: those that ship inside it, and those that a user fetches first."""

from typing import Literal

from antiphon.config import Config


class KnownCorpus(Config):
    """A published corpus.

    Parameters
    ----------
    title, summary
        For people.
    address
        The file itself where it has a stable address, else the repository or the page that leads to it.
    address_of
        Which of those it is.
    checksum
        Algorithm and value: "sha256:..." of the file at `address`, "git:..." (SHA-1) of a repository's commit, whose
        content git checks itself; empty where nobody publishes one.
    stated_by
        Where the checksum comes from.
    licence
        As the publishers state it.
    attribution
        The line that goes with everything made from it.
    layout
        The reader of `antiphon.data.layouts` or `collections` that takes it; "bare" is any folder of MIDI files or lead
        sheets.
    unreadable
        Why `prepare` does not read it; empty where it does.
    """

    title: str
    summary: str
    address: str
    address_of: Literal["file", "repository", "page"] = "repository"
    checksum: str = ""
    stated_by: str = ""
    licence: str
    attribution: str
    layout: str = "bare"
    unreadable: str = ""

    @property
    def checksum_words(self) -> str:
        """Algorithm, value and who states it, or "none published"."""
        if not self.checksum:
            return "none published"
        algorithm, _, value = self.checksum.partition(":")
        return f"{_ALGORITHMS[algorithm]} {value} ({self.stated_by})"


_ALGORITHMS = {"sha256": "SHA-256", "git": "git commit"}
_MUSPY = "the MusPy library, https://github.com/salu133445/muspy; the publisher gives none"

KNOWN: dict[str, KnownCorpus] = {
    "lieder": KnownCorpus(
        title="OpenScore Lieder Corpus",
        summary="songs of the 19th century, voice and piano, as written",
        address="https://github.com/OpenScore/Lieder",
        licence="CC0-1.0",
        attribution="OpenScore Lieder Corpus, https://musescore.com/openscore-lieder-corpus; "
        "M. Gotham and P. Jonas, The OpenScore Lieder Corpus, Music Encoding Conference 2021.",
        layout="openscore",
    ),
    "quartets": KnownCorpus(
        title="OpenScore String Quartets",
        summary="string quartets in four parts, as written",
        address="https://github.com/OpenScore/StringQuartets",
        licence="CC0-1.0",
        attribution="OpenScore String Quartets, https://github.com/OpenScore/StringQuartets; "
        "M. Gotham et al., The OpenScore String Quartet Corpus, DLfM 2023.",
        layout="openscore",
    ),
    "freedoom": KnownCorpus(
        title="Freedoom music",
        summary="multi-track pieces for a game: drums, bass, guitars, keyboards",
        address="https://github.com/freedoom/freedoom",
        licence="BSD-3-Clause",
        attribution="Music of the Freedoom project, copyright 2001-2024 contributors to the Freedoom project, "
        "https://freedoom.github.io.",
        layout="freedoom",
    ),
    "leadsheets": KnownCorpus(
        title="OpenEWLD",
        summary="lead sheets in the public domain: melodies with chord symbols",
        address="https://github.com/00sapo/OpenEWLD",
        licence="public domain (authors long dead; the collection under MIT)",
        attribution="OpenEWLD, copyright 2018 Federico Simonetta, https://github.com/00sapo/OpenEWLD; F. Simonetta, "
        "F. Carnovalini, N. Orio and A. Roda, Symbolic Music Similarity through a Graph-based Representation, "
        "Audio Mostly 2018.",
        layout="openewld",
    ),
    "giantmidi": KnownCorpus(
        title="GiantMIDI-Piano",
        summary="piano recordings transcribed by a network, with velocity and pedal, without beats",
        address="https://github.com/bytedance/GiantMIDI-Piano",
        licence="CC-BY-4.0",
        attribution="GiantMIDI-Piano, https://github.com/bytedance/GiantMIDI-Piano, CC BY 4.0; Q. Kong, B. Li, J. Chen "
        "and Y. Wang, GiantMIDI-Piano: A large-scale MIDI dataset for classical piano music, arXiv:2010.07061.",
        layout="giantmidi",
    ),
    "groove": KnownCorpus(
        title="Groove MIDI Dataset",
        summary="drummers at a click, with velocity and timing as played",
        address="https://storage.googleapis.com/magentadata/datasets/groove/groove-v1.0.0-midionly.zip",
        address_of="file",
        checksum="sha256:651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e",
        stated_by="the publisher",
        licence="CC-BY-4.0",
        attribution="Groove MIDI Dataset, made available by Google LLC under CC BY 4.0, "
        "https://magenta.withgoogle.com/datasets/groove; J. Gillick, A. Roberts, J. Engel, D. Eck and D. Bamman, "
        "Learning to Groove with Inverse Sequence Transformations, ICML 2019.",
        layout="groove",
    ),
    "maestro": KnownCorpus(
        title="MAESTRO v3.0.0",
        summary="1,276 competition performances on the piano, with velocity and pedal, without beats",
        address="https://storage.googleapis.com/magentadata/datasets/maestro/v3.0.0/maestro-v3.0.0-midi.zip",
        address_of="file",
        checksum="sha256:70470ee253295c8d2c71e6d9d4a815189e35c89624b76d22fce5a019d5dde12c",
        stated_by="the publisher",
        licence="CC-BY-NC-SA-4.0",
        attribution="MAESTRO v3.0.0, made available by Google LLC under CC BY-NC-SA 4.0, "
        "https://magenta.withgoogle.com/datasets/maestro; C. Hawthorne et al., Enabling Factorized Piano Music "
        "Modeling and Generation with the MAESTRO Dataset, ICLR 2019.",
        layout="maestro",
    ),
    "lakh": KnownCorpus(
        title="Lakh MIDI Dataset v0.1, full",
        summary="over 170,000 files of all kinds, deduplicated, some of them damaged",
        address="http://hog.ee.columbia.edu/craffel/lmd/lmd_full.tar.gz",
        address_of="file",
        checksum="sha256:6fcfe2ac49ca08f3f214cec86ab138d4fc4dabcd7f27f491a838dae6db45a12b",
        stated_by=_MUSPY,
        licence="CC-BY-4.0 (the collection; most songs in it are under copyright)",
        attribution="The Lakh MIDI Dataset v0.1, C. Raffel, https://colinraffel.com/projects/lmd, CC BY 4.0; "
        "Learning-Based Methods for Comparing Sequences, with Applications to Audio-to-MIDI Alignment, 2016.",
        layout="lakh",
    ),
    "lakh-matched": KnownCorpus(
        title="Lakh MIDI Dataset v0.1, matched",
        summary="files of the Lakh dataset that were matched to the Million Song Dataset",
        address="http://hog.ee.columbia.edu/craffel/lmd/lmd_matched.tar.gz",
        address_of="file",
        checksum="sha256:621ff830aed771f469e5bfa13dc12a33c6ed69090adeda63d0b5c47783af0191",
        stated_by=_MUSPY,
        licence="CC-BY-4.0 (the collection; most songs in it are under copyright)",
        attribution="The Lakh MIDI Dataset v0.1, C. Raffel, https://colinraffel.com/projects/lmd, CC BY 4.0.",
        layout="lakh",
    ),
    "lpd": KnownCorpus(
        title="Lakh Pianoroll Dataset",
        summary="piano rolls made from the Lakh dataset",
        address="https://salu133445.github.io/lakh-pianoroll-dataset/dataset",
        address_of="page",
        licence="CC-BY-4.0 (the collection; most songs in it are under copyright)",
        attribution="Lakh Pianoroll Dataset, H.-W. Dong, W.-Y. Hsiao, L.-C. Yang and Y.-H. Yang, "
        "https://salu133445.github.io/lakh-pianoroll-dataset; made from the Lakh MIDI Dataset, C. Raffel.",
        layout="lakh",
    ),
    "nottingham": KnownCorpus(
        title="Nottingham Music Database, cleaned by Jukedeck",
        summary="1,034 folk tunes, melody and chords",
        address="https://github.com/jukedeck/nottingham-dataset",
        checksum="git:0992bb6cd864f6d4b90d6663e08c0ef53ffaa08f",
        stated_by="the publisher's repository",
        licence="GPL-3.0",
        attribution="Nottingham Music Database, http://abc.sourceforge.net/NMD, cleaned by Jukedeck, "
        "https://github.com/jukedeck/nottingham-dataset.",
        layout="nottingham",
    ),
    "pop909": KnownCorpus(
        title="POP909",
        summary="909 pop songs arranged for the piano: melody, bridge, accompaniment",
        address="https://github.com/music-x-lab/POP909-Dataset",
        checksum="git:d83e6edba6872a704f5d3b8b32f5cb540088dae6",
        stated_by="the publisher's repository, August 2020",
        licence="MIT (the collection; the songs in it are under copyright)",
        attribution="POP909, https://github.com/music-x-lab/POP909-Dataset; Z. Wang et al., POP909: A Pop-song "
        "Dataset for Music Arrangement Generation, ISMIR 2020.",
        layout="pop909",
    ),
    "jsb": KnownCorpus(
        title="JSB Chorales",
        summary="382 chorales by Bach in four voices on a grid of sixteenths",
        address="https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/"
        "9a7f733ddb4ed91f48da64ac7f0f621c34aadd4d/jsb-chorales-16th.json",
        address_of="file",
        checksum="sha256:8730aca7b64e7d29493733d1cf19fad4a5b351d8f1845e57dac27728104fd39f",
        stated_by="measured; the address names the commit, which git checks",
        licence="none stated",
        attribution="JSB Chorales, https://github.com/czhuang/JSB-Chorales-dataset, after N. Boulanger-Lewandowski, "
        "Y. Bengio and P. Vincent, ICML 2012.",
        unreadable="JSON, not MIDI",
    ),
    "piano-midi": KnownCorpus(
        title="Classical Piano Midi Page",
        summary="classical piano music entered note by note, with tempo maps that follow the beat",
        address="http://www.piano-midi.de",
        address_of="page",
        licence="CC-BY-SA-3.0-DE",
        attribution="Bernd Krueger, http://www.piano-midi.de, CC BY-SA 3.0 Germany.",
        layout="piano-midi",
    ),
    "mutopia": KnownCorpus(
        title="Mutopia",
        summary="scores typeset by volunteers; each states its own licence",
        address="https://www.mutopiaproject.org",
        address_of="page",
        licence="each piece its own: public domain, CC BY or CC BY-SA",
        attribution="The Mutopia Project, https://www.mutopiaproject.org.",
        layout="mutopia",
    ),
}
"""By name; see `docs/corpora.md` for what may be done with each."""


def known_file(file: str) -> str | None:
    """The name of the corpus whose published file is called so and can be checked."""
    rows = (name for name, row in KNOWN.items() if row.checksum and row.address_of == "file" and _file(row) == file)
    return next(rows, None)


def _file(row: KnownCorpus) -> str:
    return row.address.rpartition("/")[2]
