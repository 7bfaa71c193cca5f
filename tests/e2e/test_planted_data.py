"""Personal data planted in every input is found nowhere: no store, table, log, mail, page or paper.

The sample posts carry handles, e-mail addresses, telephone numbers, a tax code and links; here a
recording with a voice and a name in its metadata, and records with names and numbers, join them.
"""

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.samples.feed_server import account_of
from infra.stack import objectstore
from infra.stack.layout import BUCKETS, ROOT

NAME, PLATE, PHONE = "Gianbattista Pedrotti", "GX742KM", "348 5550199"
E_MAIL, TAX_CODE = "g.pedrotti@posta.example", "PDRGBT80A01L378K"
PLANTED = [NAME, PLATE, PHONE, E_MAIL, TAX_CODE]
CAMERA = "duomo-nord"
RECORDS = f"""
planted-1,{NAME},2026-03-06T18:00:00Z,2026-03-06T19:00:00Z,-8.6,41.1,50,citizen
{PLATE} {NAME},theft,2026-03-06T18:00:00Z,2026-03-06T19:00:00Z,-8.6,41.1,50,citizen
planted-3,theft,{PHONE},{E_MAIL},{TAX_CODE},{NAME},50,{NAME}
"""


def in_samples() -> list[str]:
    """What the sample posts hold that must not be met again, and each of their sentences."""
    posts = [
        json.loads(line)
        for line in (ROOT / "infra" / "samples" / "posts.jsonl").read_text().splitlines()
    ]
    accounts = [account_of(post["author"]) for post in posts]
    text = "\n".join(post["text"] for post in posts)
    return [
        *{f"@{account['username']}" for account in accounts},
        *{account["display_name"] for account in accounts},
        *{account["id"] for account in accounts},
        *re.findall(r"[\w.]+@[\w.]+\.example", text),
        *re.findall(r"\+?\d[\d ]{8,}\d", text),
        "RSSMRA85T10A562S",
        "lostandfound.example.org/items",
        *(post["text"][:60] for post in posts if len(post["text"]) >= 60),
    ]


@pytest.fixture(scope="module")
def planted(stack, airflow) -> list[str]:
    """Offer the planted recording and records, let the DAGs take them in, and say what to seek."""
    footage = stack.state / "samples" / "footage" / CAMERA
    clip = next(footage.glob("*.avi"))
    draft = stack.state / "planted.mkv"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-t", "12", "-i", str(clip), "-f", "lavfi", "-i",
         "sine=frequency=220:duration=12", "-metadata", f"title={NAME}", "-metadata",
         f"comment={PLATE} {PHONE}", "-c:v", "copy", "-c:a", "aac", str(draft)], check=True,
    )  # fmt: skip
    target = footage / f"{CAMERA}_20260107T100000Z.mkv"
    shutil.move(draft, target)
    _aged(target)
    records = stack.state / "samples" / "records" / "incidents.csv"
    before = records.read_text()
    records.write_text(before.rstrip("\n") + RECORDS)
    airflow.set_paused(["footage_ingest", "footage_analyse", "incidents_ingest"], False)
    for dag_id in ("footage_ingest", "incidents_ingest"):
        airflow.finish(dag_id, airflow.start(dag_id))
    yield [*PLANTED, *in_samples()]
    records.write_text(before)


def _aged(file: Path) -> None:
    """A file that was just written may still be growing, and is not taken in."""
    subprocess.run(["touch", "-d", "2 minutes ago", str(file)], check=True)


def sought(words: list[str]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(word.encode()) for word in words))


def met(pattern: re.Pattern[bytes], content: bytes) -> set[str]:
    return {found.decode() for found in pattern.findall(content)}


def test_what_was_planted_went_in(planted, rows):
    taken = rows("SELECT 1 FROM raw.footage_segment WHERE started_at >= '2026-01-07T10:00Z' "
                 "AND started_at < '2026-01-07T10:01Z'")  # fmt: skip
    assert taken
    refused = rows("SELECT 1 FROM ops.quarantine WHERE noun = 'incident'")
    assert len(refused) >= 3


