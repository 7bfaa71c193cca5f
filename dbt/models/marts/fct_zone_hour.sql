{{ config(
    tags=['risk'],
    materialized='incremental',
    unique_key='hour_start_at',
    incremental_strategy='delete+insert',
    indexes=[
        {'columns': ['hour_start_at']},
        {'columns': ['hour_local']},
        {'columns': ['zone_name', 'hour_local']}
    ]
) }}
-- depends_on: {{ ref('int_hours_observed') }}
-- An hour is built whole or not at all, so that it is replaced by its time alone.
-- Signals join as independent causes: risk = 100 (1 - product of (1 - weight x signal)). Each one's
-- contribution is its share of the summed logarithms, so the five add up to the index.
{% set kinds = ['baseline', 'crowding', 'video_event', 'public_voice', 'context'] %}
{% set signals = {'baseline': 'baseline_signal', 'crowding': 'crowding_signal',
    'video_event': 'event_signal', 'public_voice': 'voice_signal', 'context': 'context_signal'} %}
with strengths as (
    select
        h.*,
        {% for kind in kinds %}
        -ln(1 - {{ threshold('weight_' ~ kind) }} * coalesce(h.{{ signals[kind] }}, 0))
            as strength_{{ kind }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_zone_hours') }} as h
    {% if is_incremental() %}
    -- An array, so that hours are left out before they meet the zones.
    where h.hour_start_at = any(array(
        select generate_series(
            {{ until_hour() }} - interval '{{ var("rebuild_hours") }} hours',
            {{ until_hour() }} - interval '1 hour',
            interval '1 hour'
        )
        union
        select t.hour_start_at from {{ ref('int_hours_observed') }} as t
        where t.last_loaded_at >= {{ until_hour() }} - interval '{{ var("rebuild_hours") }} hours'
    ))
    {% endif %}
),

risks as (
    select
        *,
        {% for kind in kinds -%}
        strength_{{ kind }}{{ ' + ' if not loop.last }}
        {%- endfor %} as strength
    from strengths
)

select
    zone_id,
    zone_name,
    district,
    hour_start_at,
    hour_local,
    hour_local::date as local_date,
    extract(hour from hour_local)::int as hour_of_day,
    extract(isodow from hour_local)::int as weekday,
    100 * (1 - exp(-strength)) as risk_index,
    {% for kind in kinds %}
    coalesce(100 * (1 - exp(-strength)) * strength_{{ kind }} / nullif(strength, 0), 0)
        as contribution_{{ kind }},
    {% endfor %}
    (
        {{ threshold('certainty_baseline') }} * has_baseline::int
        + {{ threshold('certainty_camera') }} * has_camera::int
        + {{ threshold('certainty_posts') }} * has_posts::int
    ) as certainty,
    has_camera,
    has_posts,
    has_baseline,
    people_mean,
    video_event_count,
    alarming_post_count,
    event_title
from risks
