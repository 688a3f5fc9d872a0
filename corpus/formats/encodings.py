"""Decodes text files of any common encoding, for the loaders of text formats.

A byte-order mark decides. Without one the bytes are UTF-8 if they are valid as such, UTF-16 if
its zeros are in every other byte, else the legacy encoding that chardet finds, or Windows-1252 if
its letters stand inside words. A few bytes of Windows-1252 may stand in UTF-8, as in a text that
was put together from several. Line breaks become "\\n".
"""

import codecs
import re

import chardet

from corpus.formats.extracted import NotExtracted

# A text format is read whole, and its canonical text is about as long. Bytes.
MAX_TEXT_BYTES = 32 * 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Legacy encodings that files of today may have. chardet also knows those of DOS and of mainframes,
# which it takes a few letters of Windows-1252 for.
_LEGACY = re.compile(
    r"windows-125\d|iso-?8859-\d{1,2}|koi8-[rut]|cp874|tis-620|cp932|shift_?jis|euc-\w+|cp949"
    r"|gb\w+|big5\w*|iso-2022-\w+",
    re.IGNORECASE,
)
_SAMPLE = 65_536  # bytes that are looked at
# A letter of Windows-1252 beside a letter of ASCII, a quotation mark, a dash or a currency.
_WESTERN = re.compile(
    rb"(?:(?<=[A-Za-z ])[\xc0-\xd6\xd8-\xf6\xf8-\xff]|[\xc0-\xd6\xd8-\xf6\xf8-\xff](?=[a-z])"
    rb"|[\x80\x85\x91-\x97\x99\xa0\xa3\xa7\xa9\xab\xae\xb0\xb7\xbb\xdf])"
)
_HIGH = re.compile(rb"[\x80-\xff]")
_FEW = 3  # bytes above 127 that chardet cannot judge
_MIN_WESTERN = 0.9  # share of the bytes above 127
_MAX_HIGH = 0.25  # a text in Latin letters has fewer bytes above 127
_STRAY = re.compile("[\udc80-\udcff]")
_MAX_MIXED = 0.25  # stray bytes for each character above 127 of a text in UTF-8
_MAX_STRAY = 0.05  # share of zeros in the wrong half, and of characters that cannot be shown


def decode_text(raw: bytes) -> str:
    """Returns the text. Raises NotExtracted if the bytes are no text, too many, or contain none."""
    if len(raw) > MAX_TEXT_BYTES:
        raise NotExtracted(f"is larger than {MAX_TEXT_BYTES // 2**20} MB")
    text = _decode(raw).replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    if "\x00" in text:
        raise NotExtracted("is not text (contains NUL characters)")
    if not text.strip():
        raise NotExtracted("contains no text")
    return text


def _decode(raw: bytes) -> str:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, errors="replace")
    if b"\x00" in raw:
        return _utf16(raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.end == len(raw):
            return raw[: error.start].decode("utf-8")  # the file was cut off
    escaped = raw.decode("utf-8", errors="surrogateescape")
    strays = len(_STRAY.findall(escaped))
    if strays <= _MAX_MIXED * (sum(char > "\x7f" for char in escaped) - strays):
        return decode_mixed(raw)
    return raw.decode(_legacy(raw), errors="replace")


def decode_mixed(raw: bytes) -> str:
    """Returns the text of UTF-8 with bytes of Windows-1252 in it."""
    return _STRAY.sub(_western, raw.decode("utf-8", errors="surrogateescape"))


def _western(stray: re.Match[str]) -> str:
    return bytes([ord(stray[0]) & 0xFF]).decode("cp1252", errors="replace")


def _utf16(raw: bytes) -> str:
    """The text of UTF-16 without a byte-order mark: Latin letters, digits and line breaks have a
    zero in the same half of their two bytes."""
    sample = raw[:_SAMPLE]
    big, little = sample[::2].count(0), sample[1::2].count(0)
    text = raw.decode("utf-16-le" if little > big else "utf-16-be", errors="replace")
    strange = sum(not char.isprintable() and char not in "\t\r\n" for char in text[:_SAMPLE])
    if min(big, little) > _MAX_STRAY * max(big, little) or strange > _MAX_STRAY * len(text):
        raise NotExtracted("is not text (contains NUL characters)")
    return text


def _legacy(raw: bytes) -> str:
    """The name of the encoding of bytes that are not UTF-8."""
    sample = raw[:_SAMPLE]
    found = chardet.detect(sample)["encoding"] or ""
    high = len(_HIGH.findall(sample))
    is_western = (
        high <= _MAX_HIGH * len(sample) and len(_WESTERN.findall(sample)) >= _MIN_WESTERN * high
    )
    if _LEGACY.fullmatch(found) and not (is_western and high <= _FEW):
        return found
    if is_western:
        return "cp1252"
    raise NotExtracted("has an encoding that is not recognised; save it as UTF-8")
