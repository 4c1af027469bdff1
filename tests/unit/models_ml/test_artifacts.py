"""Stored models: they come back the same, and nothing that is not whole, ours and as it was is ever used."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from models_ml import artifacts
from models_ml.artifacts import (
    TRUSTED_TYPES,
    ModelRefused,
    load_champion,
    load_readiness,
    probe_frame,
    probe_predictions,
    promote_readiness,
    same_predictions,
    store_readiness,
)
from models_ml.readiness import score_readiness
from models_ml.readiness.recalibrate import with_shift
from tests.unit.models_ml.scored import AS_OF, leads, model

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
VERSION = model().version


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with that model as its champion."""
    store_readiness(model(), tmp_path, key=KEY, about={"criteria": {"default@1": "abc"}})
    promote_readiness(VERSION, tmp_path)
    return tmp_path


def content_of(home: Path) -> dict[str, object]:
    return dict(json.loads((home / "readiness" / VERSION / "model.json").read_text()))


def refusal(home: Path, *, key: bytes | None = KEY) -> str:
    with pytest.raises(ModelRefused) as refused:
        load_champion(home, key=key)
    text = str(refused.value)
    assert VERSION in text
    return text


def test_a_stored_model_is_the_same_model(home: Path) -> None:
    champion = load_champion(home, key=KEY)
    assert champion is not None
    rows, facts, _ = leads(60, seed=4)
    scores = [
        score_readiness(one, rows, facts, already_scored=rows.head(0), as_of=AS_OF) for one in (model(), champion)
    ]
    pd.testing.assert_frame_equal(*scores)
    for name in ("version", "schema", "horizons", "bands", "excluded_attributes", "card", "residuals"):
        assert getattr(champion, name) == getattr(model(), name), name


def test_it_tells_how_it_came_about(home: Path) -> None:
    content = content_of(home)
    assert content["about"] == {"criteria": {"default@1": "abc"}} and content["schema_sha256"] == model().schema.hash
    assert {"code_sha256", "libraries", "card", "probe", "model_sha256", "seal"} <= set(content)
    assert set(content["libraries"]) >= {"scikit-learn", "skops"}  # type: ignore[call-overload]


def test_files_are_their_owners_alone_and_no_scratch_stays(home: Path) -> None:
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) == 3 and all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    assert not list(home.rglob(".storing_*")) and not list(home.rglob(".champion_*"))


def test_what_is_stored_already_is_left_and_what_is_broken_is_stored_anew(home: Path) -> None:
    path = home / "readiness" / VERSION / "model.skops"
    before = path.stat().st_mtime_ns
    store_readiness(model(), home, key=KEY)
    assert path.stat().st_mtime_ns == before
    path.write_bytes(path.read_bytes()[:-100])
    store_readiness(model(), home, key=KEY)
    assert load_champion(home, key=KEY) is not None


def test_a_failed_store_leaves_the_one_before(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(artifacts.skops.io, "dump", full)
    with pytest.raises(OSError, match="no space"):
        store_readiness(replace(model(), version="another"), home, key=KEY)
    assert not list(home.rglob(".storing_*")) and not (home / "readiness" / "another").exists()
    assert load_champion(home, key=KEY) is not None


def test_no_champion_yet_and_none_that_is_not_stored(tmp_path: Path) -> None:
    assert load_champion(tmp_path, key=KEY) is None
    with pytest.raises(ValueError, match="no readiness model absent"):
        promote_readiness("absent", tmp_path)
    with pytest.raises(ModelRefused, match="absent is not stored"):
        load_readiness("absent", tmp_path)


@pytest.mark.parametrize("name", ["model.skops", "model.json"])
@pytest.mark.parametrize("harm", ["cut", "altered", "gone"])
def test_a_cut_altered_or_missing_file_is_refused(home: Path, name: str, harm: str) -> None:
    path = home / "readiness" / VERSION / name
    whole = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] if harm == "cut" else whole[:middle] + b"7" + whole[middle + 1 :])
    assert "train again" in refusal(home)


def test_an_altered_figure_is_refused_by_the_seal(home: Path) -> None:
    path = home / "readiness" / VERSION / "model.json"
    path.write_text(json.dumps(content_of(home) | {"bands": {"high": 0.01, "medium": 0.0}}))
    assert "was altered since" in refusal(home)


