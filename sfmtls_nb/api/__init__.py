"""The messages: envelopes and JSON, replies and faults."""

from sfmtls_nb.api.ended import session_ended
from sfmtls_nb.api.envelope import PARTNER, SOAPENV, build_element, build_envelope, parse_typed, serialize
from sfmtls_nb.api.faults import FAULTS, job_fault
from sfmtls_nb.api.oauth import revoke, token_of
from sfmtls_nb.api.oauth_faults import oauth_fault
from sfmtls_nb.api.path import find
from sfmtls_nb.api.reply import Part, Reply, read_reply
from sfmtls_nb.api.rest import bearer, read_json, to_json

__all__ = [
    "FAULTS",
    "PARTNER",
    "SOAPENV",
    "Part",
    "Reply",
    "bearer",
    "build_element",
    "build_envelope",
    "find",
    "job_fault",
    "oauth_fault",
    "parse_typed",
    "read_json",
    "read_reply",
    "revoke",
    "serialize",
    "session_ended",
    "to_json",
    "token_of",
]
