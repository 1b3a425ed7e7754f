"""Corpora that antiphon knows: those that ship inside it, and those that a user fetches first."""

from antiphon.config import Config


class KnownCorpus(Config):
    """A published corpus.

    Parameters
    ----------
    title, summary
        For people.
    address
        Where it is published; the file itself where that has a stable address.
    sha256
        Of the file at `address`; empty where it is not known.
    licence, attribution
        As its publishers state them.
    layout
        The reader that takes it, see `antiphon.data.layouts`.
    """

    title: str
    summary: str
    address: str
    sha256: str = ""
    licence: str
    attribution: str
    layout: str


KNOWN: dict[str, KnownCorpus] = {}
