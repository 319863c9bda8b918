"""Noon of a day: the moment at which the tests' databases are made, and their clocks begin."""

from __future__ import annotations

from datetime import UTC, datetime

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
