"""From raw files to a corpus: list, read, judge, drop copies, split by song, store."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from antiphon.data import container, sources
from antiphon.data.archive import ARCHIVES, is_archive, unpack
from antiphon.data.corpus import PUBLISHED_SUFFIXES, VIEWS, Corpus
from antiphon.data.lakh import Metadata, select
from antiphon.data.layouts import survey
from antiphon.data.listing import Item, Listing, readable
from antiphon.data.manifest import MANIFEST, Flags, Manifest, Rejection, Rules, Song, Source
from antiphon.data.pool import map_chunks, num_workers
from antiphon.data.progress import progress
from antiphon.data.reading import Outcome, checksum, file_checksum, read_songs
from antiphon.data.split import assign, groups
from antiphon.data.tables import DTYPES
from antiphon.data.views import RECORD
from antiphon.data.writer import OFFSETS, STRINGS, CorpusWriter, table_file
from antiphon.errors import InputError
from antiphon.files import whole_folder

CHOICES = "splits.json"
"""Beside the views of a corpus: the pick of splits by the version of its rows."""
PEDAL_REMARK = "Of the controls only the sustain pedal's changes between up and down are kept; texts are not."


def prepare(
    source: Path | str,
    out: Path | str,
    rules: Rules | None = None,
    *,
    name: str | None = None,
    licence: str | None = None,
    attribution: str | None = None,
    remarks: Sequence[str] = (),
    metadata: Metadata | None = None,
    workers: int | None = None,
    say: Callable[[str], object] | None = None,
) -> Manifest:
    """Make a corpus of a folder or an archive of music, or lay out an embedded corpus as a folder.

    The folder `out` appears whole or not at all. Where it already holds what this call would make, nothing is touched.

    Parameters
    ----------
    source
        A folder (searched recursively), an archive, or the name of an embedded corpus, which goes before a folder of
        that name: that one is `./lieder` or a `Path`.
    out
        The corpus folder.
    rules
        What is rejected and how songs are split.
    name, licence, attribution
        For the manifest; by default the source's own where its layout is known.
    remarks
        Sentences for the manifest about what was done to the files before.
    metadata
        Match scores and genres, for the rules that choose by them; match scores are also found in or beside the source.
    workers
        Processes; None: one a core where there is enough to do, 1: no pool.
    say
        Takes a sentence about what was done.

    Raises
    ------
    InputError
        If the source is missing, holds no music or no usable song, must be fetched first, or `out` cannot be written or
        holds something else than a corpus.
    """
    rules, out, say = rules or Rules(), Path(out), say or (lambda _: None)
    _refuse_foreign(out)
    if container.named(source):
        return _lay_out(str(source), out, say)
    if not Path(source).exists():
        raise _absent(str(source))
    with _folder(Path(source)) as (folder, published):
        listing = survey(folder)
        listing = replace(listing, known=listing.known or published)
        metadata = metadata or Metadata()
        listing = select(listing, rules, metadata.found_beside(Path(source)) if rules.selection else metadata)
        fields = _about(Path(source), listing, name, licence, attribution)
        fields |= {"rules": rules, "remarks": (*remarks, PEDAL_REMARK)}
        if (standing := _standing(out)) and _is_same(standing, fields, listing):
            say(f"{out}: unchanged, {_summary(standing)}")
            return standing
        manifest = _build(listing, out, fields, workers)
    say(f"{out}: {_summary(manifest)}")
    return manifest


def _build(listing: Listing, out: Path, fields: dict[str, Any], workers: int | None) -> Manifest:
    rules = fields["rules"]
    with whole_folder(out) as beside, CorpusWriter(beside) as writer:
        processes = num_workers(len(listing.items), workers)
        outcomes = map_chunks(partial(read_songs, rules=rules), listing.items, processes, _crashed)
        intake = Intake(writer, listing)
        for item, outcome in zip(listing.items, progress(outcomes, len(listing.items), "prepare"), strict=True):
            intake.take(item, outcome)
        if not intake.kept:
            raise InputError(f"{fields['name']}: none of {len(listing.items)} files can be used; {intake.why()}")
        source = _source(fields.pop("source"), listing, intake.digests)
        return writer.finish(intake.songs(rules), sources=(source,), rejected=intake.rejections(), **fields)


class Intake:
    """Songs as they come in, in the order of the listing: copies are dropped, the rest is written.

    Parameters
    ----------
    writer
        Takes the songs.
    listing
        What they come from.
    """

    def __init__(self, writer: CorpusWriter, listing: Listing) -> None:
        self.writer, self.rejected = writer, list(listing.aside)
        self.kept: list[tuple[Item, int, Flags]] = []
        self.seen: dict[bytes, Item] = {}
        self.digests: list[tuple[str, str]] = []

    def take(self, item: Item, outcome: Outcome) -> None:
        """Write a song, or note why not."""
        self.digests.append((item.file, outcome.sha256))
        fault = outcome.fault
        if fault is None and (first := self.seen.setdefault(outcome.key, item)) is not item:
            fault = "duplicate", f"has the same notes as {first.file}"
        if fault:
            self.rejected.append(Rejection(file=item.file, kind=fault[0], reason=fault[1]))
            return
        assert outcome.packed is not None and outcome.flags is not None
        self.writer.add(outcome.packed)
        self.kept.append((item, outcome.packed.ticks_per_beat, outcome.flags))

    def songs(self, rules: Rules) -> tuple[Song, ...]:
        """The manifest's songs, with groups and splits."""
        names = groups([item.keys for item, _, _ in self.kept])
        splits = assign(names, rules)
        return tuple(
            Song(
                id=item.id,
                title=item.title,
                split=item.split or split,
                group=group,
                ticks_per_beat=ticks_per_beat,
                flags=flags,
            )
            for (item, ticks_per_beat, flags), group, split in zip(self.kept, names, splits, strict=True)
        )

    def rejections(self) -> tuple[Rejection, ...]:
        """Every file set aside, by name."""
        return tuple(sorted(self.rejected, key=lambda rejection: rejection.file))

    def why(self) -> str:
        """The first rejection in words."""
        first = self.rejections()[0]
        return f"{first.file}, for one, {first.reason}"


