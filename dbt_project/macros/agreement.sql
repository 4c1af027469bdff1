{#
  Whether two who judged the same leads agree beyond chance, for yes and no: the rows with kappa, kappa_low and kappa_high
  (a relation in parentheses). `rows` counts pairs: yes_count both yes, apart_count one of each, no_count both no.

  Nobody is "the first rater": any two members of staff may meet, so chance is what both together say (Scott 1955, pi; of
  two raters the same as Fleiss' kappa). Empty where all said the same: then chance alone would agree.

  Limits, 95 %: the values from which the counts of the three kinds lie as far as chance carries them (Donner and Eliasziw
  1992, goodness of fit). With n pairs, z the normal point, p the share of yes and c = p (1 - p) they solve
      n c (kappa - x)^2 (1 + x) = z^2 (1 - x) (x + c (1 - x)^2),
  a cubic with three real roots: the largest is the upper limit, the middle one the lower. They say something also where
  all pairs agree, as a standard error, which is 0 then, would not.
#}
{% macro scott_kappas(rows) -%}
    (
        with shares as (
            select
                *,
                {{ normal_point() }} * {{ normal_point() }} / nullif(yes_count + apart_count + no_count, 0) as spread,
                cast(2 * yes_count + apart_count as double) * (2 * no_count + apart_count)
                / nullif(4 * pow(yes_count + apart_count + no_count, 2), 0) as chance
            from {{ rows }}
        ),

        agreed as (
            select
                *,
                1 - {{ share_of('apart_count', 'yes_count + apart_count + no_count') }} / nullif(2 * chance, 0) as kappa
            from shares
        ),

        -- x^3 + square_term x^2 + linear_term x + constant_term = 0
        cubics as (
            select
                *,
                (1 - 2 * kappa + spread / nullif(chance, 0) - 3 * spread) / (1 + spread) as square_term,
                (kappa * kappa - 2 * kappa - spread / nullif(chance, 0) + 3 * spread) / (1 + spread) as linear_term,
                (kappa * kappa - spread) / (1 + spread) as constant_term
            from agreed
        ),

        -- Three real roots, by cosines. Rounding must not carry an argument beyond what has one.
        turned as (
            select
                *,
                sqrt(greatest(cast(0 as double), square_term * square_term - 3 * linear_term)) / 3 as radius,
                (9 * square_term * linear_term - 27 * constant_term - 2 * pow(square_term, 3)) / 54 as reach
            from cubics
        ),

        angled as (
            select
                *,
                acos(greatest(cast(-1 as double), least(cast(1 as double), reach / nullif(pow(radius, 3), 0)))) as angle
            from turned
        )

        select
            *,
            case
                when kappa is not null
                    then greatest(cast(-1 as double), least(kappa, 2 * radius * cos((2 * pi() - angle) / 3) - square_term / 3))
            end as kappa_low,
            case
                when kappa is not null
                    then least(cast(1 as double), greatest(kappa, 2 * radius * cos(angle / 3) - square_term / 3))
            end as kappa_high
        from angled
    )
{%- endmacro %}
