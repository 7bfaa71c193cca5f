"""Weekly secrets: made once, private, destroyed for good."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from precrisis.posts.author_secret import AuthorSecrets, SecretDestroyed, iso_week


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    secrets = AuthorSecrets(tmp_path / "author")
    first = secrets.secret_for("2026-W47")
    assert first == AuthorSecrets(tmp_path / "author").secret_for("2026-W47")
    assert len(first) == 32
    path = tmp_path / "author" / "2026-W47.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["2026-W47.key"]


def test_weeks_have_different_secrets(tmp_path: Path) -> None:
    secrets = AuthorSecrets(tmp_path)
    assert secrets.secret_for("2026-W47") != secrets.secret_for("2026-W48")


def test_many_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    secrets = AuthorSecrets(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(secrets.secret_for, ["2026-W47"] * 64))
    assert len(found) == 1


def test_destroying_takes_earlier_weeks_only_and_says_which(tmp_path: Path) -> None:
    secrets = AuthorSecrets(tmp_path)
    kept = {week: secrets.secret_for(week) for week in ("2025-W52", "2026-W46", "2026-W47")}
    assert secrets.destroy_before("2026-W47") == ["2025-W52", "2026-W46"]
    assert secrets.destroy_before("2026-W47") == []
    assert secrets.secret_for("2026-W47") == kept["2026-W47"]
    assert not [p for p in tmp_path.iterdir() if kept["2026-W46"] in p.read_bytes()]


def test_the_bytes_are_overwritten_before_the_name_goes(tmp_path: Path) -> None:
    secrets = AuthorSecrets(tmp_path)
    before = secrets.secret_for("2026-W46")
    (tmp_path / "witness").hardlink_to(tmp_path / "2026-W46.key")
    secrets.destroy_before("2026-W47")
    after = (tmp_path / "witness").read_bytes()
    assert len(after) == 32
    assert after != before


@pytest.mark.parametrize("week", ["2026-W46", "2026-W01"])
def test_a_destroyed_week_never_comes_back(tmp_path: Path, week: str) -> None:
    secrets = AuthorSecrets(tmp_path)
    secrets.secret_for("2026-W46")
    secrets.destroy_before("2026-W47")
    secrets.destroy_before("2026-W10")
    with pytest.raises(SecretDestroyed, match=week):
        secrets.secret_for(week)


@pytest.mark.parametrize("week", ["2026-11-18", "../2026-W47", "2026-W7", ""])
def test_a_malformed_week_is_refused(tmp_path: Path, week: str) -> None:
    with pytest.raises(ValueError, match="2026-W47"):
        AuthorSecrets(tmp_path).secret_for(week)
    with pytest.raises(ValueError, match="2026-W47"):
        AuthorSecrets(tmp_path).destroy_before(week)


def test_weeks_are_those_of_utc_and_sort_across_years() -> None:
    rome = timezone(timedelta(hours=1))
    assert iso_week(datetime(2026, 11, 23, 0, 30, tzinfo=rome)) == "2026-W47"
    assert iso_week(datetime(2026, 11, 23, 1, 0, tzinfo=rome)) == "2026-W48"
    assert iso_week(datetime(2027, 1, 1, tzinfo=UTC)) == "2026-W53" < "2027-W01"
