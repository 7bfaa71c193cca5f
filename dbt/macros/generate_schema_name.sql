{# Schemas are named by layer, without a target prefix: marts is marts in every city. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
