"""Lines: the text after a magic's name. Each magic declares its arguments, and has them read."""

from __future__ import annotations

import difflib
import functools
import keyword
import re
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.secret import mask_session_ids


class Argument(NamedTuple):
    """One argument of a magic: argparse's flags and options, and what completes its value.

    completes: a key of `sfmtls_nb.notebook.completion.completion`, such as ``"scenario"``; "" for argparse's choices alone.
    raw: its quotes are its own, as those of a query are, and not the line's.
    """

    flags: tuple[str, ...]
    options: Mapping[str, Any]
    completes: str
    raw: bool

    @property
    def is_flag(self) -> bool:
        return self.flags[0].startswith("-")


def argument(*flags: str, completes: str = "", raw: bool = False, **options: Any) -> Argument:
    """An argument, in the words of ``argparse.ArgumentParser.add_argument``."""
    return Argument(flags, options, completes, raw)


#: The arguments that every magic takes.
_SHARED: Final = (
    argument("--out", metavar="NAME", help="keep the result in this variable as well"),
    argument("--traceback", action="store_true", help="if it fails, show the whole traceback"),
    argument("--help", action="store_true", help="show this"),
)
#: Flags that would put a secret into a cell, and so into the notebook and IPython's history.
_SECRET_FLAG: Final = re.compile(r"--?(p|pw|pwd|.*(pass|secret|token|session|sid|private.?key).*)", re.IGNORECASE)
#: The dashes that a word processor turns "--" into.
_OTHER_DASHES: Final = "\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"
_ASSIGNED: Final = re.compile(r"\s*([^\W\d]\w*)\s*<<(?=\s|$)")
#: Words, with the quotes that hold them together. A backslash is no escape: it is in Windows' paths.
_WORD: Final = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
_QUOTED: Final = re.compile(r"""'([^']*)'|"([^"]*)\"""")

Magic = Callable[[Any, Namespace], Any]


def takes(*arguments: Argument) -> Callable[[Magic], Any]:
    """Turn a method over read arguments into a magic over a line.

    The method gets a Namespace with the arguments, and ``cell`` (None on a line) and ``local_ns`` beside them. What it
    returns is the result, kept under a name where ``%magic NAME << …`` or ``--out NAME`` asks for that, and not shown
    where a semicolon ends the line.
    """
    every = (*arguments, *_SHARED)

    def decorate(magic: Magic) -> Any:
        parser = MagicArgumentParser(prog=magic.__name__, description=magic.__doc__, add_help=False)
        for each in every:
            parser.add_argument(*each.flags, **_reading(each))

        @functools.wraps(magic)
        def run(self: Any, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
            assigned = _ASSIGNED.match(line)
            name = assigned[1] if assigned else None
            line = line[assigned.end() :] if assigned else line
            # As in Python cells, a semicolon at the end shows nothing.
            quiet = name is not None or line.rstrip().endswith(";")
            line = line.rstrip().removesuffix(";")
            if "--help" in line.split():
                print(run.__doc__)
                return None
            chosen = _read(parser, every, line)
            for each in (name, chosen.out):
                if each is not None and (keyword.iskeyword(each) or not each.isidentifier()):
                    raise UsageError(f"{each or repr(each)} cannot be the name of a variable")
            chosen.cell, chosen.local_ns = cell if cell and cell.strip() else None, local_ns or {}
            with _telling(whole=chosen.traceback):
                result = magic(self, chosen)
            for each in filter(None, (name, chosen.out)):
                self.shell.push({each: result})
            return None if quiet else result

        # IPython's formatter puts the % before the name, and above it a mark for documents.
        run.__doc__ = parser.format_help().removeprefix("::\n\n  ")
        # So that {{…}} sees the variables of a function that the magic is called in.
        run.needs_local_scope = True  # type: ignore[attr-defined]  # by this name IPython looks for it
        run.arguments = every  # type: ignore[attr-defined]  # what completion reads
        return run

    return decorate


def traceback_of(error: BaseException) -> str:
    """The whole traceback as Python prints it: places in the code, and no values of variables."""
    return mask_session_ids("".join(traceback.format_exception(error)))


@contextmanager
def _telling(*, whole: bool) -> Iterator[None]:
    """Keep variables out of the errors that are shown: for a stop or a mistake of ours %xmode Verbose would show them all.

    whole: the whole traceback of an SfmtlsError too.
    """
    try:
        yield
    except SfmtlsError as error:
        if whole:
            print(traceback_of(error), file=sys.stderr)
        raise
    except UsageError:
        raise
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt)
        text = "KeyboardInterrupt: stopped; session and org are as they were" if stopped else traceback_of(error)
        setattr(error, "_render_traceback_", text.splitlines)  # noqa: B010  # by this name IPython looks for it
        raise


def words_of(line: str) -> list[str]:
    """The words of a line, their quotes still on them, up to a comment. Raises UsageError where a quote is not closed."""
    words: list[str] = []
    end = 0
    for word in _WORD.finditer(line):
        if line[end : word.start()].strip():
            break
        if word[0].startswith("#"):
            return words
        words.append(word[0])
        end = word.end()
    if line[end:].strip():
        raise UsageError("a quote is not closed; what has quotes of its own is best written as a cell")
    return words


def unquoted(word: str) -> str:
    """A word without the quotes that held it together."""
    return _QUOTED.sub(lambda quoted: quoted[1] or quoted[2] or "", word)


def _reading(argument: Argument) -> dict[str, Any]:
    """The options of an argument; the line's quotes are taken off before its value is converted or compared."""
    options = argument.options
    if argument.raw or "action" in options:
        return {**options}
    kind = options.get("type", str)

    def read(word: str) -> Any:
        return kind(unquoted(word))

    read.__name__ = kind.__name__  # argparse calls a value that is none by it
    return {**options, "type": read}


def _read(parser: MagicArgumentParser, arguments: Sequence[Argument], line: str) -> Namespace:
    known = [flag for each in arguments for flag in each.flags if each.is_flag]
    words = words_of(line)
    for word in words:
        flag = word.partition("=")[0]
        if word == "--":
            raise UsageError("-- stands alone; a flag is written --name, and a comment on this line begins with #")
        if word[0] in _OTHER_DASHES:
            name = flag.lstrip(f"-{_OTHER_DASHES}")
            raise UsageError(f"the dash before {name} is not the one on the keyboard; write --{name}")
        if re.match("--?[A-Za-z]", word) and flag not in known:
            raise UsageError(_unknown(flag, known, f"%{parser.prog}"))
    try:
        chosen, more = parser.parse_known_args(words)
    except UsageError as error:
        raise UsageError(f"{error}; %{parser.prog} --help shows what it takes") from None
    if more:
        # Not quoted: it may be a password that was meant to go with the username.
        raise UsageError(f"there is one word too many on the line; %{parser.prog} --help shows what it takes")
    return chosen


def _unknown(flag: str, known: Sequence[str], magic: str) -> str:
    if _SECRET_FLAG.fullmatch(flag):
        return (
            f"{flag} is not taken: a secret that stands in a cell is saved with the notebook, and kept in IPython's history. "
            f"{magic} asks for what it needs. Take it out of this cell, and change it if others can read it"
        )
    own = [each for each in known if each not in {each.flags[0] for each in _SHARED}]
    close = difflib.get_close_matches(flag.lower(), known, 1, 0.5)
    return f"there is no {flag}; " + (
        f"did you mean {close[0]}?" if close else f"it takes {', '.join(own) or 'no flags'}"
    )
