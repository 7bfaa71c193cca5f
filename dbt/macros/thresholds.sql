{# A number of the city pack, read in SQL; a missing one gives no rows and fails not_null tests. #}
{% macro threshold(name) -%}
    (select t.value from {{ ref('stg_city__thresholds') }} as t where t.name = '{{ name }}')
{%- endmacro %}
