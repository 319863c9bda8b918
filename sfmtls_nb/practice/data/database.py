"""Database: the practice org's records in SQLite, the same for the same seed, made when they are first asked for.

Each object is a database file of its own, written once and only read ever after. So readers need no locks between
them, none waits while a million contacts are being made, and nothing has to be ready before the org starts.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple, Self

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.data.invented import POOLS, PROFILES
from sfmtls_nb.practice.data.objects import SCHEMA
from sfmtls_nb.practice.data.recipes import INVENTED_USERS, RECIPES
from sfmtls_nb.practice.data.rows import Rows, distance, failed, gone, lower, sort_key
from sfmtls_nb.practice.data.schema import ID_TYPES, TEXT_TYPES, Field
from sfmtls_nb.practice.scratch import Scratch

DEFAULT_RECORDS: Final = 400
#: Records of the other objects for each contact, and their maximum: a million contacts need no million cases.
_PER_CONTACT: Final = {"Account": 0.2, "Opportunity": 0.4, "Case": 0.3, "Shipment__c": 0.25}
_MOST_OF_THE_OTHERS: Final = 10_000
#: Records for each deleted one. Deleted ones come last, and no other record refers to them.
_DELETED: Final = 25
#: With more, the ids would reach those of the org's own users.
_MOST_RECORDS: Final = 100_000_000
#: Queries that may wait for their queryMore with an open cursor.
_MOST_PARKED: Final = 8
#: Sizes of queries that are remembered.
_MOST_SIZES: Final = 1_000
#: Steps of SQLite between two checks whether the database has been closed.
_STEPS: Final = 100_000

_POOL_COLUMNS: Final = {
    1: ("text",),
    2: ("text", "plain"),
    8: ("text", "state", "postal", "country", "state_code", "country_code", "lat", "lon"),
}


class OrgUser(NamedTuple):
    """A user of the org who can sign in, and so is among the User records."""

    id: str
    username: str
    name: str
    profile_id: str


class Database:
    """The records. Any number of threads may read at once. Close it, or use ``with``.

    seed: another seed gives other names and numbers. records: the number of contacts, to which deleted ones are added;
    other objects are in proportion. now: the moment that the records' dates are relative to, in UTC unless it has a time
    zone. users: users to add to the User records. The same arguments make the same records.
    Raises PracticeError where there is no place for the files, and for reading after `close`.
    """

    def __init__(
        self,
        seed: int = 0,
        records: int | None = None,
        *,
        now: datetime | None = None,
        users: Iterable[OrgUser] = (),
    ) -> None:
        contacts = DEFAULT_RECORDS if records is None else records
        if not 0 <= contacts <= _MOST_RECORDS:
            what = f"the practice org cannot have {contacts:,} contacts"
            raise PracticeError(what, next_step=f"ask for {_MOST_RECORDS:,} records at most")
        moment = now or datetime.now(UTC)
        self._now = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        self._users = tuple(users)
        others = {name: min(-int(-contacts * share // 1), _MOST_OF_THE_OTHERS) for name, share in _PER_CONTACT.items()}
        fixed = {"Organization": 1, "Profile": len(PROFILES), "User": INVENTED_USERS + len(self._users)}
        self._counts = {**fixed, "Contact": contacts, **others}
        self._seed = seed
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._directory: Scratch | None = None
        self._filled: set[str] = set()
        self._filling = {name: threading.Lock() for name in SCHEMA}
        self._open: weakref.WeakSet[Rows] = weakref.WeakSet()
        self._sizes: dict[Hashable, int] = {}
        self._parked: OrderedDict[Hashable, Rows] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Database({self._counts['Contact']} contacts{', closed' if self._closed.is_set() else ''})"

    def close(self) -> None:
        """End every query and remove the files. Safe to call twice, and while others read: they get a PracticeError."""
        with self._lock:
            self._closed.set()
            self._parked.clear()
            readers, directory = list(self._open), self._directory
            self._directory = None
        for rows in readers:
            rows.close()
        for lock in self._filling.values():  # held until whoever makes records has noticed
            with lock:
                pass
        if directory:
            directory.close()

    # ------------------------------------------------------------ reading

    def rows(self, sql: str, parameters: Sequence[Any], objects: Iterable[str]) -> Rows:
        """Return the rows of a SELECT over these objects, whose records are made first if they do not exist yet."""
        try:
            rows = Rows(self._connect(objects), sql, parameters, self._closed)
        except (sqlite3.Error, OSError) as error:
            raise failed(error, self._closed) from error
        with self._lock:
            self._open.add(rows)
        if self._closed.is_set():  # perhaps too late for `close` to have seen them
            rows.close()
        return rows

    def size(self, sql: str, parameters: Sequence[Any], objects: Iterable[str]) -> int:
        """Return the number that a SELECT yields. Records do not change, so SQLite counts only once."""
        key = (sql, *parameters)
        size = self._sizes.get(key)
        if size is None:
            with closing(self.rows(sql, parameters, objects)) as rows:
                size = int(next(rows)[0])
            if len(self._sizes) == _MOST_SIZES:
                self._sizes.clear()
            self._sizes[key] = size
        return size

    def park(self, key: Hashable, rows: Rows) -> None:
        """Keep half-read rows for the request that reads on. The oldest are closed when there are too many."""
        with self._lock:
            given_up = [self._parked.pop(key, None)]
            self._parked[key] = rows
            if self._closed.is_set() or len(self._parked) > _MOST_PARKED:
                given_up.append(self._parked.popitem(last=False)[1])
        for each in given_up:
            if each:
                each.close()

    def resume(self, key: Hashable) -> Rows | None:
        """Take the rows parked under a key; None if there are none."""
        with self._lock:
            return self._parked.pop(key, None)

    def _connect(self, objects: Iterable[str]) -> sqlite3.Connection:
        names = sorted(objects)
        for name in names:
            self._fill(name)
        connection = self._connection()
        try:
            for name in names:
                # Immutable: SQLite neither locks the file nor checks it for changes.
                self._attach(connection, name, f"{name}.sqlite", "mode=ro&immutable=1")
        except BaseException:
            connection.close()
            raise
        return connection

    def _connection(self) -> sqlite3.Connection:
        # `Rows` lets only one thread at a time use a connection.
        connection = sqlite3.connect(":memory:", uri=True, check_same_thread=False, isolation_level=None)
        connection.set_progress_handler(self._closed.is_set, _STEPS)
        connection.create_function("lower_", 1, lower, deterministic=True)
        connection.create_function("sort_key", 1, sort_key, deterministic=True)
        connection.create_function("distance", 4, distance, deterministic=True)
        return connection

    def _attach(self, connection: sqlite3.Connection, name: str, file: str, options: str) -> None:
        uri = f"{(self._place() / file).as_uri()}?{options}"
        connection.execute(f'ATTACH ? AS "{name}"', [uri])

    def _place(self) -> Path:
        with self._lock:
            if self._closed.is_set():
                raise gone()
            if self._directory is None:
                self._directory = Scratch("practice-data-")
            return self._directory.folder

    # ------------------------------------------------------------ making records

    def _fill(self, name: str) -> None:
        """Make the records of an object, unless they exist."""
        with self._filling[name]:
            if name in self._filled:
                return
            needed = {table for table, _ in RECIPES[name].joins.values()} & SCHEMA.keys()
            try:
                part = self._place() / f"{name}.part"
                part.unlink(missing_ok=True)  # of an attempt that failed
                with closing(self._connect(needed)) as connection:
                    self._attach(connection, name, part.name, "mode=rwc")
                    self._make(connection, name)
                part.rename(part.with_suffix(".sqlite"))
            except (sqlite3.Error, OSError) as error:
                raise failed(error, self._closed) from error
            self._filled.add(name)

    def _make(self, connection: sqlite3.Connection, name: str) -> None:
        # No journal and no waiting for the disk: an unfinished file is never used.
        connection.execute(f'PRAGMA "{name}".journal_mode = OFF')
        connection.execute(f'PRAGMA "{name}".synchronous = OFF')
        for pool, texts in POOLS.items():
            columns = _POOL_COLUMNS[len(texts[0])]
            connection.execute(f'CREATE TEMP TABLE "{pool}" (n INTEGER PRIMARY KEY, {", ".join(columns)})')
            insertion = f'INSERT INTO "{pool}" VALUES (?{", ?" * len(columns)})'  # noqa: S608  # our own names
            connection.executemany(insertion, ((number, *row) for number, row in enumerate(texts)))
        connection.execute(_table(name))
        connection.execute("BEGIN")
        connection.execute(_insertion(name), self._parameters(name))
        if name == "User":
            self._add_users(connection)
        for index in _indexes(name):
            connection.execute(index)
        connection.execute("COMMIT")

    def _parameters(self, name: str) -> dict[str, int]:
        live = self._counts[name]
        return {
            "count": INVENTED_USERS if name == "User" else live + live // _DELETED,
            "live": live,
            "seed": self._seed_of(name),
            "shared": self._seed_of("all"),
            "now": int(self._now.timestamp()),
            "today": self._now.date().toordinal(),
            "accounts": self._counts["Account"],
            "contacts": self._counts["Contact"],
            "users": self._counts["User"],
        }

    def _seed_of(self, name: str) -> int:
        """Return the seed of an object: a number below 2^31, as the recipes need it."""
        return Random(f"{self._seed} {name}").randrange(2**31)  # noqa: S311  # for records, not for secrets

    def _add_users(self, connection: sqlite3.Connection) -> None:
        """Insert the org's own users, each a copy of the first invented one."""
        for number, user in enumerate(self._users, INVENTED_USERS + 1):
            first, _, last = user.name.rpartition(" ")
            own = {
                "n": number,
                "Id": user.id,
                "Username": user.username,
                "Email": user.username,
                "FirstName": first or None,
                "LastName": last,
                "Name": user.name,
                "Alias": f"{first[:1]}{last}"[:8].lower(),
                "ProfileId": user.profile_id,
                "IsActive": True,
            }
            columns = ["n", *(field.name for field in SCHEMA["User"].fields)]
            values = ", ".join(f":{column}" if column in own else column for column in columns)
            connection.execute(f'INSERT INTO "User"."User" SELECT {values} FROM "User"."User" WHERE n = 1', own)  # noqa: S608  # our own names


