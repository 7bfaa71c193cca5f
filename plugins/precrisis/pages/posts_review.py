"""The page on which a person confirms or corrects what the model says of posts.

For whoever may start posts_analyse. A form of another site can't act here: the browser must say
that the page it comes from is ours.
"""

import datetime as dt
from typing import Annotated, Any
from urllib.parse import urlsplit

from airflow.api_fastapi.core_api.security import get_user
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from expectations.post_signal import THEMES
from precrisis.audit import MIN_REASON
from precrisis.city import city
from precrisis.dashboards.publish import FOLDER
from precrisis.dashboards.texts import read_catalogue
from precrisis.pages.rendering import page
from precrisis.posts.reviewing import Answer, questions, record

AT_ONCE = 8
DAG = "posts_analyse"

router = APIRouter()


def may_review(manager, user) -> bool:
    """Whether an account may start the DAG that reads the texts; only such a one may see them."""
    from airflow.api_fastapi.auth.managers.models.resource_details import (
        DagAccessEntity,
        DagDetails,
    )

    return manager.is_authorized_dag(
        method="POST", access_entity=DagAccessEntity.RUN, details=DagDetails(id=DAG), user=user
    )


def reviewer(user: Annotated[Any, Depends(get_user)]) -> str:
    """The account, if it may review. Raises 403 otherwise."""
    from airflow.api_fastapi.app import get_auth_manager

    if not may_review(get_auth_manager(), user):
        raise HTTPException(403, f"reviewing posts is for those who may start {DAG}")
    return user.get_name()


async def own_form(request: Request) -> FormData:
    """The form, if it was sent from a page of this host. Raises 403 otherwise."""
    if not is_from_here(request.headers):
        raise HTTPException(403, "this form was sent from another site")
    return await request.form(max_files=0, max_fields=AT_ONCE * (len(THEMES) + 2) + 1)


def is_from_here(headers) -> bool:
    """By Fetch Metadata, or by Origin where a browser sends none (in clear, on another host)."""
    if site := headers.get("sec-fetch-site"):
        return site == "same-origin"
    return urlsplit(headers.get("origin", "")).netloc == headers["host"]


Reviewer = Annotated[str, Depends(reviewer)]


@router.get("/posts-review", response_class=HTMLResponse)
def ask_why(_account: Reviewer) -> str:
    """No text is shown before a reason is given."""
    return _page(posts=[], reason="", kept=None)


@router.post("/posts-review", response_class=HTMLResponse)
def review(form: Annotated[FormData, Depends(own_form)], account: Reviewer) -> str:
    """Keep the answers that came, and show the next posts."""
    reason, now = str(form.get("reason", "")).strip(), dt.datetime.now(dt.UTC)
    if len(reason) < MIN_REASON:
        return _page(posts=[], reason=reason, kept=None)
    kept = record(account, reason, _answers(form), now)
    return _page(posts=questions(account, reason, now, AT_ONCE), reason=reason, kept=kept)


def _answers(form: FormData) -> list[Answer]:
    """Of the posts whose box "judged" is ticked: the themes that are ticked."""
    found = []
    for n in range(AT_ONCE):
        if form.get(f"judged-{n}"):
            themes = frozenset(map(str, form.getlist(f"theme-{n}")))
            found.append(Answer(str(form.get(f"post-{n}")), themes))
    return found


def _page(**values) -> str:
    words = read_catalogue(FOLDER / "texts.yaml")["codes"]["theme"]
    names = {theme: words[theme][city().language] for theme in THEMES}
    return page("posts_review.html", themes=names, least=MIN_REASON, **values)
