"""Pictures of the clinic world beside what is known of the field, as shown in docs/world.md.

    python -m orchestration.demo.world_figures docs

makes `world-clinic.png` (what happens) and `world-truth.png` (what is true of it), the same bytes each time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from models_ml.world import World, build_world
from models_ml.world.clinic import LINE_IDS, SERVICE_LINES
from models_ml.world.scenario import SCENARIOS
from models_ml.world.screening import WAIT_EFFECT

_INK, _ACCENT, _MUTED = "#1b3a4b", "#c8553d", "#8d99ae"
_SHADES = {"clean": _MUTED, "real": _INK, "hostile": _ACCENT}
_LINE_NAMES = [line.name for line in SERVICE_LINES]
_LEADS, _SEED = 12_000, 7


def write_world_figures(directory: str | Path) -> list[Path]:
    """Make both pictures of a world of the demo's seed, and return where they are."""
    worlds = {name: build_world(leads=_LEADS, seed=_SEED, scenario=name) for name in SCENARIOS}
    real = worlds["real"]
    clinic, truth = _figure(), _figure()
    _funnel(clinic[1][0], real)
    _first_contact(clinic[1][1], real)
    _speed_to_contact(clinic[1][2], real)
    _appointment_waits(clinic[1][3], real)
    _no_shows(clinic[1][4], real)
    _time_to_sql(clinic[1][5], real)
    _calibration(truth[1][0], real)
    _chances(truth[1][1], real)
    _signals(truth[1][2], real)
    _severity(truth[1][3], real)
    _lateness(truth[1][4], worlds)
    _arrivals(truth[1][5], real)
    made = []
    for name, (figure, _) in (("world-clinic.png", clinic), ("world-truth.png", truth)):
        path = Path(directory) / name
        # Without the library's name and version in the file, the same figures give the same bytes.
        figure.savefig(path, dpi=80, metadata={"Software": None})
        made.append(path)
    return made


