-- One table per station noun. Written by the ingest and analysis roles only through the door
-- (plugins/precrisis/door.py); read by the transformer. Every time column is UTC.
-- loaded_at is when the row arrived here; dbt measures freshness on it.

CREATE TABLE IF NOT EXISTS raw.footage_segment (
    camera_id      text        NOT NULL,
    started_at     timestamptz NOT NULL,
    ended_at       timestamptz NOT NULL,
    source_id      text        NOT NULL,
    object_key     text        NOT NULL UNIQUE,
    sha256         text        NOT NULL,
    size_bytes     bigint      NOT NULL,
    frame_count    integer     NOT NULL,
    frame_rate_hz  real        NOT NULL,
    width_px       integer     NOT NULL,
    height_px      integer     NOT NULL,
    codec          text        NOT NULL,
    due_at         timestamptz NOT NULL,
    loaded_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (camera_id, started_at)
);

CREATE TABLE IF NOT EXISTS raw.camera_observation (
    camera_id          text        NOT NULL,
    zone_id            text        NOT NULL,
    window_start       timestamptz NOT NULL,
    window_end         timestamptz NOT NULL,
    people_mean        real        NOT NULL,
    people_max         integer     NOT NULL,
    density_per_m2     real,
    speed_m_s          real,
    motion_px_s        real        NOT NULL,
    flow_direction_deg real,
    vehicles_mean      real        NOT NULL,
    anomaly_score      real,
    frame_count        integer     NOT NULL,
    is_blind           boolean     NOT NULL,
    model_version      text        NOT NULL,
    fruin_level        text,
    entered_count      integer     NOT NULL DEFAULT 0,
    left_count         integer     NOT NULL DEFAULT 0,
    dwell_s            real,
    loaded_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (camera_id, zone_id, window_start)
);
ALTER TABLE raw.camera_observation
    ADD COLUMN IF NOT EXISTS fruin_level text,
    ADD COLUMN IF NOT EXISTS entered_count integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS left_count integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS dwell_s real;
-- For the other regions of the same picture (dbt: int_camera_windows).
CREATE INDEX IF NOT EXISTS camera_observation_window_idx ON raw.camera_observation (camera_id, window_start);

-- How many crossed a line in the picture in a window, each way; the lines are the city pack's. Written
-- by analysis itself, so without a door.
CREATE TABLE IF NOT EXISTS raw.line_crossing (
    camera_id            text        NOT NULL,
    line_id              text        NOT NULL,
    window_start         timestamptz NOT NULL,
    window_end           timestamptz NOT NULL,
    people_right_count   integer     NOT NULL CHECK (people_right_count >= 0),
    people_left_count    integer     NOT NULL CHECK (people_left_count >= 0),
    vehicles_right_count integer     NOT NULL CHECK (vehicles_right_count >= 0),
    vehicles_left_count  integer     NOT NULL CHECK (vehicles_left_count >= 0),
    model_version        text        NOT NULL,
    loaded_at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (camera_id, line_id, window_start)
);
CREATE INDEX IF NOT EXISTS line_crossing_window_idx ON raw.line_crossing (camera_id, window_start);

-- What in a segment may become an event about behaviour, where the mode allows it: a place, a time, a
-- measure, and nothing of who. Written by analysis itself, so without a door.
CREATE TABLE IF NOT EXISTS raw.video_sign (
    camera_id     text        NOT NULL,
    zone_id       text        NOT NULL,
    kind          text        NOT NULL,
    started_at    timestamptz NOT NULL,
    ended_at      timestamptz NOT NULL CHECK (ended_at >= started_at),
    value         double precision NOT NULL CHECK (value >= 0),
    model_version text        NOT NULL,
    loaded_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (camera_id, zone_id, kind, started_at, ended_at)
);

-- What is normal at a camera, learnt from its own footage; the artefact lies in the derived bucket.
CREATE TABLE IF NOT EXISTS raw.camera_calibration (
    camera_id            text        NOT NULL,
    calibrated_at        timestamptz NOT NULL,
    model_version        text        NOT NULL,
    settings_digest      text        NOT NULL,
    learnt_from          jsonb       NOT NULL,
    frame_count          integer     NOT NULL,
    frame_rate_hz        real        NOT NULL,
    width_px             integer     NOT NULL,
    height_px            integer     NOT NULL,
    alarm_score          double precision NOT NULL,
    false_alarms_per_day real        NOT NULL,
    object_key           text        NOT NULL,
    sha256               text        NOT NULL,
    expires_at           timestamptz NOT NULL,
    loaded_at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (camera_id, calibrated_at)
);

