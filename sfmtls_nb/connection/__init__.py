"""The way there: requests and exchanges over TLS."""

from sfmtls_nb.connection.curl import curl_command
from sfmtls_nb.connection.request import SECRET_HEADERS, Exchange, Headers, Method, Request
from sfmtls_nb.connection.transport import Transport

__all__ = ["SECRET_HEADERS", "Exchange", "Headers", "Method", "Request", "Transport", "curl_command"]
