{# Whether a count of as long a time is another than before: more, fewer, not_proven, or no_past.
   Two Poisson counts, given their sum, are a fair coin where nothing changed (Przyborowski and
   Wilenski, Biometrika 31, 1940); its normal form needs ten in all. One in twenty is off by chance. #}
{% macro change_of_counts(now, before) -%}
    case
        when {{ now }} is null or {{ before }} is null then 'no_past'
        when {{ now }} + {{ before }} < 10 then 'not_proven'
        when abs({{ now }} - {{ before }}) <= 1.96 * sqrt({{ now }} + {{ before }}) then 'not_proven'
        when {{ now }} > {{ before }} then 'more'
        else 'fewer'
    end
{%- endmacro %}
