select
    city_id,
    name,
    time_zone,
    language
from {{ source('raw', 'city') }}
