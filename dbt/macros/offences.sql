{# Kinds of video events that speak of a place and could not be an offence. Every other kind, and any
   new one, counts as offence-like: exact place and time only in schema offences. #}
{% macro is_offence_like(kind_column) -%}
    ({{ kind_column }} <> 'density_level' and not {{ is_camera_fault(kind_column) }})
{%- endmacro %}
