"""What tests of every category share. Services are real: the stack that `make test` started."""

import datetime as dt
import os
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast examples are drawn depends on what else the machine does, not on the code.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def eval_data() -> Path:
    """Research data for evaluation; a test that needs it says so when it is not there."""
    folder = Path(os.environ.get("PRECRISIS_EVAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("research data is absent: set PRECRISIS_EVAL_DATA to its folder")
    return folder


@pytest.fixture
def run():
    """A run of its own, so that outcomes of one test are not those of another."""
    from precrisis.run import Run

    end = dt.datetime.now(dt.UTC)
    name = f"test-{uuid.uuid4().hex[:12]}"
    return Run("test", name, end - dt.timedelta(hours=1), end)
