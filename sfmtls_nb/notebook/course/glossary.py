"""Glossary: the terms of the course, each in a sentence or two of plain English."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Final

from sfmtls_nb.errors import SfmtlsError


class Entries(dict[str, str]):
    """Terms and what they mean; they show themselves as a table."""


GLOSSARY: Final = Entries(
    {
        "API": "An org's way in for programs, by SOAP or REST, beside the web pages for people. Short for application "
        "programming interface.",
        "8443": "The port on which an org's host asks API calls for a client certificate. login.salesforce.com does not answer on it.",
        "client": "The side that asks: your program. The other side is the server.",
        "server": "The side that answers: here Salesforce, or the practice org that behaves like it.",
        "TLS": "The “s” in https: nobody on the way can read or change what is said, and the server proves who it is.",
        "mutual TLS": "TLS in which the client proves who it is as well: the server asks for a certificate, and the client "
        "shows one and proves that it has the private key that belongs to it.",
        "certificate": "A small public file that says: this key belongs to that name; until this date; for this purpose. "
        "An authority has signed it.",
        "certificate authority": "An organisation that signs certificates, and so vouches for what they say. Short: CA.",
        "private key": "The secret number that belongs to a certificate. Whoever has it can prove that the certificate is "
        "theirs; so it is shown to nobody and sent nowhere.",
        "org": "One company's Salesforce: its users, its data, its settings.",
        "port": "A numbered door of a computer. An org has two: 443, and 8443 for mutual TLS.",
        "session id": "A long text that you get by signing in. It stands for you in every later call; whoever has it is you, "
        "until it ends.",
        "practice org": "A server on your machine that behaves like Salesforce, with real TLS and made-up data.",
        "magic": "A short command for notebooks; it begins with %, or as a whole cell with %%.",
        "kernel": "The program that runs a notebook's cells, and keeps their variables until it is stopped. Here it is Python.",
        "My Domain": "The first part of an org's own address: acme in https://acme.my.salesforce.com.",
        "Setup": "The org's pages for administrators. The list of uploaded leaves is there, under Certificate and Key Management.",
        "profile": "In an org, the rules for users of one kind; each user has one. A toolkit profile is something else.",
        "enforced user": "A user whose profile, or permission set, has Enforce SSL/TLS Mutual Authentication: their API calls need a "
        "certificate that was uploaded, on 8443.",
        "server URL": "The address that calls go to; it comes with the session id. It does not name 8443: the caller puts that in.",
        "security token": "Letters and digits that Salesforce mails to a user. On a network that the org does not know, the user types "
        "them right after the password.",
        "XML": "Text in which each part stands between tags that name it: <userName>…</userName>. Parts may hold parts.",
        "SOAP": "A way to make calls in XML: an envelope, in it a header and a body, in the body the call or its answer.",
        "envelope": "The outermost part of a SOAP message. It holds the header (the session id is there) and the body.",
        "leaf": "The client's own certificate, at the bottom of its chain. It fits the private key.",
        "intermediate": "A certificate between the leaf and the root. The client sends it; the org does not know it.",
        "root": "The topmost certificate of a chain, signed by itself. The org has its own copy; a client does not send it.",
        "chain": "The certificates from the leaf up to the root, each signed by the next.",
        "PEM": "Text that holds keys and certificates, one after another, between lines of BEGIN and END. A client's holds "
        "its private key, the leaf and the intermediates.",
        "HTML": "The language of web pages. Where XML or JSON was expected, it means that this is not the API's answer: read the page.",
        "SOAP fault": "An answer that has a code and a sentence in place of a result: the org says no, and why.",
        "CSR": "Certificate signing request: the file that you send to an authority to get a certificate. It holds the public key, "
        "the name and the purpose that you want; the private key is not in it.",
        "public key": "The other half of a private key. It is in the certificate, for everyone to see.",
        "DNS": "The register of the internet's names. It says which machine a name such as acme.my.salesforce.com stands for.",
        "finding": "A remark of the check on key and certificates: an error (they will be refused), a warning (they will be one day, or "
        "elsewhere), or a note.",
        "common name": "In the name on a certificate, the part that matters most here: CN=integration.acme.example. Short: CN.",
        "extended key usage": "The part of a certificate that says what it is good for. A client's must name clientAuth; a web site's "
        "names serverAuth. Short: EKU.",
        "fingerprint": "A short number computed from a whole certificate. The same fingerprint: the same certificate.",
        "revocation": "An authority's public word that a certificate is no longer to be believed, before its last day.",
        "handshake": "The first messages of a connection, until client and server know whom they talk to and how they encrypt. "
        "%sf_handshake shows it.",
        "alert": "The way in which TLS says no: two bytes, the second of them a number for the reason. 45 means that a certificate has expired.",
        "layer": "One of the two checks on 8443. Layer 1, for everyone who shows a certificate: is the chain valid? Layer 2, for enforced "
        "users: is there a certificate, and was its leaf uploaded?",
        "header": "The part of a SOAP message that is about the call: the session id, or how large a page may be.",
        "body": "The part of a SOAP message that is the call, or its answer: one element, named for the operation.",
        "namespace": "The vocabulary that a name in XML comes from. The same word in another namespace is another name.",
        "sObject": "A kind of record in an org, such as Contact: what a database calls a table. The names of those that an org has made itself end with __c.",
        "SOQL": "Salesforce's language for questions to the data. It looks like SQL; every field is named.",
        "relationship": "The tie between two sObjects, such as a contact and its account. A query can follow it up and down.",
        "subquery": "A query in brackets inside a query: the children of each record, such as an account's contacts.",
        "nullable": "Of a column's type: a value may be missing, shown as <NA>, and the others keep their type.",
        "query locator": "The bookmark that comes with a page of records. Given to queryMore, it brings the next page.",
        "REST": "The other form of Salesforce's API: an address for each thing, and answers in JSON.",
        "JSON": 'Text for data, with names and values in braces and lists in brackets: {"userName": "…"}. REST answers in it.',
        "Bulk API 2.0": "The API for large results: the query is handed in as a job, and its records come as large pages of CSV.",
        "job": "A query that an org works on in the background: handed in, asked after until it is complete, then fetched.",
        "Arrow": "A form of tables in memory that many tools share: DuckDB, polars and pandas read one where it lies.",
        "Parquet": "A form of files for tables: columns with their types, packed, of which a tool reads only what a question needs.",
        "dask": "A way to work in Python with tables whose parts lie on many machines.",
        "access token": "A long text that you get by signing in with OAuth. It stands where a session id would, and is as secret.",
        "OAuth": "The newer way to sign in: a program gets an access token with a key, with an app's secret, or through a browser.",
        "External Client App": "The entry in an org's Setup for a program that signs in by OAuth. An administrator makes it, and lets users "
        "in. It takes the place of the connected app.",
        "consumer key": "The public name of an External Client App: a long text that begins with 3MVG9. Its secret is the consumer secret.",
        "JWT": "JSON Web Token: a short signed text. Here it says which app wants to sign in, as which user, at which org, within three minutes.",
        "client credentials": "The way in for an app by its consumer key and consumer secret. No user is named: an administrator has given the app one.",
        "toolkit profile": "An org by name, with the way in and the certificate to show, in profiles.toml; never a secret.",
        "integration user": "A user of an org that no person signs in as, but a program.",
        "permission set": "In an org, rights that are given to single users, beside their profile.",
        "rotation": "The replacement of a key and its certificate by new ones, before it is forced on you, and without a break.",
    }
)

#: Other words for them.
_ALSO: Final = {
    "authority": ("certificate authority",),
    "Bulk": ("Bulk API 2.0",),
    "Bulk API": ("Bulk API 2.0",),
    "CA": ("certificate authority",),
    "cert": ("certificate",),
    "certificate signing request": ("CSR",),
    "client certificate": ("leaf",),
    "CN": ("common name",),
    "CRL": ("revocation",),
    "EKU": ("extended key usage",),
    "fault": ("SOAP fault",),
    "key": ("private key", "public key"),
    "locator": ("query locator",),
    "mTLS": ("mutual TLS",),
    "mutual authentication": ("mutual TLS",),
}


def looked_up(term: str) -> Entries:
    """Look up a term, or with "" all of them. Raises SfmtlsError for an unknown one, with those that look like it."""
    if not term:
        return GLOSSARY
    known = {name.casefold(): (name,) for name in GLOSSARY} | {name.casefold(): meant for name, meant in _ALSO.items()}
    wanted = " ".join(term.casefold().split())
    for form in _forms(wanted):
        if form in known:
            return Entries({name: GLOSSARY[name] for name in known[form]})
    inside = [name for name in GLOSSARY if wanted in name.casefold()]
    alike = difflib.get_close_matches(wanted, known, 3, 0.6)
    close = inside or list(dict.fromkeys(name for each in alike for name in known[each]))
    raise SfmtlsError(
        f"{term} is not in the glossary",
        f"terms like it: {', '.join(close)}" if close else "",
        "%sf_glossary alone shows all terms",
    )


def _forms(word: str) -> Iterator[str]:
    """A word, and the words it may be the plural of."""
    for each in (word, word.replace("-", " ")):
        yield each
        yield each.removesuffix("s")
        for plural, singular in (("ies", "y"), ("ves", "f")):
            if each.endswith(plural):
                yield each.removesuffix(plural) + singular
