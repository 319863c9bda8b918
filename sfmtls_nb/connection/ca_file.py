"""The CA file: the only roots to trust for the server's certificate, by the name of their file or as they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from sfmtls_nb.certificates import unwrapped_text
from sfmtls_nb.errors import OrgError
from sfmtls_nb.files import path_or_content, read_file, reason_of, shown

_CERTIFICATE: Final = re.compile("-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")
_ROOT: Final = "name a PEM file that holds the root certificate of the server's authority"


def trusted(ca_file: str | Path | bytes) -> dict[str, str]:
    """The roots as ``ssl.create_default_context`` takes them. Raises OrgError for what is no file, or has no end."""
    source = path_or_content(ca_file, OrgError)
    if isinstance(source, bytes):
        certificates = _CERTIFICATE.findall(unwrapped_text(source))
        if not certificates:
            raise OrgError(
                "the CA file that is given as content cannot be used",
                f"no certificate in PEM is in its {len(source):,} bytes",
                _ROOT,
            )
        return {"cadata": "\n".join(certificates)}  # and no more: what stands around them may be a secret
    try:
        read_file(source)
    except OSError as error:
        raise OrgError(
            f"the CA file {shown(source)} cannot be used",
            reason_of(error),
            _ROOT,
        ) from error
    return {"cafile": str(source)}
