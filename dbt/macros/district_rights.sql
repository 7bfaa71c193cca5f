{# Rights by district. dbt makes tables anew, and their policies go with the old ones: this hook sets
   them inside the same transaction, and only then lets the role partner in. Marts without a district,
   and views (which would read with their owner's rights), stay closed to partners. #}
{% macro district_rights() -%}
    {%- if model.config.materialized != 'view' and 'district' in model.columns -%}
    alter table {{ this }} enable row level security;
    drop policy if exists whole_city on {{ this }};
    create policy whole_city on {{ this }} for select to bi_reader, analysis using (true);
    drop policy if exists own_districts on {{ this }};
    create policy own_districts on {{ this }} for select to partner
    using (district in (select ops.granted_districts()));
    grant select on {{ this }} to partner
    {%- endif -%}
{%- endmacro %}
