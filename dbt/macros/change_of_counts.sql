{# The chance of counts over as long a time that differ as much, where nothing changed; null where there
   is no past, or fewer than ten in all. Two Poisson counts, given their sum, are a fair coin
   (Przyborowski and Wilenski, Biometrika 31, 1940), here in its normal form, two-sided; PostgreSQL 15
   has no erfc: a Chebyshev fit right to 1 in 10 million (Press et al., Numerical Recipes, 6.2). #}
{% macro chance_of_change(now, before) -%}
    {%- set x = "(abs(" ~ now ~ " - " ~ before ~ ") / sqrt(2.0 * (" ~ now ~ " + " ~ before ~ ")))" -%}
    {%- set t = "(1 / (1 + " ~ x ~ " / 2))" -%}
    {%- set terms = [0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806,
        0.09678418, 0.37409196, 1.00002368, -1.26551223] -%}
    {%- set fit = namespace(sql="0") -%}
    {%- for term in terms -%} {%- set fit.sql = "(" ~ term ~ " + " ~ t ~ " * " ~ fit.sql ~ ")" -%} {%- endfor -%}
    case
        when {{ now }} + {{ before }} >= 10 then {{ t }} * exp({{ fit.sql }} - {{ x }} ^ 2)
    end::float
{%- endmacro %}

{# What a place's counts say: more, fewer, not_proven, or no_past. `limit` is the largest chance that
   still counts as proven. #}
{% macro change_of_counts(now, before, chance, limit) -%}
    case
        when {{ now }} is null or {{ before }} is null then 'no_past'
        when coalesce({{ chance }} <= {{ limit }}, false) and {{ now }} > {{ before }} then 'more'
        when coalesce({{ chance }} <= {{ limit }}, false) then 'fewer'
        else 'not_proven'
    end
{%- endmacro %}
