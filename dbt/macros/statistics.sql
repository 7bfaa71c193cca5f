{# What PostgreSQL knows of a table that was just written. Without it a join of a new table is planned
   as if the table were nearly empty, and takes hours where it needs seconds. #}
{% macro fresh_statistics() -%}
    {%- if model.config.materialized != 'view' -%} analyze {{ this }} {%- endif -%}
{%- endmacro %}
