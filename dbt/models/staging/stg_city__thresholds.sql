select
    name,
    value,
    owner,
    expires_on
from {{ source('raw', 'threshold') }}
