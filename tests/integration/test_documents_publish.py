"""assessments_publish on a real warehouse and store."""

from precrisis.city import city
from precrisis.documents.figures import read_figures
from precrisis.documents.publishing import publish_documents
from precrisis.gate import authorise
from precrisis.warehouse import connect


def figures(run) -> dict[str, int]:
    with connect("auditor") as connection:
        return read_figures(connection, run.interval_end)


def test_documents_are_published_in_both_languages_as_page_and_paper(world, run):
    assert publish_documents(run) == 2 * 2 * (3 + 2 * len(city().processing.purposes))
    keys = world.store.keys("published", "document/")
    endings = {tuple(key.rsplit(".", 2)[1:]) for key in keys}
    assert endings == {("it", "html"), ("it", "pdf"), ("en", "html"), ("en", "pdf")}
    assert set(world.outcomes("publish_document").values()) == {"ok"}
    publish_documents(run)
    assert world.store.keys("published", "document/") == keys


def test_figures_follow_what_happens(world, run):
    before = figures(run)
    assert set(before.values()) == {0}
    authorise(city().source("test-footage"), run, "ingest")
    world.rows(
        "INSERT INTO ops.object_ledger VALUES ('restricted', 'post/x', 'post', 'h', 1, "
        "now() - interval '80 hours', now() - interval '8 hours', NULL)"
    )
    world.rows(
        "INSERT INTO ops.outcome VALUES ('take_in_posts', 'x', 'a run nobody allowed', 'd', 'ok', "
        "1, 1, '', now(), now())"
    )
    after = figures(run)
    changed = {name: number for name, number in after.items() if number != before[name]}
    assert changed == {
        "runs_allowed": 1, "objects_stored": 1, "objects_past_due": 1, "longest_kept_h": 80,
        "runs_without_basis": 1,
    }  # fmt: skip
