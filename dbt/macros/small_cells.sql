{# The one place where counts are suppressed: fewer than k is hidden, zero and k or more are shown.
   k is a number of the city pack, by its name. #}
{% macro is_small(count_column, k_name) -%}
    ({{ count_column }} > 0 and {{ count_column }} < {{ threshold(k_name) }})
{%- endmacro %}

{# Rows that stay for good follow a k that was raised since. #}
{% macro hide_themes_again() -%}
    {%- if is_incremental() -%}
    alter table {{ this }}
        add column if not exists expected_authors real,
        add column if not exists surprise real;
    update {{ this }} set
        post_count = null,
        author_count = null,
        mean_probability = null,
        uncertain_pct = null,
        expected_authors = null,
        surprise = null,
        is_suppressed = true
    where {{ is_small('author_count', 'small_cell_authors') }}
    {%- endif -%}
{%- endmacro %}

{% macro hide_languages_again() -%}
    {%- if is_incremental() -%}
    update {{ this }} set
        post_count = null,
        author_count = null,
        uncertain_pct = null,
        is_suppressed = true
    where {{ is_small('author_count', 'small_cell_authors') }}
    {%- endif -%}
{%- endmacro %}
