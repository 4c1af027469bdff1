select
    as_of,
    run_no,
    built_as_of,
    built_run_no,
    seed
from {{ landed('run', 'runs') }}