def _figure() -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(13, 7.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = [axes for row in figure.subplots(2, 3) for axes in row]
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _share_by(axes: Axes, values: pd.Series, colour: str, label: str) -> None:
    ordered = np.sort(values.dropna().to_numpy(dtype=np.float64))
    axes.plot(ordered, np.arange(1, len(ordered) + 1) / len(ordered), color=colour, label=label, linewidth=1.6)


def _by_line(axes: Axes, shares: pd.Series, errors: pd.Series, colour: str, label: str, shift: float = 0.0) -> None:
    place = np.arange(len(LINE_IDS)) + shift
    values, reach = shares.reindex(LINE_IDS).to_numpy(), 1.96 * errors.reindex(LINE_IDS).to_numpy()
    axes.errorbar(values, place, xerr=reach, fmt="o", color=colour, capsize=3, label=label)
    axes.set_yticks(np.arange(len(LINE_IDS)), _LINE_NAMES)


def _error(group: pd.Series) -> float:
    return float(np.sqrt(group.mean() * (1 - group.mean()) / len(group)))


def _with_line(world: World) -> pd.DataFrame:
    last = world.tables["leads"].drop_duplicates("lead_id", keep="last")[["lead_id", "service_line", "created_at"]]
    return world.truth["leads"].merge(last, on="lead_id")


def _funnel(axes: Axes, world: World) -> None:
    leads = _with_line(world)
    is_mql = leads["house_mql_at"].notna()
    mature = leads[leads["house_mql_at"] <= world.as_of - pd.Timedelta(days=30)]
    won = (mature["sql_at"] - mature["house_mql_at"]) <= pd.Timedelta(days=30)
    by = is_mql.groupby(leads["service_line"])
    _by_line(axes, by.mean(), by.agg(_error), _INK, "lead → MQL, the\nclinic's own rule", -0.12)
    by = won.groupby(mature["service_line"])
    _by_line(axes, by.mean(), by.agg(_error), _ACCENT, "MQL → SQL\nwithin 30 days", 0.12)
    axes.set(xlim=(0, 1), xlabel="share, 95 % interval", title="Conversion (sizes: assumption)")
    axes.legend(frameon=False, loc="lower right", fontsize=8)


def _first_contact(axes: Axes, world: World) -> None:
    truth = world.truth["leads"]
    hours = (truth["contacted_at"] - truth["worked_at"]).dt.total_seconds() / 3600
    _share_by(axes, hours.clip(0.05, None), _INK, "of leads reached")
    axes.axvline(1, color=_MUTED, linewidth=1, linestyle=":")
    axes.axvline(42, color=_ACCENT, linewidth=1.2, linestyle="--", label="42 h: mean, HBR 2011")
    axes.axvline(hours.mean(), color=_INK, linewidth=1, linestyle="-.", label=f"mean here {hours.mean():.0f} h")
    axes.set(xscale="log", xlim=(0.05, 1000), ylim=(0, 1.3), xlabel="hours from worked to reached",
             ylabel="share reached by then", title="Speed to contact")  # fmt: skip
    axes.legend(frameon=False, loc="upper left", fontsize=8)


def _speed_to_contact(axes: Axes, world: World) -> None:
    truth = world.truth["leads"].dropna(subset="contacted_at")
    hours = (truth["contacted_at"] - truth["worked_at"]).dt.total_seconds() / 3600
    bins = [0, 0.5, 1, 2, 5, 12, 24, 48, 96, 2000]
    by = truth["qualified_at"].notna().groupby(pd.cut(hours, bins, include_lowest=True), observed=True)
    middle = hours.groupby(pd.cut(hours, bins, include_lowest=True), observed=True).median()
    axes.errorbar(
        middle, by.mean(), yerr=1.96 * by.agg(_error), fmt="o-", color=_INK, capsize=3, label="as it happened"
    )
    wait = np.log1p(middle.to_numpy() / 8)
    base = np.log(by.mean().iloc[0] / (1 - by.mean().iloc[0]))
    cause = 1 / (1 + np.exp(-(base + WAIT_EFFECT * (wait - wait[0]))))
    axes.plot(middle, cause, color=_ACCENT, linestyle="--", label="true effect of waiting alone (assumption)")
    axes.set(xscale="log", ylim=(0, 0.65), xlabel="hours from worked to reached", ylabel="share qualified",
             title="Who waits is qualified less")  # fmt: skip
    axes.legend(frameon=False, loc="lower left", fontsize=8)


def _ended(world: World) -> pd.DataFrame:
    last = world.tables["appointments"].drop_duplicates("appointment_id", keep="last")
    lines = world.tables["leads"].drop_duplicates("lead_id", keep="last")[["lead_id", "service_line"]]
    return last.merge(lines, on="lead_id")


def _appointment_waits(axes: Axes, world: World) -> None:
    first = world.tables["appointments"].drop_duplicates("appointment_id")
    lines = world.tables["leads"].drop_duplicates("lead_id", keep="last")[["lead_id", "service_line"]]
    rows = first.merge(lines, on="lead_id")
    days = (rows["starts_at"] - rows["booked_at"]).dt.total_seconds() / 86_400
    parts = [days[rows["service_line"] == line].to_numpy() for line in LINE_IDS]
    axes.boxplot(parts, orientation="horizontal", showfliers=False, medianprops={"color": _INK})
    field = {"orthopaedics": 16.9, "cardiology": 26.6, "dermatology": 34.5}
    for place, line in enumerate(LINE_IDS, start=1):
        axes.plot(parts[place - 1].mean(), place, "o", color=_INK, label="mean here" if place == 1 else None)
        if line in field:
            axes.plot(field[line], place, "D", color=_ACCENT, label="mean of 15 cities, 2022" if place == 1 else None)
    axes.set_yticks(range(1, len(LINE_IDS) + 1), _LINE_NAMES)
    axes.set(xlabel="days from booking to appointment", title="Wait for an appointment", xlim=(0, 75))
    axes.legend(frameon=False, loc="lower right", fontsize=8)


def _no_shows(axes: Axes, world: World) -> None:
    rows = _ended(world)
    kept = rows[rows["status"].isin(["held", "no_show"])]
    by = (kept["status"] == "no_show").groupby(kept["service_line"])
    _by_line(axes, by.mean(), by.agg(_error), _INK, "here, 95 % interval")
    axes.axvline(0.23, color=_ACCENT, linestyle="--", linewidth=1.2, label="23 %: 105\nstudies (2018)")
    axes.set(xlim=(0, 0.6), xlabel="share not come to, of appointments not cancelled", title="No-shows")
    axes.legend(frameon=False, loc="upper right", fontsize=8)


def _time_to_sql(axes: Axes, world: World) -> None:
    leads = _with_line(world)
    days = (leads["sql_at"] - leads["house_mql_at"]).dt.total_seconds() / 86_400
    for line, name, shade in zip(LINE_IDS, _LINE_NAMES, np.linspace(0.15, 0.85, len(LINE_IDS)), strict=True):
        _share_by(axes, days[leads["service_line"] == line].clip(0.01, None), str(shade), name)
    axes.set(xscale="log", xlim=(0.01, 90), xlabel="days from MQL to SQL", ylabel="share",
             title="Delay to SQL (assumption)")  # fmt: skip
    axes.legend(frameon=False, loc="upper left", fontsize=8)


def _mature(world: World) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    mqls = world.truth["leads"].dropna(subset="house_mql_at")
    return mqls, ((mqls["sql_at"] - mqls["house_mql_at"]) <= pd.Timedelta(days=30)).to_numpy()


def _calibration(axes: Axes, world: World) -> None:
    mqls, won = _mature(world)
    bins = pd.qcut(mqls["p_sql_within_30"], 12)
    by = pd.Series(won, mqls.index).groupby(bins, observed=True)
    axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle="--")
    axes.errorbar(mqls["p_sql_within_30"].groupby(bins, observed=True).mean(), by.mean(), yerr=1.96 * by.agg(_error),
                  fmt="o", color=_INK, capsize=3)  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="P(SQL within 30 days | knowable at MQL)", ylabel="share that became SQL",
             title="True chances are true")  # fmt: skip


