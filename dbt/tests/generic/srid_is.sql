{% test srid_is(model, column_name, srid=4326) %}
select {{ column_name }} from {{ model }}
where {{ column_name }} is not null and st_srid({{ column_name }}) <> {{ srid }}
{% endtest %}
