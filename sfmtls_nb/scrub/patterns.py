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


# The shell's own PWD is a folder; "invalid token" is no id token.
_SHORT: Final = r"pw(?:d|(?<![a-z]pw))(?![\s\"'\\\]:=>]{0,20}(?:[~.]{0,2}/|[a-z]:\\))"
_LONG: Final = r"password|passwd|passphrase|(?:client|consumer)[ _-]?secret|(?:security|access|refresh)[ _-]?token|(?<![a-z])id[_-]?token"
_KEY: Final = rf"(?P<key>{_LONG})"
_ANY_KEY: Final = rf"(?P<key>{_LONG}|{_SHORT})"
_SESSION: Final = r"(?P<key>session[_-]?id|x-sfdc-session)"
_ASSERTION: Final = r"(?P<key>assertion)"
SCHEME: Final = re.compile(r"(?i)\s*(?:bearer|oauth|basic|token)\s+(?=\S{8})")
_QUOTE: Final = r"(?P<quote>\\*(?:\"{3}|'{3}|[\"']))"
_QUOTED: Final = rf"{_QUOTE}(?P<secret>(?:(?!(?P=quote))(?:\\.|[^\\\n])){{4,2000}}+)(?P=quote)"
_OPAQUE: Final = r"(?P<secret>[\w.~+/=!%:-]{8,4000}+)(?![•…])"
_FIELD: Final = r"(?P<secret>[^&\s\"'<>()\[\]{}=|;,\\]{4,2000}+)"
_BARE: Final = r"(?!&lt;)[^\s\"'`<>${}\[-][^\s\"'`<>]{3,2000}+"
_ARGUMENT: Final = rf"(?<=\")[^\"\n]{{4,2000}}+(?=\")|(?<=')[^'\n]{{4,2000}}+(?=')|{_BARE}"
_WORD: Final = rf"[\"']?(?P<secret>{_ARGUMENT})"
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


_KINDS: Final = (
    ("pass", "password"),
    ("refresh", "refresh token"),
    ("access", "access token"),
    ("security", "security token"),
    ("session", "session id"),
    ("sid", "session id"),
    ("private", "private key"),
    ("secret", "consumer secret"),
    ("assertion", "assertion"),
    ("id", "id token"),
    ("token", "token"),
)


def kind_of(key: str) -> str:
    """The kind of secret that ``client_secret``, ``passphrase`` … name."""
    key = key.lower()
    return next((kind for part, kind in _KINDS if part in key), "password")


def is_literal(value: str) -> bool:
    """Whether a value is itself what it says, and no placeholder."""
    return not _is_placeholder(value)


def _is_literal_with_digit(value: str) -> bool:
    return is_literal(value) and any(character.isdigit() for character in value)


_NO_SESSION: Final = re.compile(r"\d+|[0-9a-fA-F-]{32,36}|[a-z]+(?:[._-][a-z]+)*")


def _is_opaque(value: str) -> bool:
    """Whether a value may be a session's: no number, no UUID and no name, as the sessions of kernels and clusters have."""
    return is_literal(value) and bool(re.fullmatch(r"[\w.~+/=!%:-]{8,}", value)) and not _NO_SESSION.fullmatch(value)


def _is_opaque_with_digit(value: str) -> bool:
    return _is_opaque(value) and _is_literal_with_digit(value)


def _always(_: str) -> bool:
    return True


_NAMED: Final = (
    (re.compile(rf"(?i)[^=]*{_ANY_KEY}\d?="), is_literal),
    (re.compile(rf"(?i)[^=]*{_SESSION}="), _is_opaque),
    (re.compile(rf"(?i)[^=]*{_ASSERTION}="), _is_opaque_with_digit),
)


def kind_by_name(name: str, value: str) -> str:
    """The kind of secret that a value is by the name of the member it is; else empty."""
    for pattern, accepts in _NAMED:
        if (match := pattern.match(f"{name}={value}")) and accepts(value):
            return kind_of(match["key"])
    return ""


