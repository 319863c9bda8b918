"""The CA file: the only roots to trust for the server's certificate, by the name of their file or as they are."""

from __future__ import annotations

from pathlib import Path

from sfmtls_nb.certificates import unwrapped_text
from sfmtls_nb.errors import OrgError
from sfmtls_nb.files import path_or_content, read_file, reason_of, shown


def trusted(ca_file: str | Path | bytes) -> dict[str, str]:
    """The roots as ``ssl.create_default_context`` takes them. Raises OrgError for what is no file, or has no end."""
    source = path_or_content(ca_file, OrgError)
    if isinstance(source, bytes):
        text = unwrapped_text(source)
        # The context takes no text around the certificates that is not ASCII.
        return {"cadata": text.encode("ascii", "replace").decode()}
    try:
        read_file(source)
    except OSError as error:
        raise OrgError(
            f"the CA file {shown(source)} cannot be used",
            reason_of(error),
            "name a PEM file that holds the root certificate of the server's authority",
        ) from error
    return {"cafile": str(source)}
