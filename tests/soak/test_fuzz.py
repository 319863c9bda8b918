"""Every mouth of the client, fed with what nobody should send: what comes out is a value or one of our errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("atheris")

HERE = Path(__file__).parent
RUNS = 150_000

pytestmark = pytest.mark.timeout(1800)


@pytest.mark.parametrize("target", sorted(each.name for each in (HERE / "corpus").iterdir()))
def test_nothing_foreign_comes_out(target: str, tmp_path: Path) -> None:
    found = tmp_path / "found"
    found.mkdir()
    fuzzing = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", HERE / "fuzz.py", target),
            *(f"-runs={RUNS}", "-max_len=6000", f"-artifact_prefix={tmp_path}/"),
            *(found, HERE / "corpus" / target),
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert 0 == fuzzing.returncode, fuzzing.stderr[-4000:]
