"""Patterns of secrets in a line of text, such as ``password = "…"``, a session id or a token: a table of rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_LONG: Final = (
    r"password|passwd|passphrase|(?:client|consumer)[ _-]?secret|(?:security|access|refresh)[ _-]?token"
    r"|(?<![a-z])id[_-]?token"
)
_KEY: Final = rf"(?P<key>{_LONG})"
_ANY_KEY: Final = rf"(?P<key>{_LONG}|{_SHORT})"
_QUOTED: Final = (
    r"[bfru]{0,2}(?P<quote>\\*(?:\"{3}|'{3}|[\"']))(?P<secret>(?:(?!(?P=quote))(?:\\.|[^\\\n])){4,2000}+)(?P=quote)"
)
_OPAQUE: Final = r"(?P<secret>[\w.~+/=!%:-]{8,4000}+)(?![•…])"
_FIELD: Final = r"(?P<secret>[^&\s\"'<>()\[\]{}=|;,\\]{4,2000}+)"
_BARE: Final = r"(?!&lt;)[^\s\"'`<>${}\[-][^\s\"'`<>]{3,2000}+"
_ARGUMENT: Final = rf"(?<=\")[^\"\n]{{4,2000}}+(?=\")|(?<=')[^'\n]{{4,2000}}+(?=')|{_BARE}"
_NO_VARIABLE: Final = r"(?!(?:&quot;|&#x27;|[\"'])?[$%{])"  # as it is, and in a page
_WORD: Final = rf"[\"']?(?P<secret>{_ARGUMENT})"
_STRING: Final = r"(?:[rbf]{0,2}(?:\"[^\"\n]{0,400}\"|'[^'\n]{0,400}')|[\w.\[\]\"']{1,200}(?:\([^()]{0,200}\))?)"
_ELEMENT: Final = (
    r"(?:\s[^<>]{0,400})?>\s{0,80}(?:<!\[CDATA\[)?(?P<secret>(?:(?!\]\]>)[^<]){4,4000}+)(?:\]\]>)?\s{0,80}</"
)

# Placeholders are made of these.
_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "a access and api auth bearer challenge change changeme client code consumer dummy enter error example fake false "
        "fault field for from goes here hidden id in insert is jwt key login my new no none null oauth of old or org pass "
        "passphrase passwd password paste placeholder put pw real refresh replace required sample secret security session "
        "sf sfdc sid some str string text that the this to token true type user username value what widget with xxx you your",
    )
)
_PLACEHOLDER: Final = re.compile(
    r"\W*"  # …, ****, ••••
    r"|[xX.*_•-]{3,}"
    r"|\[removed:.*"
    r"|.*(?:…|•{2}).*|.{0,20}\.{3}.*|.*\.{3}\W*"  # masked or cut
    r"|(?:\$?\{+[^{}]*\}+\s*)+|<[^<>]*>|\[[^\[\]]*\]|\$[A-Z_][A-Z0-9_]*|%[A-Z_]+%|%\(\w+\)s"
    r"|(?i:insert|replace|change|enter|your|put)[ _-].*"
    r"|[\"'\s]*[+,%)].*[+,(][\"'\s]*"  # the code between two strings
    r"|[A-Z][a-z]+[,:]?(?: [A-Za-z'’]+[,.:!?]*){2,}",  # a sentence
    re.DOTALL,
)


def is_literal(value: str) -> bool:
    """True unless a value only stands where a secret will: ``${TOKEN}``, ``INSERT_PASSWORD_HERE``, ``****``, ``your_token``."""
    if len(value) < 4 or value != value.strip() or _PLACEHOLDER.fullmatch(value):
        return False
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", value)
    is_words = len("".join(words)) == len(re.sub(r"[\s_.,:?!-]", "", value))
    return not is_words or not {word.lower() for word in words} <= _WORDS


_KINDS: Final = {
    "pass": "password",
    "refresh": "refresh token",
    "access": "access token",
    "security": "security token",
    "session": "session id",
    "sid": "session id",
    "private": "private key",
    "secret": "consumer secret",
    "assertion": "assertion",
    "id": "id token",
    "token": "token",
}


def _kind_of(key: str) -> str:
    return next((kind for part, kind in _KINDS.items() if part in key.lower()), "password")


class _Rule(NamedTuple):
    """One kind of place where a secret stands.

    pattern: with the group ``secret``, and ``key`` if the kind is to be told by that. words: one of them is in every match,
    in lower case. needs: what a value must have in it to be no prose. within: where to look, if not everywhere.
    """

    pattern: re.Pattern[str]
    kind: str
    words: tuple[str, ...]
    needs: re.Pattern[str]
    within: re.Pattern[str]


def _rule(
    pattern: str,
    kind: str = "",
    words: str = "pass pw secret token",
    *,
    needs: str = "",
    within: str = r"(?s).+",
) -> _Rule:
    return _Rule(re.compile(pattern), kind, tuple(words.split()), re.compile(needs), re.compile(within))


_DIGIT: Final = r"\d"
# No number, no UUID and no name, as the sessions of kernels and clusters have.
_NO_NAME: Final = r"^(?!(?:\d+|[0-9a-fA-F-]{32,36}|[a-z]+(?:[._-][a-z]+)*)$)[\w.~+/=!%:-]{8,}$"


def _assigned(key: str) -> str:
    """``key = "…"``, annotated or not, ``key="…"``, ``"key": "…"``, ``["key"] = "…"``, ``key => "…"``, ``key = ("…"``.

    Not ``user, key = "…", "…"``: after a comma comes the next keyword, or nothing.
    """
    return (
        rf"(?i)(?:{key})\d?\\*[\"'\]]{{0,3}}\s{{0,20}}(?::\s{{0,5}}[\w.\[\]| ]{{1,40}}(?==))?"
        rf"(?:(?P<equals>=(?!=))|:=?|=>)\s{{0,20}}(?:\(\s{{0,80}})?{_QUOTED}"
        r"(?(equals)(?![ \t]{0,5},[ \t]{0,5}(?!\w{1,40}\s?[=:]|[*\s\\)#]|$)))"
    )


def _unpacked(before: int) -> str:
    """``user, password = "…", "…"`` at the beginning of a line, with so many names before the one of a secret."""
    names = rf"(?:\w{{1,40}}\s?,\s?){{{before}}}\w{{0,40}}?{_ANY_KEY}\d?(?:\s?,\s?\w{{1,40}}){{{0 if before else 1},5}}"
    equals = r"\s?=(?!=)\s?" if before else " = "  # f(password, name="…") is a call
    values = rf"(?:\(\s{{0,80}})?(?:{_STRING}\s{{0,5}},\s{{0,80}}){{{before}}}{_QUOTED}"
    return rf"(?im)(?:^|[;>\"'])[ \t]{{0,40}}{names}{equals}{values}"


_SIGNING_IN: Final = r"(?:PasswordLogin|Salesforce|HTTPBasicAuth|\bauth=)"


def _argument(number: int, calls: str) -> str:
    """``PasswordLogin("me@example.com", "…")``: the argument at that place of what signs in."""
    return rf"{calls}\(\s{{0,80}}(?:{_STRING}\s{{0,20}},\s{{0,80}}){{{number - 1}}}{_QUOTED}"


_LABEL: Final = (
    r"(?i:\b(?:password|passwd|pwd|passphrase|secret|token)\b"
    r"(?!\W*(?:file|path|url|uri|endpoint|name|type|hint|policy|expir)))"
)
#: A label of a field that is for a secret.
SECRET_LABEL: Final = re.compile(_LABEL)
#: The members of a JSON Web Key that are private (RFC 7518, 6.2.2, 6.3.2 and 6.4.1).
JWK_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})

_LINE: Final = r"(?:[^\n`<]|<<){0,1000}+"
# A magic of ours, not in mid-sentence, or as IPython has it in tracebacks and scripts.
_MAGIC: Final = r"(?m)(?:(?:^|[^\w\s])[ \t]*%{1,2}|magic\([\"'])sf_"
# What `notebook.lines` refuses, but for the names of files.
_FLAG: Final = r"(?![\w.-]*file)(?!-?secret-from[= \t]{1,5}[\"']?(?:env|keyring|fd):)(?P<key>p|pwd?|[\w.-]*(?:pass|secret|token|session|(?<!be)sid|sid(?!e)|private.?key)[\w.-]*)"
# Flags of %sf_login, of which some have a value: what stands behind them is no second word.
_VALUED: Final = r"(?:out|way|key|alias|consumer-key|instance-url|secret-from)"
_VALUE: Final = rf"{_VALUED}(?:=|[ \t]{{1,20}})[^\s\"'`<>]{{1,400}}+"
_FLAGS: Final = rf"(?:--(?:{_VALUE}|(?!{_VALUED}\b)\w{{1,80}})[ \t]{{1,20}}){{0,6}}"
_USERNAME: Final = r"[\"']?[^\s\"'`<>@${]{0,200}[@${][^\s\"'`<>]{0,200}+[\"']?[ \t]{1,20}"
_LOGIN: Final = (
    rf"{_MAGIC}login[\"', \t]{{1,20}}(?:\w{{1,80}}[ \t]{{0,20}}<<[ \t]{{0,20}})?{_FLAGS}{_USERNAME}{_FLAGS}(?!#)"
)
_SECOND_WORD: Final = rf"[\"']?(?P<secret>(?:{_ARGUMENT})(?:[ \t]{{1,20}}(?!#)(?=[^\s\"']{{0,200}}?\d){_BARE}){{0,3}})"
_WIDGET: Final = (
    r"(?:\bPassword|\b(?:Text(?:area)?|Combobox)(?=\([^()]*?\b(?:description|placeholder)=[\"'][^\"'\n]{0,80}?"
    rf"{_LABEL}))\([^()]*+"
)
# The rest of a session id that was broken at the end of a line, or written as two literals.
_BROKEN: Final = (
    r"(?:[\"']\s{0,80}[+\\]?\s{0,80}[bfru]{0,2}[\"']|\r?\n[ \t]{0,8})"
    r"(?=[\w.]{0,100}?\d)(?=[\w.]{0,100}?[A-Z])(?=[\w.]{0,100}?[a-z])[\w.]{6,100}+(?=[\s\"'<]|$)"
)

# Each pattern is anchored at a word, and what follows is possessive or bounded: no text takes more than linear time.
_RULES: Final = (
    _rule(
        r"(?P<secret>00D[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?(?:!|%21)"
        rf"(?:[\w.%~+/=!-]{{8,88}}+(?:{_BROKEN}){{1,3}}|[\w.%~+/=!-]++))",
        "session id",
        "00d",
    ),
    _rule(r"(?P<secret>5Aep861[\w.%=!-]{8,}+)", "refresh token", "5aep861"),
    _rule(
        r"(?<![\w-])(?P<secret>ey(?:J|Ai)[\w-]{8,}+\.ey(?:J|Ai)[\w-]{8,}+\.[\w-]*+)(?!\.\.)",
        "JSON Web Token",
        ".eyj .eyai",
    ),
    _rule(
        r"(?i)authorization[\"'\]]{0,3}\s{0,20}[:=,]\s{0,20}[bfru]{0,2}[\"']{0,3}(?:bearer|oauth|basic|token)\s{1,20}"
        rf"{_OPAQUE}",
        "access token",
        "authorization",
    ),
    _rule(_assigned(_KEY)),
    _rule(_assigned(_SHORT), "password"),
    _rule(_assigned("session[_-]?id|x-sfdc-session"), "session id", "session", needs=_NO_NAME),
    _rule(_assigned("assertion"), "assertion", "assertion", needs=rf"(?=.*\d){_NO_NAME}"),
    *(_rule(_unpacked(before)) for before in range(3)),
    # A default, which is the secret: os.getenv("SF_PASSWORD", "…"), os.environ["TOKEN"] or "…"
    _rule(
        r"(?i)(?:(?:getenv|setenv|\bget|\bpop|setdefault)\s?\(|environ\[)\s{0,20}[\"'][\w.-]{0,40}?"
        rf"(?P<key>{_LONG}|{_SHORT}|(?<![a-z])(?:pass|secret|token))\d?[\"']\s{{0,20}}"
        rf"(?:,\s{{0,20}}(?:default\s?=\s?)?|[)\]]\s{{0,20}}or\s{{1,20}}){_QUOTED}"
    ),
    # A line alone, as in YAML; of letters only it may be prose or a type
    _rule(
        rf"(?im)^[ \t]*[\"']?(?:- )?[\w.-]{{0,40}}?{_KEY}(?: \([\w -]{{1,30}}\))?:[ \t]{{1,20}}"
        r"(?P<secret>[^\s\"'`<>(){}\[\],]{4,400}+)[\"']?[ \t\r]*(?:#.*)?$",
        needs=r"[\d@#$^+~]",
    ),
    # A line of a file for the environment
    _rule(
        r"(?m)^[ \t]*[\"']?(?:ENV )?[A-Z0-9_]{0,40}?(?P<key>PASS(?:WORD|WD|PHRASE)|SECRET|TOKEN|PWD?)=(?![~./]|&lt;)"
        r"(?P<secret>[^\s\"'`<>(){}\[\],]{4,400}+)(?=[\"']?(?:\s|$))"
    ),
    # The header of Bulk API v1; of Python code only what is in quotes
    _rule(
        rf"(?i)x-sfdc-session(?::\s{{0,20}}|[\"']\]?\s{{0,20}}[:=,]\s{{0,20}}[bfru]{{0,2}}[\"']){_OPAQUE}",
        "session id",
        "x-sfdc-session",
        needs=_DIGIT,
    ),
    _rule(rf"(?<!\w)Secret\(\s{{0,80}}(?:text\s{{0,20}}=\s{{0,20}})?{_QUOTED}", "secret", "secret("),
    # A form's body or a URL's query
    _rule(rf"(?i)(?<=[?&])(?<!&&){_ANY_KEY}={_FIELD}"),
    _rule(rf"(?i)(?<![\w-]){_KEY}={_FIELD}(?=&(?!&))"),
    # The address that a browser ends at after a sign-in, with its code
    _rule(r"(?<=[?&])code=(?P<secret>[\w.%~-]{16,2000}+)", "authorization code", "code=", needs=_DIGIT),
    # A consumer secret as Setup shows it: 64 hexadecimal digits, or 19 decimal ones
    _rule(
        r"(?i)(?:client|consumer)[ _-]?secret[\"'\]]{0,3}\s{0,20}[:=]\s{0,20}(?P<secret>[0-9a-z]{16,2000}+)(?![\w(.\[])",
        "consumer secret",
        needs=_DIGIT,
    ),
    # A variable of the environment
    _rule(rf"(?i)(?:%env|%set_env|export)\s{{1,20}}\w{{0,40}}?{_ANY_KEY}(?:\s{{0,5}}=|\s{{1,5}})\s{{0,5}}{_WORD}"),
    # A flag; in prose too, so only with a digit
    _rule(rf"(?i)--{_ANY_KEY}(?:\s{{0,5}}=|\s{{1,5}})\s{{0,5}}{_WORD}", needs=_DIGIT),
    _rule(
        rf"(?i)(?<![\w-])--?{_FLAG}(?:[ \t]{{0,5}}=[ \t]{{0,5}}|[ \t]{{1,5}}){_WORD}",
        words="sf_",
        within=rf"{_MAGIC}\w+{_LINE}",
    ),
    # A second word of %sf_login, and perhaps more; without a digit it may be prose, unless it ends the line
    _rule(rf"{_LOGIN}{_SECOND_WORD}", "password", "sf_login", needs=_DIGIT),
    _rule(rf"{_LOGIN}{_WORD}(?=[\"']?\)?[ \t]{{0,80}}(?:$|[;#]|--))", "password", "sf_login"),
    _rule(
        r"(?<![\w-])(?:-[uUE]|--(?:(?:proxy-)?user|cert)[=\s\"',])[=\s\"',]{0,8}(?P<quoted>(?<=[\"']))?[^\s\"'`:]{2,200}:"
        rf"(?P<secret>(?(quoted)[^\s\"'`<>${{}}\[-][^\"'\n]{{3,2000}}+|{_BARE}))",
        "password",
        "curl",
        within=r"(?s)\bcurl\b(?:[^\n\\]|\\.){0,8000}+",
    ),
    _rule(
        r"(?<![\w-])-pass(?:in|out)?[\s\"',=]{1,8}pass:"
        rf"(?P<secret>(?<=\"pass:)[^\"\n]{{4,2000}}+(?=\")|(?<='pass:)[^'\n]{{4,2000}}+(?=')|{_BARE})",
        "password",
        "pass:",
    ),
    _rule(rf"(?<![\w-])-(?:src|dest)?(?:store|key)pass\s{{1,8}}{_WORD}", "password", "pass"),
    # Of Java, and of Newman
    _rule(rf"(?<![\w-])-D[\w.]{{1,80}}Password={_NO_VARIABLE}{_WORD}", "password", "password="),
    _rule(rf"--ssl-client-passphrase[ \t=]{{1,8}}{_NO_VARIABLE}{_WORD}", "password", "passphrase"),
    # The session id that recipes take from the environment, and the one in the address of frontdoor.jsp
    _rule(
        rf"(?m)(?:^|[ \t])SF_SESSION_ID[ \t]{{0,5}}[=\t ][ \t]{{0,5}}{_NO_VARIABLE}{_WORD}",
        "session id",
        "sf_session_id",
        needs=_DIGIT,
    ),
    _rule(rf"(?<=[?&])sid={_FIELD}", "session id", "sid=", needs=_NO_NAME),
    _rule(r"://[^\s\"'`<>/?#:@]{0,200}:(?P<secret>[^\s\"'`<>/?#:@]{4,400}+)@(?=[\w\[{$])", "password", "@"),
    _rule(
        rf"[\"'](?:{'|'.join(sorted(JWK_PRIVATE))})[\"']\s{{0,20}}:\s{{0,20}}[\"'](?P<secret>[\w-]{{16,}}+)",
        "private key",
        "kty",
        within=r"\{(?=[^{}]*?[\"']kty[\"'])[^{}]*+",
    ),
    _rule(rf"\bvalue={_QUOTED}", "password", "password( text( textarea( combobox(", within=_WIDGET),
    _rule(rf"(?i)<(?:[\w-]{{1,40}}:)?{_KEY}{_ELEMENT}"),
    _rule(rf"<(?:[\w-]{{1,40}}:)?sessionId{_ELEMENT}", "session id", "sessionid"),
    _rule(_argument(2, _SIGNING_IN), "password", "passwordlogin salesforce( basicauth auth=("),
    _rule(_argument(3, _SIGNING_IN), "security token", "passwordlogin salesforce("),
    _rule(_argument(2, r"\bClientCredentials"), "consumer secret", "clientcredentials("),
    _rule(_argument(3, r"\bWebLogin"), "consumer secret", "weblogin("),
    _rule(_argument(4, r"\bJwtBearer"), "password", "jwtbearer("),
    _rule(_argument(1, r"\bExistingSession"), "session id", "existingsession("),
    _rule(_argument(1, r"\bsetSessionId"), "session id", "setsessionid("),  # of WSC
    _rule(_argument(3, r"\bset_password"), "password", "set_password("),  # of keyring
)


def found_by_pattern(text: str) -> Iterator[Found]:
    """Secrets that the table of rules finds in a text, in no order and perhaps overlapping."""
    lowered = text.lower()
    there = {words: any(word in lowered for word in words) for words in {rule.words for rule in _RULES}}
    for rule in _RULES:
        for place in rule.within.finditer(text) if there[rule.words] else ():
            for match in rule.pattern.finditer(text, *place.span()):
                secret = match["secret"]
                if is_literal(secret) and rule.needs.search(secret):
                    yield Found(*match.span("secret"), rule.kind or _kind_of(match["key"]), mask(secret))
