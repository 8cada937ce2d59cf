"""From the bytes of a document to characters an XML parser takes. Pure.

Only encodings of the web are believed: Python knows others (``idna``, ``undefined``, ``utf-7``)
with which a document could break or bend its reader.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF32_BE, "utf-32-be"),  # before UTF-16: the little-endian ones start alike
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
_MARKS = (
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<\x00", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),  # <?xm in EBCDIC
)
_WIDE = frozenset({"utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le"})
# https://encoding.spec.whatwg.org/#names-and-labels, in Python's normal names.
_WEB_NAMES = (
    "ascii utf-8 iso8859-1 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 "
    "iso8859-9 iso8859-10 iso8859-11 iso8859-13 iso8859-14 iso8859-15 iso8859-16 cp1250 cp1251 "
    "cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp437 cp850 cp866 cp874 koi8-r koi8-u "
    "mac-roman mac-cyrillic gb2312 gbk gb18030 big5 big5hkscs euc_jp iso2022_jp shift_jis cp932 "
    "euc_kr cp949 tis-620"
)
_WEB = _WIDE | frozenset(_WEB_NAMES.split())
# Browsers read the narrow names as their supersets, and so do feeds mean them.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
# Any bytes fit a one-byte encoding; those that are UTF-8 as well are UTF-8, whatever a server's
# default says.
_SEVERAL_BYTES = frozenset(
    ("utf-8", "gb18030", "big5", "big5hkscs", "euc_jp", "iso2022_jp", "cp932", "cp949")
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([\w.:-]{1,40})["']""", re.I)
_CHARSET = re.compile(r"""charset\s*=[\s"']*([\w.:-]{1,40})""", re.IGNORECASE)
_DECLARATION = re.compile(r"^<\?xml[^>]*\?>")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# The bytes of control characters in UTF-8, and those that surrogates, U+FFFE and U+FFFF begin with.
_SUSPECT = bytes([*range(9), 11, 12, *range(14, 32), 0xED, 0xEF])
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")


def decode(body: bytes, content_type: str | None) -> str:
    """Return the characters of a document.

    Believed in this order, each only where it is of the web and fits the bytes: byte order mark,
    the pattern of the first bytes, charset of ``content_type``, XML declaration (UTF-8 before
    either that names a one-byte encoding); then UTF-8, then windows-1252 with what it leaves
    undefined replaced.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    for encoding in _proposed(body, content_type):
        try:
            return body.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    return body.decode("cp1252", "replace")


def scrub(text: str) -> str:
    """Return an XML document without what makes a strict parser refuse it whole.

    Removed: blanks before it, characters that XML forbids and references to them, and the
    encoding it declares, which no longer holds.
    """
    text = _without_controls(text).lstrip("\ufeff \t\r\n")
    return _DECLARATION.sub("", _REFERENCE.sub(_allowed, text), count=1).lstrip()


def _without_controls(text: str) -> str:
    """Return ``text`` without what is no character of XML; almost all have none of it."""
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded.translate(None, _SUSPECT)) < len(encoded):
        return _NOT_XML.sub("", text)
    return text


def _proposed(body: bytes, content_type: str | None) -> list[str]:
    for mark, name in _MARKS:
        if body.startswith(mark):
            return [name]
    declared = _DECLARED.match(body[:1024])
    served = _CHARSET.search(content_type or "")
    names = [
        served[1] if served else "",
        declared[1].decode("ascii", "replace") if declared else "",
    ]
    # Wide encodings would have shown in the first bytes: a name for one is a mistake.
    believed = [web for name in names if (web := _web_name(name)) and web not in _WIDE]
    if believed and believed[0] not in _SEVERAL_BYTES:
        believed.insert(0, "utf-8")
    return [*believed, "utf-8"]


def _web_name(name: str) -> str | None:
    try:
        normal = codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError):
        return None
    if normal not in _WEB:
        return None
    return _SUPERSETS.get(normal, normal)


def _allowed(reference: re.Match[str]) -> str:
    hexadecimal, decimal = reference.groups()
    digits = (hexadecimal or decimal).lstrip("0")
    if not digits or len(digits) > 7:
        return ""
    code = int(digits, 16 if hexadecimal else 10)
    if code > 0x10FFFF or _NOT_XML.match(chr(code)):
        return ""
    return reference[0]
