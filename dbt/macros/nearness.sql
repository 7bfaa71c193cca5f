{# Metres as lengths in the plane of int_zones_flat, where one unit is a degree of latitude. #}
{% macro degrees(metres) -%}
    (({{ metres }}) / 111320.0)
{%- endmacro %}

{# A box that holds everything within so many metres of a point: what a spatial index can look up. #}
{% macro box_around(point, metres) -%}
    st_expand(
        {{ point }}, ({{ metres }}) / (110000 * cos(radians(st_y({{ point }})))), ({{ metres }}) / 110000.0
    )
{%- endmacro %}
