"""Decodes the bytes of text files: UTF-8, or UTF-16 with a byte-order mark.

Line breaks and byte-order marks of UTF-8 are kept: offsets count in the decoded text.
"""

import codecs

from corpus.errors import DocumentUnreadable


def decode(name: str, raw: bytes) -> str:
    """Decodes a file's bytes: UTF-8, or UTF-16 with a byte-order mark. Keeps line breaks.

    Raises DocumentUnreadable if the bytes are not text, or contain none.
    """
    return TextDecoder(name).decode(raw, final=True)


class TextDecoder:
    """Decodes the bytes of a file piece by piece, as decode() does at once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._head = b""  # less than a byte-order mark
        self._encoding = ""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._decoded = 0  # bytes
        self._is_blank = True

    def decode(self, raw: bytes, *, final: bool = False) -> str:
        """Returns the text of the next bytes, as far as its characters are complete.

        Raises DocumentUnreadable if the bytes are not text, or with `final`, if there was no text.
        """
        if self._decoder is None:
            self._head += raw
            if len(self._head) < 2 and not final:
                return ""
            raw, self._head = self._head, b""
            is_utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            self._encoding = "utf-16" if is_utf16 else "utf-8"
            self._decoder = codecs.getincrementaldecoder(self._encoding)()
        pending = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(raw, final)
        except UnicodeDecodeError as error:
            position = self._decoded - pending + error.start
            raise DocumentUnreadable(
                self._name,
                f"not {self._encoding.upper()} text (byte {position} is "
                f"0x{error.object[error.start]:02x})",
            ) from error
        self._decoded += len(raw)
        if "\x00" in text:
            raise DocumentUnreadable(self._name, "not text (contains NUL characters)")
        self._is_blank = self._is_blank and not text.strip("\ufeff \t\r\n")
        if final and self._is_blank:
            raise DocumentUnreadable(self._name, "contains no text")
        return text