CREATE TABLE IF NOT EXISTS raw.video_event (
    event_id      text        PRIMARY KEY,
    camera_id     text        NOT NULL,
    zone_id       text        NOT NULL,
    kind          text        NOT NULL,
    started_at    timestamptz NOT NULL,
    ended_at      timestamptz NOT NULL,
    confidence    real        NOT NULL,
    model_version text        NOT NULL,
    loaded_at     timestamptz NOT NULL DEFAULT now()
);

-- What a person who watched footage says happened; kind "watched" is a stretch watched from end to end.
CREATE TABLE IF NOT EXISTS raw.event_label (
    source     text        NOT NULL,
    camera_id  text        NOT NULL,
    kind       text        NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL,
    loaded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, camera_id, kind, started_at)
);
CREATE INDEX IF NOT EXISTS event_label_camera_idx ON raw.event_label (camera_id, started_at);

-- Named events against what people say of them, by the local day of the judgement. Reviewed: alerts;
-- labelled and found: labels; named and right: events within the hours that somebody watched.
CREATE TABLE IF NOT EXISTS raw.event_score (
    evaluated_on   date    NOT NULL,
    camera_id      text    NOT NULL,
    kind           text    NOT NULL,
    reviewed_since date    NOT NULL,
    reviewed_count integer NOT NULL,
    accepted_count integer NOT NULL,
    labelled_count integer NOT NULL,
    found_count    integer NOT NULL,
    watched_h      real    NOT NULL,
    named_count    integer NOT NULL,
    right_count    integer NOT NULL,
    is_muted       boolean NOT NULL,
    loaded_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (evaluated_on, camera_id, kind)
);

-- The cut text of a post lives in the restricted bucket for its retention time; no table holds it.
CREATE TABLE IF NOT EXISTS raw.post (
    source        text        NOT NULL,
    post_id_hash  text        NOT NULL,
    posted_at     timestamptz NOT NULL,
    edited_at     timestamptz,
    author_key    text        NOT NULL,
    text_length   integer     NOT NULL,
    object_key    text        NOT NULL,
    sha256        text        NOT NULL,
    collected_at  timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    loaded_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, post_id_hash)
);
-- An account that is gone takes all its posts with it.
CREATE INDEX IF NOT EXISTS post_author_idx ON raw.post (author_key);

CREATE TABLE IF NOT EXISTS raw.post_signal (
    source        text        NOT NULL,
    post_id_hash  text        NOT NULL,
    model_version text        NOT NULL,
    posted_at     timestamptz NOT NULL,
    author_key    text        NOT NULL,
    language      text        NOT NULL,
    themes        jsonb       NOT NULL,
    is_uncertain  boolean     NOT NULL,
    place_links   jsonb       NOT NULL,
    due_at        timestamptz NOT NULL,
    loaded_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, post_id_hash, model_version)
);
CREATE INDEX IF NOT EXISTS post_signal_author_idx ON raw.post_signal (author_key);

-- What a person said of a post that the model was not sure of; lives no longer than the signal.
CREATE TABLE IF NOT EXISTS raw.post_correction (
    source       text        NOT NULL,
    post_id_hash text        NOT NULL,
    themes       jsonb       NOT NULL, -- names of those that hold
    corrected_by text        NOT NULL,
    corrected_at timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    loaded_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, post_id_hash)
);
-- The same without post, place, hour and reviewer: what a model read, and what held.
CREATE TABLE IF NOT EXISTS raw.theme_example (
    example_id    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    model_version text  NOT NULL,
    language      text  NOT NULL,
    probabilities jsonb NOT NULL,
    themes        jsonb NOT NULL,
    reviewed_on   date  NOT NULL
);

CREATE TABLE IF NOT EXISTS raw.place (
    place_id   text PRIMARY KEY,
    kind       text NOT NULL,
    name       text NOT NULL,
    source     text NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}',
    geom       geometry(Geometry, 4326) NOT NULL,
    loaded_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS place_geom_idx ON raw.place USING gist (geom);

