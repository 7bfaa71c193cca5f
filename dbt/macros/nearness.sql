{# Metres between two geometries of EPSG:4326, in a plane that is true at the second one's latitude:
   right to 1 in 200 below 10 km. A geography keeps a tree of each zone and is ten times slower. #}
{% macro metres_between(geom, point) -%}
    (111320 * st_distance(
        st_scale({{ geom }}, cos(radians(st_y({{ point }}))), 1),
        st_scale({{ point }}, cos(radians(st_y({{ point }}))), 1)
    ))
{%- endmacro %}

{# A box that holds everything within so many metres of a point: what a spatial index can look up. #}
{% macro box_around(point, metres) -%}
    st_expand(
        {{ point }}, ({{ metres }}) / (110000 * cos(radians(st_y({{ point }})))), ({{ metres }}) / 110000.0
    )
{%- endmacro %}
