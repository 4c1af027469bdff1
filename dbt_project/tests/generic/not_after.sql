{# Fails for every row whose `earlier` moment lies after its `later` one. Absent moments pass. #}
{% test not_after(model, earlier, later) %}
select {{ earlier }}, {{ later }}
from {{ model }}
where {{ earlier }} > {{ later }}
{% endtest %}
