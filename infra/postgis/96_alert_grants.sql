-- After the general grants. What an alert said stays as it was said.
REVOKE ALL ON ops.alert_version FROM ingest;
REVOKE UPDATE ON ops.alert_version FROM analysis;
