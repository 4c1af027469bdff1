{# Conversion with maturity: its settings, and the views a rate is shown by. #}

{#
  Days after entering a step by which it is judged: `line` is the service line where the rate is that of one, else empty.
  Settings nobody would follow are refused when the project is read.
#}
{% macro conversion_horizon(step, line) -%}
    {%- set steps = ['lead_to_mql', 'mql_to_sql', 'lead_to_sql', 'sql_to_appointment', 'appointment_to_consult'] -%}
    {%- set settings = var('conversion_horizons') -%}
    {%- for name in settings if name not in steps -%}
        {{ exceptions.raise_compiler_error('conversion_horizons: there is no step ' ~ name ~ '; there are ' ~ steps | join(', ')) }}
    {%- endfor -%}
    case
    {%- for name in steps %}
        {%- set days = settings.get(name) or {} -%}
        {%- if 'default' not in days -%}
            {{ exceptions.raise_compiler_error('conversion_horizons: ' ~ name ~ ' needs a default, in days') }}
        {%- endif -%}
        {%- for of_line, number in days.items() -%}
            {%- if number is not integer or number is boolean or number < 1 or number > var('conversion_ages_days') -%}
                {{ exceptions.raise_compiler_error('conversion_horizons: ' ~ name ~ ', ' ~ of_line ~ ' must be whole days from 1 to conversion_ages_days') }}
            {%- endif -%}
            {%- if of_line != 'default' %}
        when {{ step }} = '{{ name }}' and {{ line }} = '{{ of_line | replace("'", "''") }}' then {{ number }}
            {%- endif -%}
        {%- endfor %}
        when {{ step }} = '{{ name }}' then {{ days['default'] }}
    {%- endfor %}
    end
{%- endmacro %}

{#
  Counts of steps seen by one dimension at a time, with and without the month of entry (a relation in parentheses).
  `rows` has the dimensions and cohort_month; `columns` are grouped by as well, `measures` are aggregates by name.
#}
{% macro seen_by_dimension(rows, columns, measures) -%}
    {%- set dimensions = {
        'all': none, 'service_line': 'service_line', 'channel': 'channel', 'platform': 'platform',
        'campaign': 'campaign_id', 'landing_page': 'landing_page', 'location': 'location_id', 'team': 'team_id',
    } -%}
    (
        {%- for dimension, column in dimensions.items() %}
        {%- for month in [none, 'cohort_month'] if not month or dimension in ('all', 'service_line', 'channel') %}
        {{ "union all" if not (loop.first and dimension == 'all') }}
        select
            '{{ dimension }}' as dimension,
            {{ column or "'all'" }} as dimension_value,
            {{ month or "'(all)'" }} as cohort_month,
            {{ columns | join(', ') }},
            {%- for name, measure in measures.items() %}
            {{ measure }} as {{ name }}{{ "," if not loop.last }}
            {%- endfor %}
        from {{ rows }}
        group by {{ ([column, month] | select | list + columns) | join(', ') }}
        {%- endfor %}
        {%- endfor %}
    )
{%- endmacro %}
