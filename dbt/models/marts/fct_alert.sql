{{ config(materialized='view') }}
-- A view, so that a decision shows at once. It reads sources only: a view on another model would be
-- dropped whenever that model is swapped.
with reviews as (
    select distinct on (alert_id)
        alert_id,
        decision,
        reason,
        decided_at
    from {{ source('ops', 'alert_review') }}
    order by alert_id, decided_at desc
),

-- An alert is as its newest version says.
versions as (
    select distinct on (alert_id) *
    from {{ source('ops', 'alert_version') }}
    order by alert_id, version desc
)

select
    a.alert_id,
    a.rule,
    a.zone_id,
    z.name as zone_name,
    z.attributes ->> 'district' as district,
    -- By the hour: an urgent alert may be of what could be an offence, and its minute is for those
    -- whom the alert went to.
    date_trunc('hour', a.starts_at) as starts_at,
    date_trunc('hour', v.ends_at + interval '59 minutes 59.999999 seconds') as ends_at,
    v.risk_index,
    v.certainty,
    v.severity,
    (
        select string_agg(
            r.reason ->> ('text_' || (select c.language from {{ source('raw', 'city') }} as c)),
            '; ' order by r.position
        )
        from jsonb_array_elements(v.reasons) with ordinality as r (reason, position)
    ) as reasons_text,
    case
        when w.decision = 'accept' then 'accepted'
        -- It grew after a person dismissed it: they are asked again.
        when w.decision is null or exists (
            select from {{ source('ops', 'alert_version') }} as g
            where g.alert_id = a.alert_id and g.why = 'grew' and g.made_at > w.decided_at
        ) then 'waiting'
        else 'dismissed'
    end as status,
    a.raised_at,
    (
        select min(d.sent_at) from {{ source('ops', 'alert_delivery') }} as d
        where d.alert_id = a.alert_id and d.status = 'sent'
    ) as delivered_at,
    w.reason as decision_reason,
    st_x(st_centroid(z.geom)) as longitude,
    st_y(st_centroid(z.geom)) as latitude
from {{ source('ops', 'alert') }} as a
inner join {{ source('raw', 'place') }} as z on a.zone_id = z.place_id and z.kind = 'zone'
inner join versions as v on a.alert_id = v.alert_id
left join reviews as w on a.alert_id = w.alert_id
