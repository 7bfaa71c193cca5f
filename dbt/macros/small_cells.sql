{# The one place where counts are suppressed: fewer than k is hidden, zero and k or more are shown. #}
{% macro is_small(count_column, k) -%}
    ({{ count_column }} > 0 and {{ count_column }} < {{ k }})
{%- endmacro %}
