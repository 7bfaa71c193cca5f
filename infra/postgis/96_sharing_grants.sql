-- After the general grants. A share is entered once; afterwards only its recall is written.
REVOKE ALL ON ops.share FROM ingest;
REVOKE UPDATE ON ops.share FROM analysis;
GRANT UPDATE (recalled_at, recalled_by, recall_reason, notified_at) ON ops.share TO analysis;
