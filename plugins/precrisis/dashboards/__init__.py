"""Dashboards as code: texts, layout, bundle and publication to Superset."""
