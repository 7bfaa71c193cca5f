{# Kinds of video events that speak of the camera itself, and of nobody in front of it. #}
{% macro is_camera_fault(kind_column) -%}
    ({{ kind_column }} in ('camera_blind', 'camera_moved', 'camera_blurred'))
{%- endmacro %}
