-- After the general grants. What an alert said stays as it was said.
REVOKE ALL ON ops.alert_version FROM ingest;
REVOKE UPDATE ON ops.alert_version FROM analysis;
-- A stop is ended by a row that says so: none is changed.
REVOKE ALL ON ops.alert_stop FROM ingest, analysis;
GRANT SELECT, INSERT ON ops.alert_stop TO analysis;
