"""What the last attacks on the evidence pictures came to: attacks.json, written by `make attacks`.

A picture may leave only while the code that draws it is the code that withstood them.
"""

import ast
import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

RECORD = Path(__file__).with_name("attacks.json")
ATTACKED = ("detector", "background", "perspective", "silhouette")


def read() -> dict[str, Any]:
    """The last record."""
    return json.loads(RECORD.read_text())


def code_sha256() -> str:
    """Hash of the code that is attacked; words about it do not count."""
    trees = [ast.parse(RECORD.with_name(f"{name}.py").read_text()) for name in ATTACKED]
    for body in (getattr(node, "body", None) for tree in trees for node in ast.walk(tree)):
        match body:
            case [ast.Expr(ast.Constant(str())) as words, *_]:
                words.value = ast.Constant("")
    return hashlib.sha256("\n".join(map(ast.unparse, trees)).encode()).hexdigest()


def is_passed(content: dict[str, Any]) -> bool:
    """True when no attack succeeded that must not, and each control did."""
    dressed = content["dressed_anew"]
    return (
        all(attack["is_passed"] for attack in content["who_is_who"])
        and all(scene["output"] == 0 < scene["raw"] for scene in content["faces"])
        and dressed["outside_px"] == dressed["foreign_px"] == 0
        and dressed["mean_overlap"] >= dressed["min_overlap"]
    )


@lru_cache(maxsize=1)
def doubt() -> str | None:
    """Return why pictures of this code must not leave, None when they may."""
    content = read()
    if content["code_sha256"] != code_sha256():
        return "the code that draws was changed since it was attacked; run `make attacks`"
    if not is_passed(content):
        return f"the attacks of {content['ran_on']} succeeded"
    return None
