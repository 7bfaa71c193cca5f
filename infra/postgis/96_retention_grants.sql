-- After the general grants. Retention deletes what is due and sees only what it deletes by.
GRANT SELECT (object_key, camera_id, started_at, ended_at) ON raw.footage_segment TO retention;
GRANT SELECT (source, post_id_hash, posted_at, due_at), DELETE ON raw.post_signal TO retention;
GRANT SELECT (source, post_id_hash, posted_at, object_key) ON raw.post TO retention;
GRANT SELECT (source, post_id_hash, due_at), DELETE ON raw.post_correction TO retention;
GRANT SELECT (reviewed_on), DELETE ON raw.theme_example TO retention;
GRANT SELECT (window_end), DELETE ON raw.camera_observation, raw.line_crossing TO retention;
GRANT SELECT (ended_at), DELETE ON raw.video_event, raw.video_sign, raw.event_label TO retention;
GRANT SELECT (expires_at), DELETE ON raw.camera_calibration TO retention;
GRANT SELECT (evaluated_on), DELETE ON raw.event_score TO retention;
GRANT SELECT (starts_on), DELETE ON raw.forecast TO retention;
GRANT SELECT (tested_on), DELETE ON raw.hot_spot TO retention;
GRANT SELECT (wave_ended_on), DELETE ON raw.survey_answer TO retention;
GRANT SELECT (fitted_on), DELETE ON raw.risk_baseline, raw.risk_covariate TO retention;
GRANT SELECT (judged_on), DELETE ON raw.measure_effect TO retention;
GRANT DELETE ON ops.outcome, ops.quarantine TO retention;
GRANT SELECT (ran_at), DELETE ON ops.validation TO retention;

-- What its author deleted is marked by whoever reads the feed, and deleted by retention.
GRANT SELECT (source, post_id_hash, author_key, posted_at, due_at), UPDATE (due_at) ON raw.post_signal TO ingest;

-- Holds are ordered by the data-protection officer's account; nobody changes one once given.
REVOKE ALL ON ops.legal_hold FROM ingest, analysis, transformer;
GRANT SELECT ON ops.legal_hold TO auditor, retention, transformer;
GRANT INSERT ON ops.legal_hold TO auditor;