def _crashed(item: Item) -> Outcome:
    return Outcome(file_checksum(item.path), ("crash", "the process that read it died"))


def _refuse_foreign(out: Path) -> None:
    """Refuse to replace anything but an empty folder, or a corpus with nothing else in it."""
    if os.path.lexists(out) and not _is_ours(out):
        raise InputError(
            f"{out}: exists and is not a corpus, or holds other files too; choose another place, so that nothing of "
            "yours is lost"
        )


def _is_ours(out: Path) -> bool:
    """Whether a folder is empty, or has a corpus's manifest and files of a corpus only; tables may be damaged."""
    files = {MANIFEST, *map(table_file, (*DTYPES, OFFSETS, STRINGS))}
    try:
        inside = _entries(out)
        if not inside:
            return True
        # Other programs have a manifest.json, and views, too. Another schema version is no reason to refuse.
        Manifest.model_validate_json((out / MANIFEST).read_bytes())
        return all(_are_views(path) if path.name == VIEWS else path.name in files and path.is_file() for path in inside)
    except (OSError, ValueError):
        return False


def _are_views(folder: Path) -> bool:
    return all(path.is_file() if path.name == CHOICES else _is_view(path) for path in _entries(folder))


def _is_view(folder: Path) -> bool:
    inside = _entries(folder)
    rows = all(path.is_file() and (path.name == RECORD or path.suffix == ".npy") for path in inside)
    return rows and any(path.name == RECORD for path in inside)


def _entries(folder: Path) -> list[Path]:
    """What a folder holds but for what a file manager leaves in every folder it shows."""
    return [path for path in folder.iterdir() if path.name != ".DS_Store"]


def _absent(name: str) -> InputError:
    known = sources.KNOWN.get(name)
    if known is None:
        names = ", ".join(sorted({*container.names(), *sources.KNOWN}))
        return InputError(f"{name}: there is no such folder or archive; known corpora are {names}")
    if known.unreadable:
        return InputError(f"{name}: prepare does not read it ({known.unreadable}); choose another corpus")
    where = {"file": "download", "repository": "clone", "page": "download the music from the page"}[known.address_of]
    return InputError(
        f"{name}: must be fetched first: {where} {known.address} (licence: {known.licence}; checksum: "
        f"{known.checksum_words}), then run antiphon prepare FILE-OR-FOLDER OUT on what you fetched"
    )


