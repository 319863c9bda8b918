"""Glossary: the terms of the course, each in a sentence or two of plain English."""

from __future__ import annotations

import difflib
from typing import Final

from sfmtls_nb.errors import SfmtlsError


class Entries(dict[str, str]):
    """Terms and what they mean; they show themselves as a table."""


GLOSSARY: Final = Entries(
    {
        "8443": "The port of an org's API host that asks for a client certificate. The login host has none.",
    }
)


def looked_up(term: str) -> Entries:
    """One term, or with "" all of them. Raises SfmtlsError for an unknown one, with those that look like it."""
    if not term:
        return GLOSSARY
    known = {name.casefold(): name for name in GLOSSARY}
    wanted = term.strip().casefold()
    for form in (wanted, wanted.removesuffix("s"), wanted.replace("-", " ")):
        if form in known:
            return Entries({known[form]: GLOSSARY[known[form]]})
    inside = [name for name in GLOSSARY if wanted in name.casefold()]
    close = inside or [known[name] for name in difflib.get_close_matches(wanted, known, 3, 0.6)]
    raise SfmtlsError(
        f"{term} is not in the glossary",
        f"terms like it: {', '.join(close)}" if close else "",
        "%sf_glossary alone shows all terms",
    )
