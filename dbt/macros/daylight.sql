{# Whether the sun stands more than 6 degrees below the horizon (civil twilight is over), by the common
   short series for declination and equation of time (Spencer 1971): right to a few minutes. #}
{% macro is_dark(moment, longitude, latitude) -%}
    {%- set utc = "(" ~ moment ~ " at time zone 'UTC')" -%}
    {%- set day = "extract(doy from " ~ utc ~ ")::float" -%}
    {%- set declination = "(-23.44 * cosd(360 / 365.25 * (" ~ day ~ " + 10)))" -%}
    {%- set turn = "(360 / 364.0 * (" ~ day ~ " - 81))" -%}
    {%- set late_min = "(9.87 * sind(2 * " ~ turn ~ ") - 7.53 * cosd(" ~ turn ~ ") - 1.5 * sind(" ~ turn ~ "))" -%}
    {%- set clock_h = "(extract(epoch from " ~ utc ~ "::time)::float / 3600)" -%}
    {%- set angle = "(15 * (" ~ clock_h ~ " + " ~ late_min ~ " / 60 - 12) + " ~ longitude ~ ")" -%}
    (
        sind({{ latitude }}) * sind({{ declination }})
        + cosd({{ latitude }}) * cosd({{ declination }}) * cosd({{ angle }}) < sind(-6)
    )
{%- endmacro %}