# ---------------------------------------------------------------- SQL that makes


def _table(name: str) -> str:
    # SQLite makes an address or a location of its parts where it is asked for, and keeps no copy.
    columns = ", ".join(f'"{field.name}" {_compound(field) or _column_type(field)}' for field in SCHEMA[name].fields)
    return f'CREATE TABLE "{name}"."{name}" (n INTEGER PRIMARY KEY, {columns})'


def _compound(field: Field) -> str:
    """Return the column of a compound field: a JSON object of its parts, or null where they are all null."""
    values = ", ".join(f"'{part}', \"{name}\"" for part, name in field.parts.items())
    given = ", ".join(f'"{name}"' for name in field.parts.values())
    return f"TEXT AS (CASE WHEN coalesce({given}) IS NOT NULL THEN json_object({values}) END)" if values else ""


def _column_type(field: Field) -> str:
    """Return the SQL type of a field. Dates are day numbers and datetimes seconds since 1970, which sort as numbers."""
    if field.type in TEXT_TYPES:
        return "TEXT COLLATE NOCASE"
    if field.type in ID_TYPES:
        return "TEXT"
    return "REAL" if field.type in {"double", "currency", "percent"} else "INTEGER"


def _insertion(name: str) -> str:
    """Return the INSERT for all records of an object. LIMIT -1 keeps SQLite from computing a let wherever it is used."""
    recipe = RECIPES[name]
    columns = ", ".join(f'"{column}"' for column in recipe.fields)
    lets = "".join(f", {sql} AS {let}" for let, sql in recipe.lets.items())
    joins = " ".join(
        f'LEFT JOIN "{table}" AS {alias} ON {alias}.n = {row}' for alias, (table, row) in recipe.joins.items()
    )
    return f"""
        WITH RECURSIVE serial (n) AS (SELECT 1 WHERE :count > 0 UNION ALL SELECT n + 1 FROM serial WHERE n < :count)
        INSERT INTO "{name}"."{name}" (n, {columns})
        SELECT r.n, {", ".join(recipe.fields.values())}
        FROM (SELECT r.n{lets} FROM serial AS r LIMIT -1) AS r {joins}
    """  # noqa: S608  # all of it is ours


def _indexes(name: str) -> Iterator[str]:
    """Yield the indexes for finding a record, and a record's children."""
    yield f'CREATE UNIQUE INDEX "{name}"."{name}.Id" ON "{name}" ("Id")'
    for field in SCHEMA[name].fields:
        if field.children_name:
            yield f'CREATE INDEX "{name}"."{name}.{field.name}" ON "{name}" ("{field.name}")'
