{# The first hour after the range that is built. #}
{% macro until_hour() -%}
    {%- if var('until') -%} date_trunc('hour', '{{ var("until") }}'::timestamptz)
    {%- else -%} (select max(h.hour_start_at) + interval '1 hour' from {{ ref('int_hours_observed') }} as h)
    {%- endif -%}
{%- endmacro %}