-- What a layer was: one row for each content it had, with what its features met on the way in.
CREATE TABLE IF NOT EXISTS raw.layer_version (
    source         text        NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_to       timestamptz CHECK (valid_to >= valid_from),
    sha256         text        NOT NULL,
    feature_count  integer     NOT NULL,
    placed_count   integer     NOT NULL,
    refused_count  integer     NOT NULL,
    outside_count  integer     NOT NULL,
    repaired_count integer     NOT NULL,
    same_count     integer     NOT NULL,
    loaded_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, valid_from)
);
-- Each place as it was from when to when; what holds now is in raw.place too.
CREATE TABLE IF NOT EXISTS raw.place_version (
    place_id   text        NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz CHECK (valid_to >= valid_from),
    kind       text        NOT NULL,
    name       text        NOT NULL,
    source     text        NOT NULL,
    attributes jsonb       NOT NULL,
    geom       geometry(Geometry, 4326) NOT NULL,
    loaded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (place_id, valid_from)
);
CREATE INDEX IF NOT EXISTS place_version_open_idx
ON raw.place_version (source) WHERE valid_to IS NULL;

-- Departures by the timetable: the mean of four weeks, by hour of the local week (0 = Monday 00:00).
CREATE TABLE IF NOT EXISTS raw.stop_service (
    place_id        text        NOT NULL,
    hour_of_week    smallint    NOT NULL,
    source          text        NOT NULL,
    departures_mean real        NOT NULL,
    counted_on      date        NOT NULL,
    loaded_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (place_id, hour_of_week)
);

CREATE TABLE IF NOT EXISTS raw.incident (
    source        text        NOT NULL,
    source_id     text        NOT NULL,
    category      text        NOT NULL,
    iccs_code     text        NOT NULL,
    occurred_from timestamptz NOT NULL,
    occurred_to   timestamptz NOT NULL,
    accuracy_m    real        NOT NULL,
    found_by      text        NOT NULL,
    -- A condition here instead of a test in dbt, which would look at millions of points at each build.
    geom          geometry(Point, 4326) NOT NULL CHECK (st_isvalid(geom) AND NOT st_isempty(geom)),
    loaded_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, source_id)
);
CREATE INDEX IF NOT EXISTS incident_geom_idx ON raw.incident USING gist (geom);
-- What arrived since the last build (dbt: int_incidents_zoned).
CREATE INDEX IF NOT EXISTS incident_loaded_idx ON raw.incident (loaded_at);

-- What was looked for at a place; severity 0 is that it was not found.
CREATE TABLE IF NOT EXISTS raw.disorder_audit (
    source     text        NOT NULL,
    source_id  text        NOT NULL,
    item       text        NOT NULL,
    kind       text        NOT NULL,
    severity   smallint    NOT NULL,
    audited_at timestamptz NOT NULL,
    accuracy_m real        NOT NULL,
    geom       geometry(Point, 4326) NOT NULL,
    loaded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, source_id)
);

-- One answer by itself: nothing says who gave it, or which others they gave.
CREATE TABLE IF NOT EXISTS raw.survey_answer (
    source        text NOT NULL,
    source_id     text NOT NULL,
    wave          text NOT NULL,
    wave_ended_on date NOT NULL,
    zone_id       text NOT NULL,
    question      text NOT NULL,
    answer        text NOT NULL,
    weight        double precision NOT NULL,
    loaded_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, source_id)
);

CREATE TABLE IF NOT EXISTS raw.weather_hour (
    source        text        NOT NULL,
    hour_start_at timestamptz NOT NULL,
    temperature_c real,
    rain_mm       real,
    wind_m_s      real,
    loaded_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, hour_start_at)
);

CREATE TABLE IF NOT EXISTS raw.calendar_event (
    source          text        NOT NULL,
    source_id       text        NOT NULL,
    title           text        NOT NULL,
    kind            text        NOT NULL,
    place_id        text,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    expected_people integer,
    loaded_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, source_id)
);

-- What models/risk fitted: expected incidents per zone and hour of the local week (0 = Monday 00:00).
CREATE TABLE IF NOT EXISTS raw.risk_baseline (
    zone_id            text NOT NULL,
    hour_of_week       smallint NOT NULL,
    fitted_on          date NOT NULL,
    trained_from       date NOT NULL,
    trained_until      date NOT NULL,
    expected_incidents double precision NOT NULL,
    model_version      text NOT NULL,
    loaded_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (zone_id, hour_of_week, fitted_on)
);
CREATE INDEX IF NOT EXISTS risk_baseline_day_idx ON raw.risk_baseline (fitted_on);

