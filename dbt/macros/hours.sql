{# End of the hours to build (UTC, exclusive), or '' for all: the end of a DAG's data interval. #}
{% macro until() -%}
    {{- env_var('PRECRISIS_UNTIL', '') -}}
{%- endmacro %}

{# The first hour after the range that is built. #}
{% macro until_hour() -%}
    {%- if until() -%} date_trunc('hour', '{{ until() }}'::timestamptz)
    {%- else -%} (select max(h.hour_start_at) + interval '1 hour' from {{ ref('int_hours_observed') }} as h)
    {%- endif -%}
{%- endmacro %}

{# 0 (Monday 00:00) to 167 of a local time. #}
{% macro hour_of_week(local) -%}
    ((extract(isodow from {{ local }}) - 1) * 24 + extract(hour from {{ local }}))::int
{%- endmacro %}
