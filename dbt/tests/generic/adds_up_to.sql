{# The parts of a row add up to its whole (contributions to the risk index). #}
{% test adds_up_to(model, column_name, parts, tolerance=0.05) %}
select {{ column_name }} from {{ model }}
where abs({{ column_name }} - ({{ parts | join(' + ') }})) > {{ tolerance }}
{% endtest %}