@pytest.mark.parametrize("database", ["precrisis", "airflow", "superset"])
def test_G6_no_table_holds_what_was_planted(planted, stack, database):
    """As text, with every column of every schema: results kept between tasks are among them."""
    dump = subprocess.run(
        ["pg_dump", "--data-only", "--inserts", stack.dsn("owner", database)],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert len(dump) > 10_000
    assert met(sought(planted), dump) == set()


def test_G6_no_object_and_no_byte_of_the_store_holds_what_was_planted(planted, stack):
    pattern, client = sought(planted), objectstore.client(stack)
    for bucket in BUCKETS:
        for entry in client.list_objects(bucket, recursive=True):
            with client.get_object(bucket, entry.object_name) as answer:
                assert met(pattern, answer.read()) == set(), entry.object_name
            assert met(pattern, entry.object_name.encode()) == set()
    for file in files_under(stack.state / "weed"):
        assert met(pattern, content_of(file)) == set(), file


def test_G6_no_log_no_mail_and_no_other_file_holds_what_was_planted(planted, stack):
    """All of the state folder but what no program of the city wrote.

    The samples are the outside world, and the tests' own reports name the cases that they tried.
    """
    pattern = sought(planted)
    outside = {stack.state / "samples", stack.state / "results"}
    found = {
        str(file.relative_to(stack.state)): hits
        for file in files_under(stack.state)
        if not outside & set(file.parents) and (hits := met(pattern, content_of(file)))
    }
    assert found == {}


def test_G6_no_paper_holds_what_was_planted(planted, stack, tmp_path):
    pattern, client = sought(planted), objectstore.client(stack)
    papers = [
        entry.object_name
        for entry in client.list_objects("published", recursive=True)
        if entry.object_name.endswith(".pdf")
    ]
    assert papers
    for name in papers:
        paper = tmp_path / "paper.pdf"
        client.fget_object("published", name, str(paper))
        text = subprocess.run(["pdftotext", str(paper), "-"], capture_output=True, check=True)
        assert met(pattern, text.stdout) == set(), name


def test_G2_no_stored_object_holds_a_sound(planted, stack, rows, tmp_path):
    from precrisis import store

    keys = [row["object_key"] for row in rows("SELECT object_key FROM raw.footage_segment")]
    assert keys
    for key in keys:
        piece = store.fetch("analysis", "restricted", key, tmp_path)
        probe = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type:format_tags",
                 "-of", "json", str(piece)]  # fmt: skip
        told = json.loads(subprocess.run(probe, capture_output=True, check=True).stdout)
        assert [stream["codec_type"] for stream in told["streams"]] == ["video"], key
        assert NAME not in json.dumps(told)
        piece.unlink()


def test_no_secret_of_the_stack_is_in_a_log_a_table_or_a_mail(stack, passwords):
    """Passwords and keys, sought like planted data; where they belong they are mode 0600."""
    words = [value for value in passwords.values() if len(value) >= 16]
    pattern = sought(words)
    homes = {stack.state / "secrets", stack.state / "weed", stack.state / "env"}
    found = {
        str(file.relative_to(stack.state)): len(hits)
        for file in files_under(stack.state)
        if not homes & {file, *file.parents}
        and "postgres" not in file.parts
        and (hits := met(pattern, content_of(file)))
    }
    assert found == {}
    private = [f for home in homes for f in (files_under(home) if home.is_dir() else [home])]
    holding = [file for file in private if met(pattern, content_of(file))]
    assert {oct(file.stat().st_mode & 0o077) for file in holding} == {"0o0"}


def files_under(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def content_of(file: Path) -> bytes:
    """Content of a file; a mail's parts and a compressed file are opened."""
    content = file.read_bytes()
    if file.suffix == ".eml":
        import email
        import email.policy

        mail = email.message_from_bytes(content, policy=email.policy.default)
        parts = [part.get_payload(decode=True) or b"" for part in mail.walk()]
        return content + b"\n".join(parts)
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
