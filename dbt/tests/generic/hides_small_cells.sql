{# No published count lies strictly between 0 and k. #}
{% test hides_small_cells(model, column_name, k_name) %}
select {{ column_name }} from {{ model }}
where {{ is_small(column_name, k_name) }}
{% endtest %}
