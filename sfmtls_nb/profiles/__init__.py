"""Profiles: orgs by name, each with who signs in there, how, and the certificate to show; never with a secret."""

from sfmtls_nb.profiles.file import Profiles, profiles_file, read_profiles, save_profile
from sfmtls_nb.profiles.profile import PRACTICE, SECRET_SOURCE, SOURCES, WAYS_IN, Profile, WayIn

__all__ = [
    "PRACTICE",
    "SECRET_SOURCE",
    "SOURCES",
    "WAYS_IN",
    "Profile",
    "Profiles",
    "WayIn",
    "profiles_file",
    "read_profiles",
    "save_profile",
]
