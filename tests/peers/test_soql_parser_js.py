"""Generated queries that a SOQL parser of npm, which nobody here wrote, and the practice org have to agree on."""

# ruff: noqa: S608, S311  # what looks like SQL is SOQL; queries are drawn by lot, no secrets

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from asking import compiled

from sfmtls_nb.practice.soql import SoqlError

PARSER = "@jetstreamapp/soql-parser-js"
VERSION = "6.3.1"
#: In the virtual environment, which git ignores.
CACHE = Path(sys.prefix) / "share" / "npm" / f"soql-parser-js-{VERSION}"
ASK = (
    f"const {{ isQueryValid }} = require('{PARSER}');"
    "const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
    "console.log(JSON.stringify(asked.map((text) => isQueryValid(text))));"
)
QUERIES, SPOILT = 500, 250


@pytest.fixture(scope="module")
def parser() -> Path:
    """The folder in which node finds the parser."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")
    if not (CACHE / "node_modules" / PARSER / "package.json").is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--prefix", str(CACHE), "--no-audit", "--no-fund", f"{PARSER}@{VERSION}"]
        try:
            subprocess.run(install, check=True, capture_output=True, timeout=90)
        except subprocess.SubprocessError as error:
            pytest.skip(f"npm cannot install {PARSER}: {error}")
    return CACHE


def valid(parser: Path, queries: list[str]) -> list[bool]:
    done = subprocess.run(
        ["node", "-e", ASK],
        cwd=parser,
        input=json.dumps(queries),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found: list[bool] = json.loads(done.stdout)
    return found


# ------------------------------------------------------------ queries, from tables

#: Right conditions on an opportunity, each with what only SOQL has somewhere.
CONDITIONS = (
    "Name = 'x'", "Name != null", "Amount > 1000.5", "Amount <= -3", "IsWon = TRUE", "Name LIKE '%o\\'x_'", "CloseDate = TODAY",
    "CloseDate < NEXT_N_QUARTERS:2", "CreatedDate >= 2026-01-01T00:00:00Z", "CloseDate <> 2026-01-31", "StageName IN ('a', 'b')",
    "StageName NOT IN ('a')", "Account.Owner.Name = 'x'", "NOT Name = 'x'", "(NOT Name LIKE 'x%')", "Id IN ('006000000000000')",
    "AccountId IN (SELECT Id FROM Account WHERE Industry != 'Retail')", "AccountId NOT IN (SELECT AccountId FROM Contact)",
    "CALENDAR_YEAR(CreatedDate) = 2026", "HOUR_IN_DAY(convertTimezone(CreatedDate)) > 8", "DAY_ONLY(CreatedDate) = YESTERDAY",
    "WEEK_IN_MONTH(CloseDate) < 3", "FISCAL_QUARTER(CloseDate) = 1", "toLabel(StageName) = 'x'", "Amount > USD5000",
    "Type INCLUDES ('a;b', 'c')", "Type EXCLUDES ('a')", "DISTANCE(Account.BillingAddress, GEOLOCATION(37.7, -122.4), 'mi') < 20",
    "CreatedDate = LAST_FISCAL_YEAR", "Probability = 50", "LastModifiedDate > N_MONTHS_AGO:3",
)  # fmt: skip
SELECTED = (
    "Id", "Name", "Amount", "Account.Name", "Owner.Manager.Name", "toLabel(Type)", "FORMAT(CloseDate) day", "convertCurrency(Amount) c",
    "FORMAT(convertCurrency(Amount)) d", "TYPEOF Owner WHEN User THEN Email, Phone WHEN Group THEN Name ELSE Id END",
    "TYPEOF LastModifiedBy WHEN User THEN Title END", "StageName", "CreatedDate", "DISTANCE(Account.BillingAddress, GEOLOCATION(1, 2), 'km') far",
)  # fmt: skip
GROUPS = (
    "StageName", "Type", "Account.Industry", "CALENDAR_YEAR(CloseDate)", "CALENDAR_MONTH(CreatedDate)", "DAY_IN_WEEK(CloseDate)",
    "FISCAL_YEAR(CreatedDate)", "HOUR_IN_DAY(convertTimezone(CreatedDate))", "DAY_ONLY(CreatedDate)", "WEEK_IN_YEAR(CloseDate)",
)  # fmt: skip
AGGREGATES = (
    "COUNT(Id)", "COUNT_DISTINCT(AccountId) n", "SUM(Amount) total", "AVG(Amount)", "MIN(CloseDate)", "MAX(Name) m",
    "FORMAT(MAX(CloseDate)) latest",
)  # fmt: skip
SCOPES = ("EVERYTHING", "mine", "Team", "DELEGATED", "My_Territory", "MY_TEAM_TERRITORY")
MODES = ("USER_MODE", "SYSTEM_MODE", "SECURITY_ENFORCED", "DATA CATEGORY Geography__c AT usa__c")
ENDS = ("", "FOR VIEW", "FOR REFERENCE", "FOR UPDATE", "UPDATE TRACKING", "UPDATE VIEWSTAT", "FOR VIEW UPDATE TRACKING")


def some(random: Random, texts: tuple[str, ...], most: int) -> list[str]:
    return random.sample(texts, random.randint(1, most))


def perhaps(random: Random, text: str) -> str:
    return text if random.random() < 0.4 else ""


def condition(random: Random) -> str:
    word = random.choice((" AND ", " OR "))
    # "Semi join sub-selects are not allowed with the 'OR' operator"
    parts = [part for part in some(random, CONDITIONS, 3) if word == " AND " or "(SELECT" not in part]
    return word.join(parts or [CONDITIONS[0]])


def page(random: Random) -> str:
    # The parser does not know OFFSET without LIMIT behind a WHERE.
    return perhaps(random, f"LIMIT 7 {perhaps(random, 'OFFSET 3')}")


def of_records(random: Random) -> str:
    children = perhaps(random, f", (SELECT Id, Subject FROM Cases {perhaps(random, 'WHERE IsClosed = false')} LIMIT 2)")
    from_ = random.choice(("Opportunity", "opportunity o"))
    selected = ", ".join(some(random, SELECTED, 5))
    if children:
        from_, selected = "Account", "Id, Name"
    where = "" if children else perhaps(random, f"WHERE {condition(random)}")
    order = perhaps(random, f"ORDER BY Name {random.choice(('', 'ASC', 'desc'))} {perhaps(random, 'NULLS LAST')}, Id")
    return (
        f"SELECT {selected}{children} FROM {from_} {perhaps(random, f'USING SCOPE {random.choice(SCOPES)}')} {where} "
        f"{perhaps(random, f'WITH {random.choice(MODES)}')} {order} {page(random)} {random.choice(ENDS)}"
    )


def of_groups(random: Random) -> str:
    word = random.choice(("", "", "ROLLUP", "CUBE"))
    # ROLLUP and CUBE take fields, no functions.
    groups = some(random, GROUPS[:3] if word else GROUPS, 3)
    grouping = [f"GROUPING({groups[0]})"] if word else []
    selected = [*groups, *grouping, *some(random, AGGREGATES, 3)]
    by = ", ".join(groups)
    return (
        f"SELECT {', '.join(selected)} FROM Opportunity {perhaps(random, f'WHERE {condition(random)}')} "
        f"{perhaps(random, 'WITH USER_MODE')} GROUP BY {f'{word}({by})' if word else by} "
        f"{perhaps(random, 'HAVING COUNT(Id) > 1')} {perhaps(random, f'ORDER BY {groups[-1]} DESC, COUNT(Id)')} {page(random)}"
    )


def query(random: Random) -> str:
    made = random.choice((of_records, of_records, of_groups))(random)
    return " ".join(made.split())


def spoil(random: Random, text: str) -> str:
    """A query in which one word is left out, doubled or in another place."""
    words = text.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split()
    at, other = random.randrange(len(words)), random.randrange(len(words))
    match random.randrange(3):
        case 0:
            words.pop(at)
        case 1:
            words.insert(at, words[at])
        case _:
            words[at], words[other] = words[other], words[at]
    return " ".join(words)


RANDOM = Random(14)
RIGHT = [query(RANDOM) for _ in range(QUERIES)]
WRONG = [spoil(RANDOM, text) for text in RIGHT[:SPOILT]]


def answer(text: str) -> str:
    """What is wrong with a query; "" if it can be run."""
    try:
        compiled(text)
    except SoqlError as error:
        return f"{error.code}: {error.message}"
    return ""


def test_what_the_parser_takes_is_run_or_said_to_be_not_simulated(parser: Path) -> None:
    answers = [(text, answer(text)) for text in RIGHT]
    assert [] == [text for text, taken in zip(RIGHT, valid(parser, RIGHT), strict=True) if not taken]
    assert [] == [each for each in answers if each[1] and "not simulated" not in each[1]]
    assert sum(not reason for _, reason in answers) > QUERIES / 2


def test_what_is_run_is_soql_for_the_parser_too(parser: Path) -> None:
    taken_here = [text for text in WRONG if not answer(text)]
    assert [] == [text for text, taken in zip(taken_here, valid(parser, taken_here), strict=True) if not taken]
