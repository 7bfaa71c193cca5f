"""Makes Superset's own database ready in one process: tables, roles, administrator.

Does what `superset db upgrade`, `superset init` and `superset fab create-admin` do, without
starting Python and Superset three times. Running it again changes nothing but the password.

Environment: that of superset_config.py, and SUPERSET_ADMIN_PASSWORD.
"""

import os
from pathlib import Path

import superset
from flask_migrate import upgrade
from superset.app import create_app

ADMIN = "admin"


def main() -> None:
    """Prepare the database named by SUPERSET_METADATA_URI.

    Raises:
        KeyError: SUPERSET_ADMIN_PASSWORD is not set.
    """
    password = os.environ["SUPERSET_ADMIN_PASSWORD"]
    app = create_app()
    with app.app_context():
        upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
        superset.appbuilder.add_permissions(update_perms=True)
        superset.security_manager.sync_role_definitions()
        _ensure_admin(password)
        superset.db.session.commit()


def _ensure_admin(password: str) -> None:
    manager = superset.security_manager
    known = manager.find_user(username=ADMIN)
    if known:
        manager.reset_password(known.id, password)
        return
    role = manager.find_role("Admin")
    manager.add_user(ADMIN, "Admin", "PreCrisis", "admin@precrisis.example", role, password)


if __name__ == "__main__":
    main()
