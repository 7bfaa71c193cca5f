-- After the general grants: nobody writes the log but through ops.append_audit.
REVOKE ALL ON ops.audit_log, ops.incident_mode FROM ingest, analysis, retention, transformer;
REVOKE ALL ON FUNCTION ops.append_audit(text, text, text, text, text, jsonb) FROM public;
GRANT EXECUTE ON FUNCTION ops.append_audit(text, text, text, text, text, jsonb)
TO ingest, analysis, retention, auditor;
REVOKE ALL ON FUNCTION ops.broken_audit() FROM public;
GRANT EXECUTE ON FUNCTION ops.broken_audit() TO auditor, retention;
GRANT SELECT ON ops.audit_log TO auditor, transformer;
GRANT SELECT ON ops.incident_mode TO auditor, transformer, analysis;
GRANT INSERT, UPDATE (ends_at) ON ops.incident_mode TO analysis;
