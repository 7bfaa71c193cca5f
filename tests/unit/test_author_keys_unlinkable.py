"""G6: one author in two weeks has two keys that nobody can tie together once a secret is gone."""

import datetime as dt
from pathlib import Path

from precrisis.posts.author_secret import AuthorSecrets
from precrisis.posts.cutting import CutPost, UnusablePost, cut

SUNDAY = dt.datetime(2026, 3, 8, 23, 59, tzinfo=dt.UTC)
MONDAY = dt.datetime(2026, 3, 9, 0, 1, tzinfo=dt.UTC)


def status(status_id: int, author: int, at: dt.datetime) -> dict:
    return {
        "id": str(status_id), "created_at": at.isoformat(), "visibility": "public",
        "content": "<p>a quiet evening</p>", "account": {"id": str(author)},
    }  # fmt: skip


def cut_by(secrets: AuthorSecrets, *given) -> CutPost | UnusablePost:
    return cut("feed", status(*given), secrets.secret_at, MONDAY)


def test_G6_an_author_is_one_within_a_week_and_unrelated_across_its_end(tmp_path: Path) -> None:
    secrets = AuthorSecrets(tmp_path)
    before = cut_by(secrets, 1, 7, SUNDAY)
    same_week = cut_by(secrets, 2, 7, SUNDAY - dt.timedelta(days=6))
    after, another = cut_by(secrets, 1, 7, MONDAY), cut_by(secrets, 3, 8, MONDAY)
    assert before.author_key == same_week.author_key
    assert len({before.author_key, after.author_key, another.author_key}) == 3
    assert before.post_id_hash != after.post_id_hash  # of the very same post number, even
    # Two keys of one author are as far apart as those of two: about half of all bits differ.
    distance = (int(before.author_key, 16) ^ int(after.author_key, 16)).bit_count()
    assert 32 < distance < 96


def test_G6_after_the_secret_is_destroyed_no_key_of_its_week_can_be_made_again(
    tmp_path: Path,
) -> None:
    secrets = AuthorSecrets(tmp_path / "author")
    key = cut_by(secrets, 1, 7, SUNDAY).author_key
    secret = secrets.secret_at(SUNDAY)
    witness = tmp_path / "witness"  # whoever held the file open reads what the disk holds now
    witness.hardlink_to(tmp_path / "author" / "2026-W10.key")
    assert secrets.destroy_before("2026-W11") == ["2026-W10"]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert witness in files
    assert not [path for path in files if secret in path.read_bytes()]
    again = cut_by(AuthorSecrets(tmp_path / "author"), 1, 7, SUNDAY)
    assert isinstance(again, UnusablePost)
    assert (again.rule, key in repr(again)) == ("too_old", False)


def test_G6_a_secret_made_anew_would_not_bring_the_keys_back(tmp_path: Path) -> None:
    first, second = AuthorSecrets(tmp_path / "first"), AuthorSecrets(tmp_path / "second")
    assert cut_by(first, 1, 7, SUNDAY).author_key != cut_by(second, 1, 7, SUNDAY).author_key
