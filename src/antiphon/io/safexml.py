"""Hostile XML kept out: zip bombs, XML bombs, entities, depth and size are refused before anything is built."""

import io
import zipfile
import zlib
from contextlib import suppress
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from antiphon.config import Config
from antiphon.errors import InputError


class XmlLimits(Config):
    """What a MusicXML file may ask for; anything beyond is refused before it is unpacked or built."""

    max_file_bytes: int = 16 << 20
    max_xml_bytes: int = 32 << 20
    max_ratio: int = 200
    max_members: int = 500
    max_elements: int = 1_000_000
    max_depth: int = 64
    max_beats: int = 200_000


def unpack(content: bytes, name: str, limits: XmlLimits) -> bytes:
    """The score inside a compressed MusicXML file (.mxl)."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if len(archive.infolist()) > limits.max_members:
                raise InputError(f"{name}: more than {limits.max_members} files in this archive; this is no lead sheet")
            return _member(archive, _score_member(archive, name, limits), name, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name}: damaged archive ({error}); get the file again") from None


def _score_member(archive: zipfile.ZipFile, name: str, limits: XmlLimits) -> str:
    names = archive.namelist()
    if "META-INF/container.xml" in names:
        content = _member(archive, "META-INF/container.xml", name, limits)
        # Some programs write apostrophes into it as they are; then the names in the archive have to do.
        with suppress(InputError):
            listed = [rootfile.get("full-path", "") for rootfile in parse_xml(content, name, limits).iter()]
            names = [path for path in listed if path in names] or names
    for member in names:
        if member.lower().endswith((".xml", ".musicxml")) and not member.startswith("META-INF"):
            return member
    raise InputError(f"{name}: there is no MusicXML in this archive; export the score again")


def _member(archive: zipfile.ZipFile, member: str, name: str, limits: XmlLimits) -> bytes:
    info = archive.getinfo(member)
    if info.file_size > limits.max_xml_bytes or info.file_size > limits.max_ratio * max(info.compress_size, 512):
        raise InputError(f"{name}: unpacks to {info.file_size:,} bytes, too many for a lead sheet; it is not opened")
    with archive.open(info) as stream:
        # The size in the header may lie: what is read is bounded too.
        content = stream.read(limits.max_xml_bytes + 1)
    if len(content) > limits.max_xml_bytes:
        raise InputError(f"{name}: unpacks to more than {limits.max_xml_bytes:,} bytes; it is not opened")
    return content


class _Bounded(TreeBuilder):
    """Builds the tree of a document as long as it keeps within the limits."""

    def __init__(self, name: str, limits: XmlLimits) -> None:
        super().__init__()
        self._name, self._limits, self._depth, self._count = name, limits, 0, 0

    def start(self, tag: str, attributes: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > self._limits.max_depth or self._count > self._limits.max_elements:
            raise InputError(f"{self._name}: nested too deeply or too many elements; this is no lead sheet")
        return super().start(tag, attributes)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse_xml(content: bytes, name: str, limits: XmlLimits) -> Element:
    """The root element of an XML document within the limits; entities are refused."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    if len(content) > limits.max_xml_bytes:
        raise InputError(f"{name}: {len(content):,} bytes of XML are more than {limits.max_xml_bytes:,}")
    parser = DefusedXMLParser(target=_Bounded(name, limits))
    try:
        parser.feed(content)
        root = parser.close()
    except DefusedXmlException as error:
        raise InputError(f"{name}: refused, it defines entities ({type(error).__name__}); export it again") from None
    except (ParseError, UnicodeError, LookupError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name}: not well-formed XML ({error}); export it as MusicXML again") from None
    assert isinstance(root, Element)
    return root