def test_a_model_of_another_home_and_one_without_a_seal_are_refused(home: Path, tmp_path: Path) -> None:
    assert "not stored by this home" in refusal(home, key=OTHER_KEY)
    store_readiness(model(), tmp_path / "unsealed")
    shutil.rmtree(home / "readiness" / VERSION)
    shutil.copytree(tmp_path / "unsealed" / "readiness" / VERSION, home / "readiness" / VERSION)
    assert "not stored by this home" in refusal(home)
    assert load_champion(home) is not None


def test_a_model_under_another_version_is_refused(home: Path) -> None:
    (home / "readiness" / VERSION).rename(home / "readiness" / "fedcba9876543210")
    with pytest.raises(ModelRefused, match="another model's"):
        load_readiness("fedcba9876543210", home, key=KEY)


def test_a_model_stored_by_older_code_is_refused_and_says_train_again(home: Path) -> None:
    old = {"version": VERSION, "horizon_days": 30, "schema": {"numeric": [], "categorical": []}, "probe": [0.5]}
    (home / "readiness" / VERSION / "model.json").write_text(json.dumps(old))
    assert "stored by other code" in refusal(home) and "train again" in refusal(home)
    store_readiness(model(), home, key=KEY)
    assert load_champion(home, key=KEY) is not None


def resealed(home: Path, **changes: object) -> None:
    """Put changes into model.json and seal it as the home would."""
    content = content_of(home) | changes
    del content["seal"]
    (home / "readiness" / VERSION / "model.json").write_text(
        json.dumps(content | {"seal": artifacts._seal(content, KEY)})
    )


def swap_model(home: Path, thing: object) -> None:
    path = home / "readiness" / VERSION / "model.skops"
    skops.io.dump(thing, path)
    resealed(home, model_sha256=artifacts._digest(path))


def test_a_model_that_predicts_otherwise_is_refused(home: Path) -> None:
    resealed(home, probe=[value + 1e-6 for value in content_of(home)["probe"]])  # type: ignore[attr-defined]
    assert "predicts other" in refusal(home)


def test_a_type_that_is_not_allowed_is_refused_by_name(home: Path) -> None:
    swap_model(home, {"helper": np.random.RandomState, "path": Path})
    assert "types that are not allowed" in refusal(home) and "pathlib" in refusal(home)


def test_another_thing_than_a_readiness_classifier_is_refused(home: Path) -> None:
    swap_model(home, LogisticRegression())
    assert "no readiness classifier" in refusal(home)


def test_columns_other_than_the_schemas_are_refused(home: Path) -> None:
    features = {"features": [feature for feature in content_of(home)["schema"]["features"]][::-1]}  # type: ignore[index]
    resealed(home, schema=features)
    assert "other columns" in refusal(home)


def test_the_allow_list_holds_what_a_classifier_needs_and_nothing_else(home: Path) -> None:
    used = set(skops.io.get_untrusted_types(file=home / "readiness" / VERSION / "model.skops"))
    assert used <= TRUSTED_TYPES and all(
        name.startswith(("models_ml.", "sklearn.", "numpy.")) for name in TRUSTED_TYPES
    )


def test_a_model_whose_intercept_was_moved_comes_back_moved(tmp_path: Path) -> None:
    moved = with_shift(model(), 0.4, version="moved", card={})
    store_readiness(moved, tmp_path, key=KEY)
    loaded = load_readiness("moved", tmp_path, key=KEY)
    assert same_predictions(probe_predictions(loaded), probe_predictions(moved))
    assert not same_predictions(probe_predictions(loaded), probe_predictions(model()))


def test_probes_reach_every_level_what_was_never_seen_and_what_is_missing() -> None:
    probe = probe_frame(model())
    assert {"paid_search", "direct", "(never seen)"} <= set(probe["channel"]) and probe["channel"].isna().any()
    assert probe["fit_points"].isna().any() and probe["fit_points"].nunique() >= 4
    predictions = probe_predictions(model())
    assert same_predictions(predictions, predictions) and not same_predictions(predictions, predictions + 1e-8)
