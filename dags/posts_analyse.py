"""
### post → post_signal

**In** stored posts that were not understood yet, or were edited since.
**Out** `raw.post_signal`: language, themes with probabilities, links to places. No text.
**Rerun** writes the same rows; a new model version writes its own beside them.
**If it fails** the store or the encoder's weights are out of reach: `make status`, then clear.
"""

from airflow.sdk import dag, task

from precrisis.assets import POST, POST_SIGNAL
from precrisis.dag_defaults import RETRY, Pool, Tag
from precrisis.posts.analyse import understand_posts
from precrisis.run import in_run


@dag(
    schedule=[POST],
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=[Tag.ANALYSE, "post_signal"],
    default_args=RETRY,
)
def posts_analyse():
    task(in_run(understand_posts), pool=Pool.TEXT, outlets=[POST_SIGNAL])()


posts_analyse()
