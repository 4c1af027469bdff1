{#
  Days within which an MQL of a service line is expected to become SQL; without a line, or for one that is not named, the
  default. Settings nobody would follow are refused when the project is read.
#}
{% macro readiness_days(line = none) -%}
    {%- set settings = var('readiness_horizons') -%}
    {%- if 'default' not in settings -%}
        {{ exceptions.raise_compiler_error('readiness_horizons needs a default, in days') }}
    {%- endif -%}
    {%- for name, days in settings.items() if days is not integer or days is boolean or days < 1 -%}
        {{ exceptions.raise_compiler_error('readiness_horizons: ' ~ name ~ ' must be whole days, 1 or more') }}
    {%- endfor -%}
    {%- if line is none or settings | length == 1 -%}
        {{ settings['default'] }}
    {%- else -%}
        case {{ line }}
        {%- for name, days in settings.items() if name != 'default' %} when '{{ name | replace("'", "''") }}' then {{ days }}{% endfor %}
        else {{ settings['default'] }} end
    {%- endif -%}
{%- endmacro %}
