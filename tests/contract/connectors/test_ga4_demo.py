"""The world's browser touches, through GA4's files and back: the same touches as the world's own, day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from models_ml.world import World, build_world
from orchestration.demo.ga4_files import ga4_source, is_browser_touch, write_ga4_days
from orchestration.demo.web_files import write_web_files
from orchestration.sources.registry import load_registry
from orchestration.sources.registry_schema import BaseSource
from tests.contract.connectors.homes import LandingHome, counts

_SAID = (
    "signal, occurred_at, service_line, topic, offer_id, channel, platform, campaign_id, anonymous_token, click_token"
)
_LAST = """
    with last as (
        select *, row_number() over (partition by {key} order by {order}) as place
        from read_parquet('{files}', union_by_name = true, hive_partitioning = false)
    )
    select {columns} from last where place = 1 and not coalesce(is_deleted, false) {only}
"""


@pytest.fixture(scope="module")
def world() -> World:
    """A few months of a small clinic."""
    return build_world(leads=120, seed=5, months=2)


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[tuple[LandingHome, LandingHome]]:
    """One home for GA4's files, one for the world's own touches."""
    first, second = LandingHome.open(tmp_path / "ga4_home"), LandingHome.open(tmp_path / "own_home")
    with closing(first.vault), closing(second.vault):
        yield first, second


def _source(folder: Path, name: str, entry: dict[str, Any]) -> BaseSource:
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump({"sources": {name: entry}}))
    return load_registry(file, environ={}).sources[name]


def _sought(home: LandingHome, files: str, **parts: str) -> list[tuple[Any, ...]]:
    import duckdb

    with duckdb.connect() as connection:
        query = _LAST.format(files=f"{home.paths.landed}/{files}/**/*.parquet", **parts)
        return connection.execute(query).fetchall()


def _own(home: LandingHome, columns: str, before: pd.Timestamp) -> list[tuple[Any, ...]]:
    """The world's browser touches, landed by the contract, of days over before that moment."""
    only = f"and lead_id is null and occurred_at < timestamp '{before.tz_localize(None)}'"
    order = "known_at desc, _batch_id desc, _row_no desc"
    return _sought(home, "contract_files/touches", key="touch_id", order=order, columns=columns, only=only)


def _ga4(home: LandingHome, columns: str) -> list[tuple[Any, ...]]:
    order = "_batch_id desc, _row_no desc"
    return _sought(home, "ga4_export/events", key="touch_token", order=order, columns=columns, only="")


def test_touches_come_back_as_they_were_though_days_were_restated(
    world: World, homes: tuple[LandingHome, LandingHome], tmp_path: Path
) -> None:
    home, own = homes
    source = _source(tmp_path, "web", ga4_source("ga4", lead_ids_from="web"))
    moments = [world.as_of - pd.Timedelta(days=days) for days in (20, 3, 2, 1, 0)]
    touches = _with_some_taken_back(world.tables["touches"], moments[1])
    since, withdrawn = None, 0
    for until in moments:
        written = write_ga4_days(tmp_path / "ga4", touches, until=until, since=since)
        landed = home.land(source)
        old = len(list((tmp_path / "ga4").iterdir())) - len(written)
        assert not landed.has_failed and old == sum(each.status == "already_landed" for each in landed.results)
        withdrawn += sum(each.accounting.rows_withdrawn for each in landed.results)
        since = until
    write_web_files(tmp_path / "own", {"touches": touches})
    own.land(_source(tmp_path, "web", {"connector": "contract_files", "path": "own", "timezone": "UTC"}))
    over = world.as_of.tz_convert("America/Chicago").normalize().tz_convert("UTC")
    expected = _own(own, f"{_SAID}, landing_page", over)
    assert len(expected) > 500
    assert Counter(_ga4(home, f"{_SAID}, page")) == Counter(expected)
    assert withdrawn == _taken_back(touches, moments) >= 7