-- What bends the baseline, and what was tried and not used: coefficients on the logarithm of the rate
-- with their 95 % interval; gain in log likelihood per incident of left-out weeks, 99 % interval.
CREATE TABLE IF NOT EXISTS raw.risk_covariate (
    fitted_on        date    NOT NULL,
    covariate        text    NOT NULL,
    incident_count   integer NOT NULL,
    coefficient      double precision NOT NULL,
    coefficient_low  double precision NOT NULL,
    coefficient_high double precision NOT NULL,
    gain_low         double precision,
    gain_high        double precision,
    is_used          boolean NOT NULL,
    model_version    text    NOT NULL,
    loaded_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (fitted_on, covariate)
);

-- The weekly forecast of places, one row a local day from which one was made. What hangs on it goes
-- with it; `surface` is what judging it needs (models/risk/stored.py).
CREATE TABLE IF NOT EXISTS raw.forecast (
    starts_on           date PRIMARY KEY,
    horizon_h           smallint NOT NULL,
    cell_m              real NOT NULL,
    incident_count      integer NOT NULL,
    learnt_from         date NOT NULL,
    cells_ever_hit      integer NOT NULL,
    expected_total      real NOT NULL,
    counted_by          text NOT NULL,
    ranked_by           text NOT NULL,
    likelihood_gain_low real,
    likelihood_gain_high real,
    hit_gain_low        real,
    hit_gain_high       real,
    model_version       text NOT NULL,
    surface             bytea NOT NULL,
    loaded_at           timestamptz NOT NULL DEFAULT now()
);
-- The cells it names, best first, with the whole horizon; low and high hold nine counts in ten.
CREATE TABLE IF NOT EXISTS raw.forecast_cell (
    starts_on date NOT NULL REFERENCES raw.forecast ON DELETE CASCADE,
    cell_id   text NOT NULL,
    place     smallint NOT NULL,
    band      text NOT NULL,
    expected  real NOT NULL,
    low       integer NOT NULL,
    high      integer NOT NULL,
    geom      geometry(Polygon, 4326) NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (starts_on, cell_id)
);
-- The same by local hours, of which a step holds `step_h`.
CREATE TABLE IF NOT EXISTS raw.forecast_hour (
    starts_on    date NOT NULL,
    cell_id      text NOT NULL,
    starts_local timestamp NOT NULL,
    step_h       smallint NOT NULL,
    expected     real NOT NULL,
    low          integer NOT NULL,
    high         integer NOT NULL,
    loaded_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (starts_on, cell_id, starts_local),
    FOREIGN KEY (starts_on, cell_id) REFERENCES raw.forecast_cell ON DELETE CASCADE
);
-- Squares placed where most is expected, in all as large as the first two bands.
CREATE TABLE IF NOT EXISTS raw.forecast_window (
    starts_on date NOT NULL REFERENCES raw.forecast ON DELETE CASCADE,
    place     smallint NOT NULL,
    geom      geometry(Polygon, 4326) NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (starts_on, place)
);

-- How a week's forecast did: method "published" is what was shown, the others stand beside it.
CREATE TABLE IF NOT EXISTS raw.forecast_score (
    fitted_on     date NOT NULL,
    method        text NOT NULL,
    tested_from   date NOT NULL,
    tested_until  date NOT NULL,
    incident_count integer NOT NULL,
    area_share    real NOT NULL,
    hit_rate      real,
    pai           real,
    log_likelihood_per_incident real,
    loaded_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (fitted_on, method, area_share)
);
ALTER TABLE raw.forecast_score
    ADD COLUMN IF NOT EXISTS told_by text,
    ADD COLUMN IF NOT EXISTS is_backcast boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS cell_count integer,
    ADD COLUMN IF NOT EXISTS area_km2 real,
    ADD COLUMN IF NOT EXISTS pei real,
    ADD COLUMN IF NOT EXISTS floor_rate real,
    ADD COLUMN IF NOT EXISTS ceiling_rate real,
    ADD COLUMN IF NOT EXISTS hindsight_rate real,
    ADD COLUMN IF NOT EXISTS windows_rate real,
    ADD COLUMN IF NOT EXISTS observed_over_expected real,
    ADD COLUMN IF NOT EXISTS coverage_90 real,
    ADD COLUMN IF NOT EXISTS hit_gain_low real,
    ADD COLUMN IF NOT EXISTS hit_gain_high real,
    ADD COLUMN IF NOT EXISTS likelihood_gain_low real,
    ADD COLUMN IF NOT EXISTS likelihood_gain_high real;
ALTER TABLE raw.forecast_score
    ADD COLUMN IF NOT EXISTS districts_differ_p real,
    ADD COLUMN IF NOT EXISTS found_odds_ratio real,
    ADD COLUMN IF NOT EXISTS found_odds_p real,
    ADD COLUMN IF NOT EXISTS feedback_ratio real;