def _chances(axes: Axes, world: World) -> None:
    mqls, _ = _mature(world)
    edges = np.linspace(0, 1, 41).tolist()
    hidden = mqls["p_qualified"] * mqls["p_reached"]
    axes.hist(mqls["p_sql_within_30"], edges, color=_INK, alpha=0.8, label="given what is knowable")
    axes.hist(hidden, edges, histtype="step", color=_ACCENT, linewidth=1.4, label="given the latents")
    axes.set(ylim=(0, 420), xlabel="chance to become SQL", ylabel="MQLs", title="What can be known, and what is hidden")
    axes.legend(frameon=False, fontsize=8)


def _signals(axes: Axes, world: World) -> None:
    signals = world.truth["signals"].sort_values("effect")
    colours = [_INK if matters else _ACCENT for matters in signals["matters"]]
    axes.barh(signals["signal"].str.replace("_", " "), signals["effect"], color=colours)
    axes.set(xlabel="change of log rate per unit of intent", title="What signals truly say")


def _severity(axes: Axes, world: World) -> None:
    done = world.truth["leads"].dropna(subset="contacted_at")
    rate = done["qualified_at"].notna().groupby(done["staff_id"]).agg(["mean", "size"])
    staff = world.truth["staff"].set_index("staff_id").join(rate, how="inner")
    axes.scatter(staff["severity"], staff["mean"], s=staff["size"] / 4, color=_INK, alpha=0.6)
    axes.set(xlabel="severity (log-odds)", ylabel="share qualified of those reached",
             title="Staff judge differently")  # fmt: skip


def _lateness(axes: Axes, worlds: dict[str, World]) -> None:
    for name, world in worlds.items():
        touches = world.tables["touches"].drop_duplicates("touch_id")
        hours = (touches["known_at"] - touches["occurred_at"]).dt.total_seconds() / 3600
        ordered = np.sort(hours.clip(0.001, None).to_numpy())
        axes.plot(ordered, 1 - np.arange(len(ordered)) / len(ordered), color=_SHADES[name], label=name)
    axes.set(xscale="log", yscale="log", xlim=(0.01, 600), ylim=(1e-3, 1.1), xlabel="hours from occurred to known",
             ylabel="share of touches later than that", title="Lateness by scenario (assumption)")  # fmt: skip
    axes.legend(frameon=False, fontsize=8)


def _arrivals(axes: Axes, world: World) -> None:
    leads = world.tables["leads"].drop_duplicates("lead_id")
    local = leads["created_at"].dt.tz_convert("America/Chicago")
    hours = local.dt.hour.value_counts(normalize=True).sort_index()
    axes.bar(hours.index, hours, color=_INK)
    axes.axvspan(8, 18, color=_MUTED, alpha=0.2, label="open (Central calendar)")
    axes.set(
        ylim=(0, 0.085),
        xlabel="hour of the day, Chicago",
        ylabel="share of leads",
        title="When leads come (assumption)",
    )
    axes.legend(frameon=False, loc="upper left", fontsize=8)


if __name__ == "__main__":
    for place in write_world_figures(sys.argv[1] if len(sys.argv) > 1 else "docs"):
        sys.stdout.write(f"{place}\n")
