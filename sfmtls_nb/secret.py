"""Secret: text and bytes that show themselves masked."""

from __future__ import annotations

import re
from typing import NoReturn

_MASK = "••••"
# A session id is the organization's 15-character id, "!", and the part that is secret.
_ORGANIZATION = re.compile(r"00D[0-9A-Za-z]{12}!")
# The same anywhere in a text; in the query of a URL the "!" is %21.
_SESSION_ID = re.compile(r"(00D[0-9A-Za-z]{12}(?:!|%21))[\w.%~+/=!-]+")


class Secret:
    """A password, passphrase or session id: masked wherever it is shown, and read only by `reveal`.

    It is not a ``str``: joining, encoding or formatting it by accident cannot spill it.
    Pickling is refused, because a pickle is a file with the text in it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | bytes | bytearray | memoryview | Secret) -> None:
        if isinstance(text, bytes | bytearray | memoryview):
            text = bytes(text).decode(errors="surrogateescape")
        if not isinstance(text, str | Secret):
            raise TypeError(f"a secret is text or bytes, and not {type(text).__name__}")
        self._text: str = text.reveal() if isinstance(text, Secret) else text

    def reveal(self) -> str:
        """The text itself. Every call to this is a place to look at in a review."""
        return self._text

    def __str__(self) -> str:
        return mask(self._text)

    def __repr__(self) -> str:
        return f"Secret({mask(self._text)!r})"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # noqa: PLC0415  # it loads OpenSSL, which a command's --help has no need of

        mine, theirs = (secret.reveal().encode(errors="surrogatepass") for secret in (self, other))
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash(self._text)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled: the pickle would hold its text")


class SecretBytes(bytes):
    """Bytes that show only how many they are, because secrets may be among them. A slice of them shows itself as it is."""

    def __repr__(self) -> str:
        return f"<{len(self):,} bytes>"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("these bytes are not pickled: secrets may be among them")


def mask(text: str) -> str:
    """Text to show in place of a secret: of a session id the organization it belongs to, of anything else nothing.

    >>> mask("00D36000000bLGT!AQQAQMlp30Zpiy6")
    '00D36000000bLGT!••••'
    >>> mask("p455w0rd")
    '••••'
    """
    organization = _ORGANIZATION.match(text)
    return (organization[0] if organization else "") + _MASK


def mask_session_ids(text: str) -> str:
    """A text from outside, such as a fault's, with every session id in it masked.

    >>> mask_session_ids("missing session key: 00D36000000bLGT!AQQAQMlp30Zpiy6")
    'missing session key: 00D36000000bLGT!••••'
    """
    return _SESSION_ID.sub(rf"\1{_MASK}", text)


def has_session_id(text: str) -> bool:
    """True if there is a session id in a text.

    >>> has_session_id("sid = 00D36000000bLGT!AQQAQMlp30Zpiy6"), has_session_id("00D36000000bLGT!••••")
    (True, False)
    """
    return bool(_SESSION_ID.search(text))
