"""The command `python -m models.evaluate text`: its options, and what they run."""

import argparse
import os
from dataclasses import replace
from pathlib import Path

from models.evaluation.place_links import evaluate_places
from models.evaluation.posts import read_posts
from models.evaluation.text import evaluate_text
from models.text.gazetteer import read_gazetteer

TRENTO = Path(__file__).parents[2] / "infra/city/trento"


def add_to(commands: "argparse._SubParsersAction") -> None:
    """Add the command to a parser's commands."""
    text = commands.add_parser("text", help="posts: informative, hate, places")
    text.add_argument("--task", choices=("informative", "hate", "place"), required=True)
    text.add_argument("--posts", type=Path, required=True, help="CSV, UTF-8, with a header")
    text.add_argument("--text-column", default="text")
    text.add_argument("--label-column", default="label", help="for places: ids separated by ; or |")
    text.add_argument(
        "--positive", default="", help="labels that count as yes, separated by commas"
    )
    text.add_argument("--by", metavar="COLUMN", help="also judge each group of this column")
    text.add_argument(
        "--gazetteer",
        type=Path,
        default=TRENTO,
        help="city pack, or YAML/JSON {place_id: [names]}, or CSV place_id,name",
    )
    text.add_argument("--town", help="the city's own name, where the gazetteer does not say it")
    text.add_argument(
        "--workers", type=int, default=os.cpu_count(), help="threads, a batch each (default: CPUs)"
    )
    text.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict:
    """Evaluate as asked. Raises BadLabels, BadGazetteer, WeightsMissing."""
    columns = options.text_column, options.label_column
    if options.task == "place":
        gazetteer = read_gazetteer(options.gazetteer)
        gazetteer = replace(gazetteer, town=options.town or gazetteer.town)
        return evaluate_places(options.posts, *columns, gazetteer, options.by)
    from models.text.understanding import Understanding

    positive = [value for value in options.positive.split(",") if value.strip()]
    posts = read_posts(options.posts, options.task, *columns, positive, options.by)
    reader = Understanding(workers=options.workers)
    reader.load()
    return evaluate_text(options.task, posts, reader)
