"""Secret patterns: what a line of text gives away, such as ``password = "…"``, a session id or a token, as a table of rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from sfmtls_nb.secret import mask


class Found(NamedTuple):
    """A secret in a text, from ``start`` to before ``end``."""

    start: int
    end: int
    kind: str
    shown: str


_KEY: Final = r"(?P<key>password|passwd|passphrase|(?:client|consumer)[ _-]?secret|security[ _-]?token|(?:access|refresh)[ _-]?token)"
SCHEME: Final = re.compile(r"(?i)\s*(?:bearer|oauth|basic|token)\s+(?=\S{8})")
NAMED: Final = re.compile(rf"(?i){_KEY}\d?$")
_QUOTE: Final = r"(?P<quote>\\*(?:\"{3}|'{3}|[\"']))"
_QUOTED: Final = rf"{_QUOTE}(?P<secret>(?:(?!(?P=quote))(?:\\.|[^\\\n])){{4,2000}}+)(?P=quote)"
_OPAQUE: Final = r"(?P<secret>[\w.~+/=!%:-]{8,4000}+)"
_FIELD: Final = r"(?P<secret>[^&\s\"'<>()\[\]{}=|;,\\]{4,2000}+)"
_WORD: Final = r"(?P<secret>[^\s\"'`<>${}\[-][^\s\"'`<>]{3,2000}+)"
_STRING: Final = r"(?:[rbf]{0,2}(?:\"[^\"\n]{0,400}\"|'[^'\n]{0,400}')|[\w.\[\]\"']{1,200}(?:\([^()]{0,200}\))?)"

# Of these, placeholders are made.
_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "a access and api auth bearer challenge change changeme client code consumer dummy enter error example fake false fault field for "
        "from goes here hidden id in insert is jwt key login my new no none null oauth of old or org pass "
        "passphrase passwd password paste placeholder put pw real refresh replace required sample secret "
        "security session sf sfdc sid some str string text that the this to token true type user username "
        "value what widget with xxx you your",
    )
)
_PLACEHOLDER: Final = re.compile(
    r"\W*"  # …, ****, ••••
    r"|[xX.*_•-]{3,}"
    r"|\[removed:.*"
    r"|.*(?:…|•{2}).*"  # masked or cut
    r"|(?:\$?\{+[^{}]*\}+\s*)+|<[^<>]*>|\[[^\[\]]*\]|\$[A-Z_][A-Z0-9_]*|%[A-Z_]+%|%\(\w+\)s"
    r"|(?i:insert|replace|change|enter|your|put)[ _-].*"
    r"|[\"'\s]*[+,%)].*[+,(][\"'\s]*"  # the code between two strings
    r"|[A-Z][a-z]+[,:]?(?: [A-Za-z'’]+[,.:!?]*){2,}",  # a sentence
    re.DOTALL,
)


def _is_placeholder(value: str) -> bool:
    """Whether a value only stands where a secret will: ``${TOKEN}``, ``INSERT_PASSWORD_HERE``, ``****``, ``your_token``."""
    if len(value) < 4 or value != value.strip() or _PLACEHOLDER.fullmatch(value):
        return True
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", value)
    return len("".join(words)) == len(re.sub(r"[\s_.,:?!-]", "", value)) and {word.lower() for word in words} <= _WORDS


def kind_of(key: str) -> str:
    """The kind of secret that ``client_secret``, ``passphrase`` … name."""
    key = key.lower()
    if key.startswith("pass"):
        return "password"
    return "consumer secret" if key.endswith("secret") else f"{key.partition('to')[0].strip(' _-')} token"


def is_literal(value: str) -> bool:
    """Whether a value is itself what it says, and no placeholder."""
    return not _is_placeholder(value)


def _is_literal_with_digit(value: str) -> bool:
    return is_literal(value) and any(character.isdigit() for character in value)


def _always(_: str) -> bool:
    return True


class _Rule(NamedTuple):
    """A pattern with the groups ``secret`` and, if ``kind`` is empty, ``key``; one of ``words`` is in what it matches."""

    kind: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    accepts: Callable[[str], bool] = _always


_KEY_WORDS: Final = (
    *("password", "passwd", "passphrase"),
    *(last + between + "secret" for last in "tr" for between in ("", " ", "_", "-")),
    *(last + between + "token" for last in "ysh" for between in ("", " ", "_", "-")),
)
# Each pattern is anchored at a word, and what follows is possessive or bounded: no text takes more than linear time.
_RULES: Final = (
    _Rule(
        "session id",
        ("00d",),
        re.compile(r"(?P<secret>00D[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?(?:!|%21)[\w.%~+/=!-]++)"),
    ),
    _Rule("refresh token", ("5aep861",), re.compile(r"(?P<secret>5Aep861[\w.%=!-]{8,}+)")),
    _Rule(
        "JSON Web Token",
        (".eyj",),
        re.compile(r"(?<![\w-])(?P<secret>eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]*+)"),
    ),
    _Rule(
        "access token",
        ("authorization",),
        re.compile(
            rf"(?i)authorization[\"'\]]{{0,3}}\s{{0,20}}[:=,]\s{{0,20}}[bfru]{{0,2}}[\"']?(?:bearer|oauth|basic|token)\s{{1,20}}{_OPAQUE}"
        ),
        is_literal,
    ),
    _Rule(
        "",
        _KEY_WORDS,
        re.compile(
            rf"(?i){_KEY}\d?\\*[\"'\]]{{0,3}}\s{{0,20}}(?::\s{{0,5}}[\w.\[\]| ]{{1,40}}(?==))?(?:=(?!=)|:=?|=>)\s{{0,20}}[bfru]{{0,2}}{_QUOTED}"
        ),
        is_literal,
    ),
    _Rule(
        "",  # a form's body or a URL's query
        _KEY_WORDS,
        re.compile(rf"(?i)(?<=[?&])(?<!&&){_KEY}={_FIELD}"),
        is_literal,
    ),
    _Rule(
        "",
        _KEY_WORDS,
        re.compile(rf"(?i)(?<![\w-]){_KEY}={_FIELD}(?=&(?!&))"),
        is_literal,
    ),
    _Rule(
        "consumer secret",  # as Setup shows it: 64 hexadecimal digits, or 19 decimal ones
        ("secret",),
        re.compile(
            r"(?i)(?:client|consumer)[ _-]?secret[\"'\]]{0,3}\s{0,20}[:=]\s{0,20}(?P<secret>[0-9a-z]{16,2000}+)(?![\w(.\[])"
        ),
        _is_literal_with_digit,
    ),
    _Rule(
        "",  # a variable of the environment
        _KEY_WORDS,
        re.compile(
            rf"(?i)(?:%env|%set_env|export)\s{{1,20}}\w{{0,40}}?{_KEY}(?:\s{{0,5}}=|\s{{1,5}})\s{{0,5}}[\"']?{_WORD}"
        ),
        is_literal,
    ),
    _Rule(
        "",  # a flag; in prose too, so only with a digit
        _KEY_WORDS,
        re.compile(rf"(?i)--{_KEY}(?:\s{{0,5}}=|\s{{1,5}})\s{{0,5}}[\"']?{_WORD}"),
        _is_literal_with_digit,
    ),
    _Rule(
        "",
        _KEY_WORDS,
        re.compile(rf"(?i)<(?:[\w-]{{1,40}}:)?{_KEY}(?:\s[^<>]{{0,400}})?>\s{{0,80}}(?P<secret>[^<]{{4,4000}}+)</"),
        is_literal,
    ),
    _Rule(
        "session id",
        ("sessionid",),
        re.compile(r"<(?:[\w-]{1,40}:)?sessionId(?:\s[^<>]{0,400})?>\s{0,80}(?P<secret>[^<]{4,4000}+)</"),
        is_literal,
    ),
    _Rule(
        "password",
        ("passwordlogin",),
        re.compile(rf"PasswordLogin\(\s{{0,80}}{_STRING}\s{{0,20}},\s{{0,80}}[bfru]{{0,2}}{_QUOTED}"),
        is_literal,
    ),
    _Rule(
        "security token",
        ("passwordlogin",),
        re.compile(
            rf"PasswordLogin\(\s{{0,80}}{_STRING}\s{{0,20}},\s{{0,80}}{_STRING}\s{{0,20}},\s{{0,80}}[bfru]{{0,2}}{_QUOTED}"
        ),
        is_literal,
    ),
)


def found_by_pattern(text: str, lowered: str) -> Iterator[Found]:
    """What a line of ``text`` gives away; ``lowered`` is the same text in lower case."""
    there = {words: any(word in lowered for word in words) for words in {rule.words for rule in _RULES}}
    for rule in _RULES:
        if there[rule.words]:
            for match in rule.pattern.finditer(text):
                secret = match["secret"]
                if rule.accepts(secret):
                    yield Found(*match.span("secret"), rule.kind or kind_of(match["key"]), mask(secret))
