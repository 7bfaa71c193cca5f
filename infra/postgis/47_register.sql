-- What the register of processing says, as city_ingest read it: for the data-protection officer's page.
-- The legal gate never reads these rows, it reads the register itself.
CREATE SCHEMA IF NOT EXISTS officer;

CREATE TABLE IF NOT EXISTS raw.purpose (
    purpose_id         text PRIMARY KEY,
    title_it           text NOT NULL,
    title_en           text NOT NULL,
    legal_basis        text NOT NULL,
    act                text NOT NULL,
    valid_until        date NOT NULL,
    assessment_version text NOT NULL,
    approved_on        date NOT NULL,
    retention_hours    integer NOT NULL,
    mode               text NOT NULL,
    loaded_at          timestamptz NOT NULL DEFAULT now()
);

-- Objections that are open, to a purpose or to an agreement with a partner.
CREATE TABLE IF NOT EXISTS raw.objection (
    item_id   text NOT NULL,
    reference text NOT NULL,
    raised_by text NOT NULL,
    raised_on date NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (item_id, reference)
);

-- Everything that ends by itself on a day, and who must renew it.
CREATE TABLE IF NOT EXISTS raw.expiry (
    kind       text NOT NULL CHECK (kind IN ('act', 'agreement', 'threshold', 'alert_rule')),
    item_id    text NOT NULL,
    name       text NOT NULL,
    owner      text NOT NULL,
    expires_on date NOT NULL,
    loaded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, item_id)
);
