{# How surprising each cell of `known` (zone_id, hour_start_at, theme, author_count) is against the
   same hour of the week in the weeks before. CTEs, the last of which is `surprises`.

   Gamma-Poisson: of the voices of an hour over all places and themes (the volume) a share is this
   theme's here. What is expected is the usual share times this hour's volume, so that a feed that
   grows as a whole surprises nobody; what the past tells weighs as much as `surprise_memory_voices`
   voices, so that a past of zeros rules nothing out. The surprise is -log10 of the chance of so many
   voices or more. After the Bayes system of Riebler (2004), in Hoehle, "surveillance", Computational
   Statistics 22 (2007), with the volume as exposure and a share that is shrunk twice: the hour's
   towards that of all hours, and this towards an even one.

   A voice is an author in a cell, however much it posts. A hidden cell (null) counts as half of k,
   whatever it holds: all this is made of what is published (docs/adr/0010-small-cells.md). #}
{% macro surprises_of(known) -%}
{%- set weeks = "make_interval(weeks => coalesce(" ~ threshold('surprise_weeks') ~ ", 0)::int)" -%}
{%- set memory = threshold('surprise_memory_voices') -%}
{#- The same hour a week ago: not the one that comes twice when the clocks go back. -#}
{%- set same_hours = "range between " ~ weeks ~ " + interval '1 hour' preceding and interval '144 hours' preceding" -%}
{%- set days_before = "range between " ~ weeks ~ " preceding and interval '24 hours' preceding" -%}
voices as (
    select
        k.zone_id,
        k.hour_start_at,
        k.theme,
        k.author_count,
        coalesce(k.author_count, {{ threshold('small_cell_authors') }} / 2.0) as voices,
        to_char(k.hour_start_at at time zone c.time_zone, 'ID HH24') as week_hour
    from {{ known }} as k
    cross join {{ ref('stg_city__cities') }} as c
),

feed as (
    select
        hour_start_at,
        sum(voices) as volume,
        coalesce(sum(sum(voices)) over (partition by week_hour order by hour_start_at {{ same_hours }}), 0)
            as same_volume,
        coalesce(sum(sum(voices)) over (order by hour_start_at {{ days_before }}), 0) as volume_before
    from voices
    group by hour_start_at, week_hour
),

cells as (
    select
        *,
        coalesce(sum(voices) over (
            partition by zone_id, theme, week_hour order by hour_start_at {{ same_hours }}
        ), 0) as same_voices,
        coalesce(sum(voices) over (
            partition by zone_id, theme order by hour_start_at {{ days_before }}
        ), 0) as voices_before
    from voices
),

shares as (
    select
        c.zone_id,
        c.hour_start_at,
        c.theme,
        c.author_count,
        f.volume,
        {{ memory }} as memory,
        (
            c.same_voices + {{ memory }}
            * (c.voices_before + {{ memory }} / {{ cell_count() }}) / (f.volume_before + {{ memory }})
        ) / (f.same_volume + {{ memory }}) as share
    from cells as c
    inner join feed as f on c.hour_start_at = f.hour_start_at
    where c.author_count is not null and f.volume_before >= {{ threshold('surprise_min_voices') }}
),

surprises as (
    select
        zone_id,
        hour_start_at,
        theme,
        round((volume * share)::numeric, 2)::real as expected_authors,
        {{ surprise('author_count', 'memory * share', 'volume / (memory + volume)') }} as surprise
    from shares
)
{%- endmacro %}

{# Zones times the eight themes. #}
{% macro cell_count() -%}
    (select count(*) * 8.0 from {{ ref('dim_zone') }})
{%- endmacro %}

{# -log10 of the chance of `count` or more under a negative binomial of that shape and chance of one
   more. Summed from below in double precision, so that beyond ten decades it tells no more. #}
{% macro surprise(count, shape, more) -%}
    (
        select round((-log(greatest(1e-10, 1 - sum(exp(n.log_chance)))))::numeric, 2)::real
        from (
            select sum(case
                when i = 0 then {{ shape }} * ln(1 - {{ more }})
                else ln(({{ shape }} + i - 1) / i * {{ more }})
            end) over (order by i) as log_chance
            from generate_series(0, {{ count }} - 1) as i
        ) as n
    )
{%- endmacro %}
