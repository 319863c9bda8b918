"""The org's HTTP interfaces: SOAP, Metadata, REST, both Bulk APIs and OAuth."""

from __future__ import annotations

from sfmtls_nb.practice.api.bulk import BulkApi
from sfmtls_nb.practice.api.bulk1 import Bulk1Api
from sfmtls_nb.practice.api.metadata import MetadataApi
from sfmtls_nb.practice.api.oauth import OAuthApi
from sfmtls_nb.practice.api.queries import Queries
from sfmtls_nb.practice.api.rest import RestApi
from sfmtls_nb.practice.api.soap import LAST_LOGIN_VERSION, SoapApi

__all__ = [
    "LAST_LOGIN_VERSION",
    "Bulk1Api",
    "BulkApi",
    "MetadataApi",
    "OAuthApi",
    "Queries",
    "RestApi",
    "SoapApi",
]
