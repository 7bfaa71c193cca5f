"""Who may read which dashboard: a role and a user for each schema of marts."""

from dataclasses import dataclass

from precrisis.dashboards.client import Superset

ANALYST, OFFICER = "Analyst", "Officer"


@dataclass(frozen=True)
class Reader:
    """Who reads a schema: the role in Superset, and the user who has it."""

    role: str
    user: str


READERS = {"marts": Reader(ANALYST, "analyst"), "officer": Reader(OFFICER, "officer")}


def allow_schema(superset: Superset, role: str, database_id: int, permission: str) -> int:
    """Create or refresh a role: one schema of one database and nothing else.

    Args:
        superset: a signed-in administrator.
        role: its name in Superset.
        database_id: Superset's id of the warehouse.
        permission: the schema's permission name, "[database].[catalog].[schema]".

    Returns:
        The role's id.

    Raises:
        LookupError: Superset has no such schema permission.
    """
    superset.write(f"database/{database_id}/sync_permissions/", {})
    role_id = _role(superset, role)
    wanted = _permission(superset, "schema_access", permission)
    superset.write(f"security/roles/{role_id}/permissions", {"permission_view_menu_ids": [wanted]})
    return role_id


def ensure_user(superset: Superset, name: str, role_id: int, password: str) -> int:
    """Create or refresh a user with Gamma (what one may do) and one role of ours (what on).

    Returns:
        The user's id.
    """
    account = {
        "username": name,
        "first_name": name.capitalize(),
        "last_name": "PreCrisis",
        "email": f"{name}@precrisis.example",
        "active": True,
        "roles": [_existing_role(superset, "Gamma"), role_id],
        "password": password,
    }
    for user in superset.all_of("security/users"):
        if user["username"] == account["username"]:
            superset.change(f"security/users/{user['id']}", account)
            return user["id"]
    return superset.write("security/users/", account)["id"]


def _role(superset: Superset, name: str) -> int:
    try:
        return _existing_role(superset, name)
    except LookupError:
        return superset.write("security/roles/", {"name": name})["id"]


def _existing_role(superset: Superset, name: str) -> int:
    for role in superset.all_of("security/roles"):
        if role["name"] == name:
            return role["id"]
    raise LookupError(f"Superset has no role {name}: run `superset init`.")


def _permission(superset: Superset, action: str, resource: str) -> int:
    for entry in superset.all_of("security/permissions-resources"):
        if (entry["permission"]["name"], entry["view_menu"]["name"]) == (action, resource):
            return entry["id"]
    raise LookupError(f"Superset has no permission {action} on {resource}: import the database.")
