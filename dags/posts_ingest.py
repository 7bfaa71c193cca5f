"""
### Feeds → post

**In** posts of the sources in the city pack (Mastodon, RSS, Jetstream, files), from each one's
cursor on; where a source tells of no deletion, a part of what is kept is read once more.
**Out** cut and pseudonymised texts, sealed, in the restricted bucket for their retention time;
`raw.post`. What its author deleted is due at once: `retention_enforce` deletes it.
**Rerun** goes on from the cursor; a repeated page lands on the same rows.
**If it fails** a source refused (token), is busy (429: it is left alone as long as it asks), broken
(5xx) or can't be listed: the error names it and the remedy; pages taken before are safe. Posts that
can't be used are in `ops.quarantine`.
"""

from airflow.sdk import dag, task

from precrisis.assets import POST
from precrisis.dag_defaults import RETRY, Pool, Tag, cron
from precrisis.posts.ingest import take_in_posts
from precrisis.run import in_run


@dag(
    schedule=cron("*/10 * * * *"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.INGEST, "post"],
    default_args=RETRY,
)
def posts_ingest():
    task(in_run(take_in_posts), pool=Pool.FEEDS, outlets=[POST])()


posts_ingest()
