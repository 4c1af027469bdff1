{# Fails where a half-open span is empty or begins before the one before it of the same key has ended. #}
{% test spans_do_not_overlap(model, columns, valid_from='valid_from', valid_to='valid_to') %}
with ordered as (
    select
        {{ columns | join(', ') }},
        {{ valid_from }},
        {{ valid_to }},
        lag({{ valid_to }}) over (
            partition by {{ columns | join(', ') }}
            order by {{ valid_from }}, {{ valid_to }}
        ) as previous_valid_to
    from {{ model }}
)

select *
from ordered
where {{ valid_from }} >= {{ valid_to }} or {{ valid_from }} < previous_valid_to
{% endtest %}
