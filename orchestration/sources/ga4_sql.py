"""SQL that makes one flat row of text of a nested GA4 event: the shapes, the mapping of signals, the channel.

`EVENT` is what is read of an event, whatever it came from (every leaf as text). `told_sql` finds what one event says
of itself, `flat_sql` adds what its session says and its number among events of one identity. Reading files, and
gathering sessions, is `ga4_rows.py`; words of the registry are `registry_ga4.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestration.lake.cell_sql import quote
from orchestration.lake.door import page_sql
from orchestration.sources.ga4_channels import channel_sql, matches_any, platform_sql
from orchestration.sources.registry_ga4 import Ga4Signal, Ga4Source, Ga4Value

_VALUES = ("string_value", "int_value", "float_value", "double_value")
_PAIRS = [{"key": "VARCHAR", "value": dict.fromkeys(_VALUES, "VARCHAR")}]
_CAMPAIGN = dict.fromkeys(("campaign_id", "campaign_name", "source", "medium"), "VARCHAR")
_COLLECTED = ("manual_campaign_id", "manual_campaign_name", "manual_source", "manual_medium", "gclid", "dclid")
_LAST_CLICK = ("manual_campaign", "google_ads_campaign", "cross_channel_campaign")
IDENTITY = (
    "user_pseudo_id", "event_timestamp", "event_name", "event_bundle_sequence_id", "batch_page_id",
    "batch_ordering_id", "batch_event_index",
)  # fmt: skip
EVENT: Mapping[str, Any] = {
    **dict.fromkeys((*IDENTITY, "event_date", "user_id"), "VARCHAR"),
    "event_params": _PAIRS,
    "user_properties": _PAIRS,
    "collected_traffic_source": dict.fromkeys(_COLLECTED, "VARCHAR"),
    "session_traffic_source_last_click": dict.fromkeys(_LAST_CLICK, _CAMPAIGN),
}
# What an export also has and nobody here reads: no news to the vault, and no notice.
PASSED_OVER = frozenset((
    "event_previous_timestamp", "event_value_in_usd", "event_server_timestamp_offset", "event_dimensions",
    "privacy_info", "user_first_touch_timestamp", "user_ltv", "device", "geo", "app_info", "traffic_source",
    "stream_id", "platform", "ecommerce", "items", "is_active_user", "publisher",
))  # fmt: skip
REQUIRED = ("event_timestamp", "event_name")
CLICK_IDS = ("gclid", "wbraid", "gbraid", "dclid", "fbclid", "msclkid")
FLAT = (
    "event_key", "event_name", "occurred_at", "event_date", "export_date", "anonymous_id", "session_key", "lead_id",
    "signal", "service_line", "topic", "offer_id", "form_id", "channel", "platform", "campaign_id", "click_id",
    "click_id_type", "page", "landing_page", "is_engaged",
)  # fmt: skip
_FIELDS = ("service_line", "topic", "offer_id", "form_id")
_SEPARATOR = "chr(31)"


def sql_type(shape: Any) -> str:
    """SQL type of a shape of EVENT: a name, a struct (mapping) or a list of one shape."""
    if isinstance(shape, list):
        return f"{sql_type(shape[0])}[]"
    if isinstance(shape, dict):
        return f"struct({', '.join(f'{_quoted(name)} {sql_type(each)}' for name, each in shape.items())})"
    return str(shape)


def told_sql(source: Ga4Source, relation: str) -> str:
    """SELECT of what each event of `relation` (numbers of row, file and delivery, EVENT's columns) says of itself."""
    rule = f"case {' '.join(_cases(source.signals))} end" if source.signals else "null"
    lead = source.lead_id_from
    by_property = property_sql(lead.user_property) if lead and lead.user_property else "user_id"
    lead_sql = "null" if lead is None else param_sql(lead.param) if lead.param else by_property
    return f"""
        with listed as (
            select *, {_listed("event_params", "param")}, {_listed("user_properties", "property")}
            from {relation}
        ),
        read as (
            select *, {param_sql("page_location")} as page_location, {param_sql("ga_session_id")} as ga_session_id
            from listed
        ),
        paged as (
            select *, {page_sql("page_location")} as page, {", ".join(_clicks())}, {_traffic()},
                {_identity()} as identity,
                case when user_pseudo_id <> '' then user_pseudo_id || '.' || ga_session_id end as session_key
            from read
        ),
        ruled as (select *, {rule} as rule from paged)
        select row_no, file_no, delivery_no, identity, session_key, user_pseudo_id as anonymous_id,
            event_timestamp, event_name, event_date, {_moment("event_timestamp")} as occurred_at, page, traffic,
            hash({", ".join(_content())}) as content,
            {lead_sql} as lead_id, {", ".join(_signal_columns(source.signals))},
            {_click()} as click_id, {_click_type()} as click_id_type,
            {_engaged()} as is_engaged
        from ruled
    """


def flat_sql(source: Ga4Source, told: str) -> str:
    """SELECT of the flat rows, in order; needs the tables `copies` (row_no, number) and `sessions` beside `told`."""
    platform = platform_sql(source.channels, {str(family): name for family, name in source.platforms.items()})
    return f"""
        with told as ({told}),
        placed as (
            select told.* exclude (traffic), coalesce(
                case when told.traffic.grade = 0 then told.traffic end, sessions.traffic, told.traffic) as traffic,
                sessions.landing_page, copies.number,
                sessions.session is not null as is_in_session
            from told
            left join sessions on hash(told.session_key, told.delivery_no) = sessions.session
            left join copies on told.row_no = copies.row_no
        ),
        channelled as (
            select *, {channel_sql(source.channels)} as channel, {platform} as platform
            from placed
        )
        select row_no, delivery_no, identity || coalesce(number, '1') as event_key, event_name, occurred_at,
            event_date, anonymous_id, session_key, lead_id, signal, {", ".join(_FIELDS)}, channel, platform,
            {_campaign()} as campaign_id, click_id, click_id_type, page, landing_page,
            is_engaged
        from channelled
        order by row_no
    """


def param_sql(name: str) -> str:
    """An event parameter as text, whichever of its values is filled."""
    return f"param_values[list_position(param_names, {quote(name)})]"


def property_sql(name: str) -> str:
    """A user property as text."""
    return f"property_values[list_position(property_names, {quote(name)})]"


def _listed(column: str, name: str) -> str:
    values = "coalesce(p.value.string_value, p.value.int_value, p.value.double_value, p.value.float_value)"
    return (
        f"list_transform({column}, lambda p: p.key) as {name}_names,"
        f" list_transform({column}, lambda p: {values}) as {name}_values"
    )


def _moment(micros: str) -> str:
    """Microseconds as ISO 8601; what is none stays unreadable, for landing to say so."""
    is_micros = f"regexp_full_match({micros}, '\\d{{15,16}}')"
    iso = f"strftime(make_timestamp(cast({micros} as bigint)), '%Y-%m-%dT%H:%M:%S.%fZ')"
    return f"case when {is_micros} then {iso} when {micros} is not null then 'no microseconds' end"


def _identity() -> str:
    parts = ", ".join(f"coalesce({name}, '')" for name in IDENTITY)
    return f"concat_ws({_SEPARATOR}, 'event', {parts}, '#')"


def _campaign() -> str:
    """Its id, else its name; what GA4 writes in parentheses, as (organic), is none."""
    named = [f"case when traffic.{name} not like '(%' then traffic.{name} end" for name in ("campaign_id", "campaign")]
    return f"coalesce({', '.join(named)})"


def _content() -> list[str]:
    """Everything read of an event, its lists in an order of their own: exports do not keep theirs."""
    return [f"list_sort({name})" if isinstance(shape, list) else name for name, shape in EVENT.items()]


def _clicks() -> list[str]:
    found = []
    for name in CLICK_IDS:
        collected = f"collected_traffic_source.{name}, " if name in _COLLECTED else ""
        written = f"nullif(regexp_extract(page_location, '[?&]{name}=([^&#]+)', 1), '')"
        in_page = f"coalesce(try(url_decode({written})), {written})"
        found.append(f"coalesce({collected}{in_page}) as {name}")
    return found


def _click() -> str:
    return f"coalesce({', '.join(CLICK_IDS)})"


def _click_type() -> str:
    return f"case {' '.join(f'when {name} is not null then {quote(name)}' for name in CLICK_IDS)} end"


def _traffic() -> str:
    """What the event says of where its session came from: never `traffic_source`, which is the visitor's first."""
    last, own = "session_traffic_source_last_click", "collected_traffic_source"
    ads, manual, cross = f"{last}.google_ads_campaign", f"{last}.manual_campaign", f"{last}.cross_channel_campaign"
    source, medium, campaign = (param_sql(name) for name in ("source", "medium", "campaign"))
    gclid = f"{own}.gclid is not null or regexp_matches(page_location, '[?&](gclid|wbraid|gbraid)=')"

    def struct(order: int, *values: str) -> str:
        names = ("source", "medium", "campaign_id", "campaign")
        pairs = ", ".join(f"{name} := {value}" for name, value in zip(names, values, strict=True))
        return f"struct_pack({pairs}, grade := {order})"

    return f"""case
        when {ads}.campaign_id is not null
            then {struct(0, "'google'", "'cpc'", f"{ads}.campaign_id", f"{ads}.campaign_name")}
        when {manual}.source is not null or {manual}.medium is not null then {_of(manual, struct)}
        when {cross}.source is not null or {cross}.medium is not null then {_of(cross, struct)}
        when {own}.manual_source is not null or {own}.manual_medium is not null
            then {
        struct(
            1,
            f"{own}.manual_source",
            f"{own}.manual_medium",
            f"{own}.manual_campaign_id",
            f"{own}.manual_campaign_name",
        )
    }
        when {gclid} then {struct(1, "'google'", "'cpc'", "null", "null")}
        when {source} is not null or {medium} is not null
            then {struct(1, source, medium, param_sql("campaign_id"), campaign)}
    end as traffic"""


def _of(group: str, struct: Callable[..., str]) -> str:
    return struct(0, f"{group}.source", f"{group}.medium", f"{group}.campaign_id", f"{group}.campaign_name")


def _engaged() -> str:
    """GA4 writes 1 and 0 as a number or as text, by the age of the export."""
    return f"case {param_sql('session_engaged')} when '1' then 'true' when '0' then 'false' end"


def _cases(signals: Sequence[Ga4Signal]) -> list[str]:
    cases = []
    for number, signal in enumerate(signals):
        tests = [matches_any("event_name", signal.event)]
        tests += [matches_any("page", signal.page)] if signal.page else []
        tests += [matches_any(param_sql(name), patterns) for name, patterns in signal.where.items()]
        cases.append(f"when {' and '.join(tests)} then {number}")
    return cases


def _signal_columns(signals: Sequence[Ga4Signal]) -> list[str]:
    named = " ".join(f"when {number} then {quote(each.signal)}" for number, each in enumerate(signals))
    columns = [f"case rule {named} end as signal" if named else "cast(null as varchar) as signal"]
    for field in _FIELDS:
        mapped = [(number, getattr(each, field)) for number, each in enumerate(signals)]
        cases = " ".join(f"when {number} then {_value(value)}" for number, value in mapped if value is not None)
        columns.append(f"case rule {cases} end as {field}" if cases else f"cast(null as varchar) as {field}")
    return columns


def _value(value: Ga4Value) -> str:
    if value.value is not None:
        return quote(value.value)
    if value.page_segment is not None:
        return f"nullif(split_part(page, '/', {value.page_segment + 1}), '')"
    return param_sql(value.param) if value.param is not None else property_sql(str(value.user_property))


def _quoted(name: str) -> str:
    return f'"{name}"'
