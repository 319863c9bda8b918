"""Kinds of messages: the name of each, and one sentence on why it exists."""

from __future__ import annotations

from typing import Final

#: Content types of the records that messages travel in (RFC 8446, B.1).
CHANGE_CIPHER_SPEC: Final = 20
ALERT: Final = 21
HANDSHAKE: Final = 22

#: The names of handshake messages, by their first byte. HelloRetryRequest is a ServerHello with one certain random.
NAMES: Final = {
    0: "HelloRequest",
    1: "ClientHello",
    2: "ServerHello",
    4: "NewSessionTicket",
    5: "EndOfEarlyData",
    8: "EncryptedExtensions",
    11: "Certificate",
    12: "ServerKeyExchange",
    13: "CertificateRequest",
    14: "ServerHelloDone",
    15: "CertificateVerify",
    16: "ClientKeyExchange",
    20: "Finished",
    22: "CertificateStatus",
    24: "KeyUpdate",
    25: "CompressedCertificate",
}

PURPOSES: Final = {
    "HelloRequest": "The server asks the client to begin a handshake anew.",
    "ClientHello": "The client says for which host it has come, and which versions, ciphers and signatures it knows.",
    "HelloRetryRequest": "The server asks for another ClientHello, with a key for the group that it names.",
    "ServerHello": "The server chooses from what the client offered; in TLS 1.3 its key is here too, and all that follows is encrypted.",
    "EncryptedExtensions": "The server answers the client's other extensions: the first message that nobody on the way can read.",
    "CertificateRequest": "The server asks the client for a certificate: only now can this become mutual TLS.",
    "Certificate": "One end shows who it is: its certificate, and those that lead to an authority; the list may be empty.",
    "CompressedCertificate": "A Certificate message, made smaller.",
    "CertificateStatus": "The authority's own word that the server's certificate is not revoked, so that the client need not ask.",
    "CertificateVerify": "The sender signs all that was said so far: a certificate can be copied, the key that signs cannot.",
    "ServerKeyExchange": "The server's half of the key agreement, signed with the key of its certificate.",
    "ServerHelloDone": "The server has said all; it is the client's turn.",
    "ClientKeyExchange": "The client's half of the key agreement: both ends can now compute the same keys.",
    "ChangeCipherSpec": "What follows from this end is encrypted; in TLS 1.3 it says nothing, and is there for old devices on the way.",
    "Finished": "A check over all messages, made with the new keys: nobody on the way has changed any of them.",
    "NewSessionTicket": "A ticket with which the client may come back later without showing certificates again.",
    "EndOfEarlyData": "The client has sent all of its early data.",
    "KeyUpdate": "The sender goes on with fresh keys; nothing else changes.",
    "Alert": "One end says why it ends the connection, or that it is done.",
}
