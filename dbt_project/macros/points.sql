{# Points: what a touch is worth, and whether a version is content with the sums. #}

{# Does a version's MQL requirement hold with these micro-points? A half that is not written asks nothing of `and`. #}
{% macro requirement_holds(version, fit, behaviour) -%}
    case {{ version }}.requirement
        when 'total_points' then {{ fit }} + {{ behaviour }} >= {{ version }}.total_threshold_micro_points
        when 'fit_and_behaviour'
            then
                (not {{ version }}.has_fit or {{ fit }} >= {{ version }}.fit_threshold_micro_points)
                and (
                    not {{ version }}.has_behaviour
                    or {{ behaviour }} >= {{ version }}.behaviour_threshold_micro_points
                )
        else
            ({{ version }}.has_fit and {{ fit }} >= {{ version }}.fit_threshold_micro_points)
            or ({{ version }}.has_behaviour and {{ behaviour }} >= {{ version }}.behaviour_threshold_micro_points)
    end
{%- endmacro %}

{#
  What a touch is worth, in micro-points: floor(points × 0.5^(age / half-life) × 1,000,000 + 0.5), age and half-life in
  microseconds as doubles. Engines' pow may differ in the last bit; that shows only where the product lies within about
  1e-9 of a half, and ages of whole half-lives are exact everywhere.
#}
{% macro decayed_micro_points(rule, age) -%}
    case
        when {{ rule }}.half_life_microseconds is null then {{ rule }}.micro_points
        else cast(
            floor(
                {{ rule }}.points
                * pow(cast(0.5 as double), cast({{ age }} as double) / {{ rule }}.half_life_microseconds)
                * 1000000 + 0.5
            ) as bigint
        )
    end
{%- endmacro %}