def test_touches_of_one_session_stay_together(
    world: World, homes: tuple[LandingHome, LandingHome], tmp_path: Path
) -> None:
    home, own = homes
    write_ga4_days(tmp_path / "ga4", world.tables["touches"], until=world.as_of)
    home.land(_source(tmp_path, "web", ga4_source("ga4", lead_ids_from="web")))
    write_web_files(tmp_path / "own", {"touches": world.tables["touches"]})
    own.land(_source(tmp_path, "web", {"connector": "contract_files", "path": "own", "timezone": "UTC"}))
    over = world.as_of.tz_convert("America/Chicago").normalize().tz_convert("UTC")
    told = "anonymous_token, occurred_at, signal, {}"
    seen = [row for row in _ga4(home, told.format("session_token")) if row[0]]
    known = [row for row in _own(own, told.format("session_id"), over) if row[0]]
    assert _groups(seen) == _groups(known) and len(_groups(seen)) > 100


def test_a_day_is_written_when_it_is_over_and_again_only_when_it_changed(world: World, tmp_path: Path) -> None:
    touches = world.tables["touches"]
    noon = world.as_of.normalize() - pd.Timedelta(days=30) + pd.Timedelta(hours=18)
    first = write_ga4_days(tmp_path, touches, until=noon)
    today = noon.tz_convert("America/Chicago").strftime("%Y%m%d")
    assert f"events_{today}.parquet" not in {path.name for path in first}
    held = {path: path.read_bytes() for path in first}
    again = write_ga4_days(tmp_path, touches, until=noon + pd.Timedelta(days=1), since=noon)
    assert tmp_path / f"events_{today}.parquet" in again and len(again) < 8
    assert all(path.read_bytes() == content for path, content in held.items() if path not in again)


def test_every_touch_is_either_a_browsers_or_names_its_lead(world: World) -> None:
    touches = world.tables["touches"]
    signals = {kind: set(part["signal"]) for kind, part in touches.groupby(is_browser_touch(touches))}
    assert signals[True] == {"page_view", "service_page_view", "pricing_view", "content_download"}
    assert {"form_submit", "phone_call", "email_click", "appointment_request"} <= signals[False]


def _groups(rows: list[tuple[Any, ...]]) -> set[frozenset[tuple[Any, ...]]]:
    """Sessions as sets of what happened in them, whatever they are called."""
    sessions: dict[Any, set[tuple[Any, ...]]] = {}
    for *said, session in rows:
        sessions.setdefault(session, set()).add(tuple(said))
    return {frozenset(each) for each in sessions.values()}


def _with_some_taken_back(touches: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """A small world takes back next to nothing: seven more, six hours after they were delivered."""
    old = touches[is_browser_touch(touches) & (touches["known_at"] < moment - pd.Timedelta(days=9))]
    gone = old.drop_duplicates("touch_id", keep=False).iloc[::37].head(7)
    gone = gone.assign(is_deleted=True, known_at=moment + pd.Timedelta(hours=6))
    return pd.concat([touches, gone], ignore_index=True)


def _taken_back(touches: pd.DataFrame, moments: list[pd.Timestamp]) -> int:
    """How many touches were deleted after a delivery of their day had held them."""
    found = 0
    for _, versions in touches[touches["touch_id"].isin(touches.loc[touches["is_deleted"], "touch_id"])].groupby(
        "touch_id"
    ):
        gone = versions.loc[versions["is_deleted"], "known_at"].min()
        day = versions["occurred_at"].min().tz_convert("America/Chicago").normalize() + pd.DateOffset(days=1)
        known = max(versions["known_at"].min(), day.tz_convert("UTC"))
        found += any(known <= moment < gone for moment in moments) and gone <= moments[-1]
    return found


def test_the_counts_of_a_first_delivery_balance(
    world: World, homes: tuple[LandingHome, LandingHome], tmp_path: Path
) -> None:
    home, _ = homes
    write_ga4_days(tmp_path / "ga4", world.tables["touches"], until=world.as_of)
    read, landed, duplicate, bad = counts(home.land(_source(tmp_path, "web", ga4_source("ga4", lead_ids_from="web"))))
    assert (read, duplicate, bad) == (landed, 0, 0) and landed > 500
