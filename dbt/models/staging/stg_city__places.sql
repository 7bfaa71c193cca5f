select
    place_id,
    kind,
    name,
    source,
    attributes,
    geom
from {{ source('raw', 'place') }}
