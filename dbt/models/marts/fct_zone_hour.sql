{{ config(
    tags=['risk'],
    materialized='incremental',
    unique_key='hour_start_at',
    incremental_strategy='delete+insert',
    indexes=[
        {'columns': ['hour_start_at', 'zone_id'], 'unique': true},
        {'columns': ['hour_local']},
        {'columns': ['zone_name', 'hour_local']}
    ]
) }}
-- depends_on: {{ ref('int_hours_observed') }}
-- An hour is built whole or not at all, so that it is replaced by its time alone.
-- Signals join as independent causes: risk = 100 (1 - product of (1 - weight x signal)). Each one's
-- contribution is its share of the summed logarithms, so that they add up to the index. The past is
-- one signal in three parts: circumstances and near repeats have what they add to the baseline.
{% set signals = {'crowding': 'crowding_signal', 'video_event': 'event_signal',
    'public_voice': 'voice_signal', 'context': 'context_signal'} %}
{% set kinds = ['baseline', 'circumstances', 'near_repeat'] + (signals | list) %}
{% set past = threshold('weight_baseline') %}
with strengths as (
    select
        h.*,
        -ln(1 - {{ past }} * h.baseline_signal) as strength_baseline,
        ln((1 - {{ past }} * h.baseline_signal) / (1 - {{ past }} * h.circumstances_signal))
            as strength_circumstances,
        ln((1 - {{ past }} * h.circumstances_signal) / (1 - {{ past }} * h.near_repeat_signal))
            as strength_near_repeat,
        {% for kind, signal in signals.items() %}
        -ln(1 - {{ threshold('weight_' ~ kind) }} * coalesce(h.{{ signal }}, 0))
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
        - {{ threshold('certainty_circumstances') }} * (has_baseline and not has_circumstances)::int
        + {{ threshold('certainty_camera') }} * has_camera::int
        + {{ threshold('certainty_posts') }} * has_posts::int
    ) as certainty,
    has_camera,
    has_posts,
    has_baseline,
    has_circumstances,
    people_mean,
    video_event_count,
    alarming_post_count,
    event_title
from risks
