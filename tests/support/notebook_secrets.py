"""Notebook secrets: a cell that names every secret there is in its kernel, for tests that look where they got to."""

from __future__ import annotations

# What every practice org of the kernel knows and nobody may see.
ASK_FOR_SECRETS = """
import gc, json
from sfmtls_nb.practice.state import OrgState
states = [found for found in gc.get_objects() if type(found) is OrgState]
print(json.dumps([*(user.password for state in states for user in state.users), *(key for state in states for key in state.sessions)]))
"""
