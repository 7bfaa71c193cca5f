"""Who may read the dashboards: the role Analyst and its user."""

from precrisis.dashboards.client import Superset

ANALYST = "Analyst"


def allow_marts(superset: Superset, database_id: int, permission: str) -> int:
    """Create or refresh role Analyst: schema marts of our database and nothing else.

    Args:
        superset: a signed-in administrator.
        database_id: Superset's id of the warehouse.
        permission: the schema's permission name, "[database].[catalog].[schema]".

    Returns:
        The role's id.

    Raises:
        LookupError: Superset has no such schema permission.
    """
    superset.write(f"database/{database_id}/sync_permissions/", {})
    role_id = _role(superset, ANALYST)
    wanted = _permission(superset, "schema_access", permission)
    superset.write(f"security/roles/{role_id}/permissions", {"permission_view_menu_ids": [wanted]})
    return role_id


def ensure_analyst(superset: Superset, role_id: int, password: str) -> int:
    """Create or refresh user `analyst` with Gamma (what one may do) and Analyst (what on).

    Returns:
        The user's id.
    """
    account = {
        "username": "analyst",
        "first_name": "Analyst",
        "last_name": "PreCrisis",
        "email": "analyst@precrisis.example",
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
