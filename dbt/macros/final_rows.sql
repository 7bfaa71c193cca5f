{# Now, or the end of the hours to build where that is later. Deletion goes by the real time, and so
   must whatever has to know whether something is deleted already. #}
{% macro this_moment() -%}
    {%- if until() -%} greatest(now(), '{{ until() }}'::timestamptz)
    {%- else -%} now()
    {%- endif -%}
{%- endmacro %}

{# Aggregates outlive the rows that they were counted from. Until the first of those is due for
   deletion a row is counted anew at each build, so that late, edited and withdrawn posts count
   rightly; from then on (final_at) it stays as it is. A model with this hook leaves out the keys that
   are still there, see fct_post_theme_hour. #}
{% macro forget_what_may_change() -%}
    {%- if is_incremental() -%}
    alter table {{ this }} add column if not exists final_at timestamptz;
    delete from {{ this }} where final_at is null or final_at > {{ this_moment() }}
    {%- endif -%}
{%- endmacro %}

{# Incidents that the city's records no longer hold. Looked for only where there are too many here. #}
{% macro forget_withdrawn_incidents() -%}
    {%- if is_incremental() -%}
    delete from {{ this }} as t
    where
        (select count(*) from {{ this }}) > (select count(*) from {{ source('raw', 'incident') }})
        and not exists (
            select 1 from {{ source('raw', 'incident') }} as i
            where i.source = t.source and i.source_id = t.source_id
        )
    {%- endif -%}
{%- endmacro %}

{# Days of fct_incident whose incidents are no longer those that were counted: arrived, edited, withdrawn
   or placed anew. A day's digest is a sum over incidents (a patrol's find weighs four), so that it can be
   worked out from the counts as well as from the incidents, and need not be stored. A table by itself
   first: PostgreSQL reads with several processes for that, and not for a deletion. #}
{% macro forget_changed_days() -%}
    {%- if is_incremental() -%}
    {%- set of_a_kind = hash_of(["n.zone_id", "n.zone_name", "n.district", "n.category", "n.iccs_code"]) -%}
    create temporary table changed_day on commit drop as
    select coalesce(recorded.local_date, counted.local_date) as local_date
    from (
        select
            n.local_date,
            sum({{ of_a_kind }} * case when n.found_by = 'patrol' then 4 else 1 end) as digest
        from {{ ref('int_incidents_zoned') }} as n
        group by n.local_date
    ) as recorded
    full join (
        select
            n.local_date,
            sum({{ of_a_kind }} * (n.incident_count + 3 * n.patrol_count)) as digest
        from {{ this }} as n
        group by n.local_date
    ) as counted
        on recorded.local_date = counted.local_date
    where recorded.digest is distinct from counted.digest;
    delete from {{ this }} as t
    where t.local_date in (select c.local_date from changed_day as c)
    {%- endif -%}
{%- endmacro %}

{# A number of 40 bits, either sign, for the texts in some columns: each is the seed of the next one's,
   so that their order tells. It may be multiplied by eight million and is still a bigint. #}
{% macro hash_of(columns) -%}
    {%- set made = namespace(sql="0") -%}
    {%- for column in columns -%}
        {%- set made.sql = "hashtextextended(coalesce(" ~ column ~ ", ''), " ~ made.sql ~ ")" -%}
    {%- endfor -%}
    ({{ made.sql }} >> 24)
{%- endmacro %}
