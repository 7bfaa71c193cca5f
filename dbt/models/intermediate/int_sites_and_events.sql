-- Whatever has a vulnerability sheet or could have one: sensitive sites, and events with a sheet.
select
    'site' as subject,
    s.site_id,
    s.site_name,
    s.kind,
    s.zone_id,
    s.district,
    s.geom
from {{ ref('dim_site') }} as s
union all
select distinct
    'event' as subject,
    v.subject_id as site_id,
    v.title as site_name,
    'event' as kind,
    z.zone_id,
    z.district,
    st_centroid(z.geom) as geom
from {{ ref('stg_city__vulnerabilities') }} as v
inner join {{ ref('dim_zone') }} as z on v.zone_id = z.zone_id
where v.subject = 'event'
