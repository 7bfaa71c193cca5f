-- What an alert said, each time it said something else: one row per version that is told. ops.alert
-- keeps an alert as it was raised; version 1 is the same. Rows are never changed.
CREATE TABLE IF NOT EXISTS ops.alert_version (
    alert_id   text NOT NULL REFERENCES ops.alert,
    version    integer NOT NULL CHECK (version >= 1),
    why        text NOT NULL CHECK (why IN ('raised', 'grew', 'ended', 'withdrawn', 'restored')),
    ends_at    timestamptz NOT NULL,
    risk_index real NOT NULL,
    certainty  real NOT NULL,
    severity   text NOT NULL,
    reasons    jsonb NOT NULL,
    unknowns   jsonb NOT NULL,
    inputs     jsonb NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (alert_id, version)
);

-- Of a warehouse that was set up before alerts had versions.
INSERT INTO ops.alert_version
SELECT alert_id, 1, 'raised', ends_at, risk_index, certainty, severity, reasons, unknowns, inputs, raised_at
FROM ops.alert
ON CONFLICT DO NOTHING;

ALTER TABLE ops.alert_delivery ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 1;
ALTER TABLE ops.alert_delivery ALTER COLUMN version DROP DEFAULT;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'alert_delivery_version_fkey') THEN
        ALTER TABLE ops.alert_delivery
            DROP CONSTRAINT alert_delivery_pkey,
            ADD PRIMARY KEY (alert_id, version, channel),
            ADD CONSTRAINT alert_delivery_version_fkey
            FOREIGN KEY (alert_id, version) REFERENCES ops.alert_version;
    END IF;
END
$$;

-- What quiet hours hold waits until a moment; what changed or ended meanwhile is passed over.
ALTER TABLE ops.alert_delivery ADD COLUMN IF NOT EXISTS waits_until timestamptz;
ALTER TABLE ops.alert_delivery DROP CONSTRAINT IF EXISTS alert_delivery_status_check;
ALTER TABLE ops.alert_delivery ADD CONSTRAINT alert_delivery_status_check CHECK (
    status IN ('sent', 'failed', 'waiting', 'passed_over')
    AND (status = 'waiting') = (waits_until IS NOT NULL)
);