class _Rule(NamedTuple):
    """A pattern with the groups ``secret`` and, if ``kind`` is empty, ``key``; one of ``words`` is in what it matches.

    within: where to look for it, if not everywhere.
    """

    kind: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    accepts: Callable[[str], bool] = _always
    within: re.Pattern[str] = re.compile(r"(?s).+")


def _assigned(key: str) -> re.Pattern[str]:
    """``key = "…"``, annotated or not, ``key="…"``, ``"key": "…"``, ``["key"] = "…"``, ``key => "…"``."""
    return re.compile(
        rf"(?i){key}\d?\\*[\"'\]]{{0,3}}\s{{0,20}}(?::\s{{0,5}}[\w.\[\]| ]{{1,40}}(?==))?(?:=(?!=)|:=?|=>)\s{{0,20}}[bfru]{{0,2}}{_QUOTED}"
    )


_LABEL: Final = r"(?i:\b(?:password|passwd|pwd|passphrase|secret|token)\b(?!\W*(?:file|path|url|uri|endpoint|name|type|hint|policy|expir)))"
#: A label of a field that is for a secret.
SECRET_LABEL: Final = re.compile(_LABEL)
#: The members of a JSON Web Key that are private (RFC 7518, 6.2.2, 6.3.2 and 6.4.1).
JWK_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})

_LINE: Final = r"(?:[^\n`<]|<<){0,1000}+"
# A magic of ours, not in mid-sentence, or as IPython has it in tracebacks and scripts.
_MAGIC: Final = r"(?m)(?:(?:^|[^\w\s])[ \t]*%{1,2}|magic\([\"'])sf_"
# What `notebook.lines` refuses, but for the names of files.
_FLAG: Final = r"(?![\w.-]*file)(?P<key>p|pwd?|[\w.-]*(?:pass|secret|token|session|sid|private.?key)[\w.-]*)"
_FLAGS: Final = r"(?:--(?:out[= \t]{1,5}|(?!out\b))\w{1,80}[ \t]{1,20}){0,3}"
_USERNAME: Final = r"[\"']?[^\s\"'`<>@${]{0,200}[@${][^\s\"'`<>]{0,200}+[\"']?[ \t]{1,20}"
_LOGIN: Final = (
    rf"{_MAGIC}login[\"', \t]{{1,20}}(?:\w{{1,80}}[ \t]{{0,20}}<<[ \t]{{0,20}})?{_FLAGS}{_USERNAME}{_FLAGS}(?!#)"
)
_CURL: Final = re.compile(r"(?s)\bcurl\b(?:[^\n\\]|\\.){0,8000}+")
_JWK: Final = re.compile(r"\{(?=[^{}]*?[\"']kty[\"'])[^{}]*+")
_WIDGET: Final = re.compile(
    r"(?:\bPassword|\b(?:Text(?:area)?|Combobox)(?=\([^()]*?\b(?:description|placeholder)=[\"'][^\"'\n]{0,80}?"
    rf"{_LABEL}))\([^()]*+"
)


