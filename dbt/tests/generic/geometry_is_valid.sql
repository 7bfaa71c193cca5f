{% test geometry_is_valid(model, column_name) %}
select {{ column_name }} from {{ model }}
where {{ column_name }} is null or not st_isvalid({{ column_name }})
{% endtest %}