@contextmanager
def _folder(source: Path) -> Iterator[tuple[Path, str]]:
    """The source's folder, or a temporary one with what is in the archive; the corpus whose published file it is."""
    if source.is_dir():
        yield source, ""
        return
    if source.name.lower().endswith(PUBLISHED_SUFFIXES):
        raise InputError(f"{source}: holds bars, not songs, and needs no preparing: antiphon train midinet-v2 {source}")
    if not is_archive(source):
        raise InputError(f"{source}: neither a folder nor an archive (.zip, .tar.gz, .tar.xz); name one of those")
    published = _check_published(source)
    folder = Path(tempfile.mkdtemp(prefix="antiphon-"))
    try:
        _unpack(source, folder)
        yield folder, published
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_published(source: Path) -> str:
    """The corpus whose published file this is, empty if it bears no known name; a known name with another content is
    refused."""
    name = sources.known_file(source.name)
    if name is None:
        return ""
    known = sources.KNOWN[name]
    algorithm, _, value = known.checksum.partition(":")
    if (found := file_checksum(source, algorithm)) != value:
        raise InputError(
            f"{source}: its {algorithm} checksum is {found}, not {known.checksum_words}; fetch {known.address} again, "
            "or rename the file if you changed it"
        )
    return name


def _unpack(source: Path, folder: Path) -> None:
    try:
        unpack(source, folder)
    except OSError as error:
        raise InputError(f"{source}: cannot be unpacked to {folder} ({error.strerror}); set TMPDIR elsewhere") from None


def _about(source: Path, listing: Listing, name: str | None, licence: str | None, words: str | None) -> dict[str, Any]:
    known = sources.KNOWN.get(listing.known)
    return {
        "name": name or readable(_plain_name(source.resolve())),
        "licence": licence or (known.licence if known else "unknown"),
        "attribution": words or (known.attribution if known else ""),
        "source": known.address if known else "",
    }


def _plain_name(source: Path) -> str:
    suffix = next((suffix for suffix in ARCHIVES if source.name.lower().endswith(suffix)), "")
    return source.name if source.is_dir() else source.name[: len(source.name) - len(suffix)]


def _source(address: str, listing: Listing, digests: list[tuple[str, str]]) -> Source:
    tables = [(path.name, file_checksum(path)) for path in listing.tables]
    return Source(
        layout=listing.layout, address=address, sha256=checksum(digests + tables), num_files=len(listing.items)
    )


def _standing(out: Path) -> Manifest | None:
    """The manifest of the corpus that already lies at `out`, if it is whole."""
    if not (out / MANIFEST).is_file():
        return None
    try:
        return Corpus.open(out).manifest
    except InputError:
        return None


def _is_same(standing: Manifest, fields: dict[str, Any], listing: Listing) -> bool:
    for name in ("name", "licence", "attribution", "rules", "remarks"):
        if getattr(standing, name) != fields[name]:
            return False
    digests = [(item.file, file_checksum(item.path)) for item in listing.items]
    return standing.sources == (_source(fields["source"], listing, digests),)


def _lay_out(name: str, out: Path, say: Callable[[str], object]) -> Manifest:
    """Write an embedded corpus as a folder."""
    corpus = Corpus.open(name)
    if (standing := _standing(out)) and standing.fingerprint == corpus.fingerprint:
        say(f"{out}: unchanged, {_summary(standing)}")
        return standing
    with whole_folder(out) as beside, CorpusWriter(beside) as writer:
        for song in range(corpus.num_songs):
            writer.add(corpus.packed(song))
        old = corpus.manifest
        keys = ("name", "licence", "attribution", "sources", "rules", "remarks", "rejected")
        manifest = writer.finish(old.songs, **{key: getattr(old, key) for key in keys})
    say(f"{out}: {_summary(manifest)}")
    return manifest


def _summary(manifest: Manifest) -> str:
    counts = manifest.counts
    aside = f"{counts['rejected']} files set aside"
    if counts["rejected"]:
        aside += f" (manifest.json says why: {manifest.rejected[0].file}: {manifest.rejected[0].kind}, ...)"
    return f"{counts['songs']} songs, {counts['notes']} notes, {aside}"