_KEY_WORDS: Final = (
    *("password", "passwd", "passphrase"),
    *(last + between + "secret" for last in "tr" for between in ("", " ", "_", "-")),
    *(last + between + "token" for last in "yshd" for between in ("", " ", "_", "-")),
)
_SHORT_WORDS: Final = tuple(key + after for key in ("pw", "pwd") for after in "=:\"' ")
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
    _Rule("", _KEY_WORDS, _assigned(_KEY), is_literal),
    _Rule("password", _SHORT_WORDS, _assigned(_SHORT), is_literal),
    _Rule("session id", ("session",), _assigned(_SESSION), _is_opaque),
    _Rule("assertion", ("assertion",), _assigned(_ASSERTION), _is_opaque_with_digit),
    _Rule(
        "session id",  # the header of Bulk API v1; of Python code only what is in quotes
        ("x-sfdc-session",),
        re.compile(rf"(?i)x-sfdc-session(?::\s{{0,20}}|[\"']\]?\s{{0,20}}[:=,]\s{{0,20}}[bfru]{{0,2}}[\"']){_OPAQUE}"),
        _is_literal_with_digit,
    ),
    _Rule(
        "secret",
        ("secret(",),
        re.compile(rf"(?<!\w)Secret\(\s{{0,80}}(?:text\s{{0,20}}=\s{{0,20}})?[bfru]{{0,2}}{_QUOTED}"),
        is_literal,
    ),
    _Rule(
        "",  # a form's body or a URL's query
        (*_KEY_WORDS, *_SHORT_WORDS),
        re.compile(rf"(?i)(?<=[?&])(?<!&&){_ANY_KEY}={_FIELD}"),
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
        (*_KEY_WORDS, *_SHORT_WORDS),
        re.compile(
            rf"(?i)(?:%env|%set_env|export)\s{{1,20}}\w{{0,40}}?{_ANY_KEY}(?:\s{{0,5}}=|\s{{1,5}})\s{{0,5}}{_WORD}"
        ),
        is_literal,
    ),
    _Rule(
        "",  # a flag; in prose too, so only with a digit
        (*_KEY_WORDS, *_SHORT_WORDS),
        re.compile(rf"(?i)--{_ANY_KEY}(?:\s{{0,5}}=|\s{{1,5}})\s{{0,5}}{_WORD}"),
        _is_literal_with_digit,
    ),
    _Rule(
        "",
        ("sf_",),
        re.compile(rf"(?i)(?<![\w-])--?{_FLAG}(?:[ \t]{{0,5}}=[ \t]{{0,5}}|[ \t]{{1,5}}){_WORD}"),
        is_literal,
        within=re.compile(rf"{_MAGIC}\w+{_LINE}"),
    ),
    _Rule(
        "password",  # a second word, and perhaps more
        ("sf_login",),
        re.compile(
            rf"{_LOGIN}[\"']?(?P<secret>(?:{_ARGUMENT})(?:[ \t]{{1,20}}(?!#)(?=[^\s\"']{{0,200}}?\d){_BARE}){{0,3}})"
        ),
        _is_literal_with_digit,
    ),
    _Rule(
        "password",  # without a digit it may be prose, unless it ends the line
        ("sf_login",),
        re.compile(rf"{_LOGIN}{_WORD}(?=[\"']?\)?[ \t]{{0,80}}(?:$|[;#]|--))"),
        is_literal,
    ),
    _Rule(
        "password",
        ("curl",),
        re.compile(
            rf"(?<![\w-])(?:-[uU]|--(?:proxy-)?user[=\s\"',])[=\s\"',]{{0,8}}(?P<quoted>(?<=[\"']))?[^\s\"'`:]{{1,200}}:"
            rf"(?P<secret>(?(quoted)[^\s\"'`<>${{}}\[-][^\"'\n]{{3,2000}}+|{_BARE}))"
        ),
        is_literal,
        within=_CURL,
    ),
    _Rule(
        "password",
        ("@",),
        re.compile(r"://[^\s\"'`<>/?#:@]{0,200}:(?P<secret>[^\s\"'`<>/?#:@]{4,400}+)@(?=[\w\[{$])"),
        is_literal,
    ),
    _Rule(
        "private key",
        ('kty"', "kty'"),
        re.compile(
            rf"[\"'](?:{'|'.join(sorted(JWK_PRIVATE))})[\"']\s{{0,20}}:\s{{0,20}}[\"'](?P<secret>[\w-]{{16,}}+)"
        ),
        is_literal,
        within=_JWK,
    ),
    _Rule(
        "password",
        ("password(", "text(", "textarea(", "combobox("),
        re.compile(rf"\bvalue=[bfru]{{0,2}}{_QUOTED}"),
        is_literal,
        within=_WIDGET,
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
        for place in rule.within.finditer(text) if there[rule.words] else ():
            for match in rule.pattern.finditer(text, *place.span()):
                secret = match["secret"]
                if rule.accepts(secret):
                    yield Found(*match.span("secret"), rule.kind or kind_of(match["key"]), mask(secret))