-- The published forecast of a week by district, and by who found the incident.
CREATE TABLE IF NOT EXISTS raw.forecast_split (
    fitted_on       date NOT NULL,
    split           text NOT NULL CHECK (split IN ('district', 'found_by')),
    name            text NOT NULL,
    expected        real,
    observed        integer NOT NULL,
    ratio           real,
    ratio_low       real,
    ratio_high      real,
    attention_share real,
    incident_share  real,
    attention_over_incidents real,
    hit_rate        real,
    loaded_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (fitted_on, split, name)
);
-- Earlier scores judged shares of zone-hours, which is another question.
DELETE FROM raw.forecast_score WHERE told_by IS NULL;

-- Cells whose surroundings hold more incidents than chance makes (Gi*), by local day of the test.
CREATE TABLE IF NOT EXISTS raw.hot_spot (
    tested_on   date NOT NULL,
    cell_id     text NOT NULL,
    tested_from date NOT NULL,
    z           real NOT NULL,
    times_mean  real NOT NULL,
    geom        geometry(Polygon, 4326) NOT NULL,
    loaded_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tested_on, cell_id)
);
-- Pairs of incidents near in place and time against chance (Knox); each test of hot spots has them.
CREATE TABLE IF NOT EXISTS raw.near_repeat (
    tested_on   date NOT NULL,
    within_m    real NOT NULL,
    within_days smallint NOT NULL,
    tested_from date NOT NULL,
    pair_count  integer NOT NULL,
    ratio       real,
    p_value     real NOT NULL,
    is_main boolean NOT NULL,
    loaded_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tested_on, within_m, within_days)
);

-- What a measure changed at its place and in the ring around it, against places that had none; a
-- reason stands where it can't be judged. Per cent, negative is a gain; counts over `days`.
CREATE TABLE IF NOT EXISTS raw.measure_effect (
    judged_on      date    NOT NULL,
    measure_id     text    NOT NULL,
    kind           text    NOT NULL,
    title          jsonb   NOT NULL,
    done_on        date    NOT NULL,
    days           integer NOT NULL,
    radius_m       real    NOT NULL,
    ring_m         real    NOT NULL,
    geom           geometry(Point, 4326) NOT NULL,
    reason         text,
    place_pct      real,
    place_low_pct  real,
    place_high_pct real,
    place_p        real,
    ring_pct       real,
    ring_low_pct   real,
    ring_high_pct  real,
    ring_p         real,
    displacement_quotient real,
    place_before   integer,
    place_after    integer,
    ring_before    integer,
    ring_after     integer,
    control_before integer,
    control_after  integer,
    control_count  integer,
    loaded_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (judged_on, measure_id)
);

-- The city pack's numbers, so that SQL reads them and every one keeps its owner and its end.
CREATE TABLE IF NOT EXISTS raw.threshold (
    name       text PRIMARY KEY,
    value      double precision NOT NULL,
    why        text NOT NULL,
    owner      text NOT NULL,
    expires_on date NOT NULL,
    loaded_at  timestamptz NOT NULL DEFAULT now()
);

-- What experts judged of a sensitive site or an event (the pack's vulnerability.yaml), one row a threat.
CREATE TABLE IF NOT EXISTS raw.vulnerability (
    subject     text     NOT NULL CHECK (subject IN ('site', 'event')),
    subject_id  text     NOT NULL,
    threat      text     NOT NULL,
    title       text,
    zone_id     text,
    starts_on   date,
    ends_on     date,
    owner       text     NOT NULL,
    assessed_on date     NOT NULL,
    review_on   date     NOT NULL,
    scenario    jsonb    NOT NULL,
    existing    jsonb    NOT NULL,
    consequence smallint NOT NULL CHECK (consequence BETWEEN 1 AND 5),
    likelihood  smallint NOT NULL CHECK (likelihood BETWEEN 1 AND 5),
    score       smallint NOT NULL CHECK (score BETWEEN 1 AND 25),
    override    jsonb,
    measures    jsonb    NOT NULL DEFAULT '[]',
    loaded_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, subject_id, threat)
);

-- One row: the city that this platform serves. SQL takes its time zone from here.
CREATE TABLE IF NOT EXISTS raw.city (
    city_id   text PRIMARY KEY,
    name      text NOT NULL,
    time_zone text NOT NULL,
    language  text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()
);
