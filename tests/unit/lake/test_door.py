"""What passes the door, and that nothing else does."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import quote

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lake.door import page_sql
from orchestration.lake.extract import SourceRules
from orchestration.lake.refusal import LandingError
from orchestration.lake.tokens import declare_keys, token_of, token_sql
from tests.unit.lake.conftest import Home, contract_spec

LEADS = contract_spec("leads")
KEY = bytes(range(32))


@pytest.mark.parametrize("kind", ["email", "phone", "anonymous", "click", "attribute"])
@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=1), min_size=1))
def test_tokens_in_sql_are_hmac(kind: str, values: list[str]) -> None:
    plain = [value.strip() or "x" for value in values]
    connection = duckdb.connect()
    declare_keys(connection, frozenset({kind}), KEY)
    sql = f"select {token_sql(kind, 'value')} from (select unnest(?) as value) cross join token_keys"
    found = [row[0] for row in connection.execute(sql, [plain]).fetchall()]
    expected = []
    for value in plain:
        folded = "".join(each.lower()[0] for each in value) if kind == "email" else value
        folded = "".join(each for each in value if each in "0123456789") if kind == "phone" else folded
        own = hmac.new(KEY, b"token:" + kind.encode(), hashlib.sha256).digest()
        expected.append(hmac.new(own, folded.encode(), hashlib.sha256).hexdigest()[:32] if folded else None)
    assert [token_of(kind, value, KEY) for value in plain] == expected
    assert found == expected


@pytest.mark.parametrize(
    ("page", "path"),
    [
        ("https://clinic.example/knee/guide?utm=1#top", "/knee/guide"),
        ("//clinic.example/knee", "/knee"),
        ("www.clinic.example/knee", "/knee"),
        ("https://clinic.example", "/"),
        ("/knee;jsessionid=1", "/knee"),
        ("knee", "/knee"),
        ("/for/jane@doe.example/thanks", "/for/***/thanks"),
        ("/for/jane%40doe.example", "/for/***"),
        ("/call/5551234567", "/call/***"),
        ("/call/555-123-4567", "/call/***"),
        ("/2024/05/knee", "/2024/05/knee"),
        ("mailto:jane@doe.example", "/"),
        ("https://jane:pw@clinic.example/a", "/a"),
    ],
)
def test_of_a_page_only_the_path_passes(page: str, path: str) -> None:
    found = duckdb.connect().execute(f"select {page_sql('page')} from (select ? as page)", [page]).fetchall()
    assert found == [(path,)]


def test_web_ids_match_across_tables_and_are_kept_nowhere(home: Home) -> None:
    touches, identities, clicks = (contract_spec(name) for name in ("touches", "identities", "ad_clicks"))
    home.land_csv(touches, "touch_id,anonymous_id,click_id,occurred_at,signal\nt,cookie-9,gclid-9,2026-01-01,guide\n")
    home.land_csv(
        identities,
        "lead_id,id_type,id_value,known_at\n"
        "l,anonymous_id,cookie-9,2026-01-01\nl,click_id,gclid-9,2026-01-01\nl,email, Ann@X.example ,2026-01-01\n"
        "l,phone,+1 (555) 010-9999,2026-01-01\nl,crm_id,old-1,2026-01-01\n",
    )
    home.land_csv(clicks, "click_id,platform,campaign_id,occurred_at\ngclid-9,p,c,2026-01-01\n")
    home.land_csv(LEADS, "lead_id,created_at,email,phone\nl,2026-01-01,ann@x.example,15550109999\n")
    anonymous, click, email, phone, crm = (row[0] for row in home.rows(identities, "id_token"))
    assert home.rows(touches, "anonymous_token, click_token") == [(anonymous, click)]
    assert home.rows(clicks, "click_token") == [(click,)]
    assert home.rows(LEADS, "email_token, phone_token") == [(email, phone)]
    assert crm is None and [row[0] for row in home.rows(identities, "id_value")] == [None] * 4 + ["old-1"]
    assert b"cookie-9" not in home.paths.vault.read_bytes() and b"gclid-9" not in home.paths.vault.read_bytes()


def test_planted_people_are_found_in_the_vault_only(home: Home) -> None:
    secrets = ["Xanthippe", "Quartermain", "xq@canary.example", "5550142323", "told me she is afraid", "Planted Lane 7"]
    first, last, email, phone, reason, street = secrets
    home.land_csv(
        LEADS,
        "lead_id,created_at,first_name,last_name,email,phone,postal_code,street\n"
        f"l1,2026-01-01,{first},{last},{email},{phone},78701,{street}\nl2,never,{first},{last},{email},{phone},,\n",
    )
    work = contract_spec("work_events")
    home.land_csv(work, f"event_id,lead_id,occurred_at,kind,reason\ne,l1,2026-01-01,screening,{reason}\n")
    attributes = contract_spec("lead_attributes")
    rules = SourceRules("clinic", "clinic", "UTC", identifiers=frozenset({"nickname"}))
    home.land_csv(
        attributes,
        f"lead_id,name,value,known_at\nl1,nickname,{first},2026-01-01\nl1,state,TX,2026-01-01\n",
        rules=rules,
    )
    assert home.rows(attributes, "value")[1] == ("TX",) and len(home.rows(attributes, "value")[0][0]) == 32
    assert home.rows(LEADS, "postal_area") == [("787",)] and home.rows(work, "reason") == [(None,)]
    for secret in secrets:
        raw = secret.encode()
        forms = [raw, base64.b64encode(raw)[:-2], raw.hex().encode(), quote(secret).encode()]
        for path in home.paths.home.rglob("*"):
            if path.is_file() and path != home.paths.vault:
                content = path.read_bytes().lower()
                assert not any(form.lower() in content for form in forms), (secret, path)
        assert raw in home.paths.vault.read_bytes()


def test_free_text_the_registry_calls_codes_passes(home: Home) -> None:
    work = contract_spec("work_events")
    rules = SourceRules("clinic", "clinic", "UTC", codes=frozenset({"reason"}))
    content = "event_id,lead_id,occurred_at,kind,reason\ne,l1,2026-01-01,screening,no_budget\n"
    home.land_csv(work, content, rules=rules)
    assert home.rows(work, "reason") == [("no_budget",)]


def test_a_declared_identifier_never_passes_and_cannot_be_a_key(home: Home) -> None:
    rules = SourceRules("clinic", "clinic", "UTC", identifiers=frozenset({"campaign_id"}))
    result = home.land_csv(LEADS, "lead_id,created_at,campaign_id\nl1,2026-01-01,dr-x\n", rules=rules)
    assert home.rows(LEADS, "campaign_id") == [(None,)]
    assert home.vault.cells(result.batch_id) == [(1, "campaign_id", "identifier", "dr-x")]
    keyless = SourceRules("c", "c", "UTC", identifiers=frozenset({"lead_id"}))
    with pytest.raises(LandingError, match="lead_id is declared an identifier"):
        home.land_csv(LEADS, "lead_id,created_at\nl2,2026-01-01\n", rules=keyless)


def test_stage_labels_are_mapped_and_the_others_named(home: Home) -> None:
    stages = contract_spec("stage_events")
    rules = SourceRules("clinic", "clinic", "UTC", stages={"Marketing Qualified": "mql"})
    result = home.land_csv(
        stages,
        "event_id,lead_id,stage_raw,stage,entered_at\ne1,l,Marketing Qualified,,2026-01-01\n"
        "e2,l,Won,,2026-01-02\ne3,l,Won,sql,2026-01-02\ne4,l,x,won,2026-01-02\n",
        rules=rules,
    )
    assert [row[0] for row in home.rows(stages, "stage")] == ["mql", None, "sql"]
    assert result.accounting.unmapped_stages == {"Won": 1}
    assert result.accounting.reasons == {"unknown_value:stage": 1}


def test_tokens_and_pages_made_once_stand_with_their_rows(home: Home) -> None:
    spec = contract_spec("touches")
    ids = [f"visitor-{number % 3}" if number % 4 else "" for number in range(40)]
    lines = [f"t{n},l{n},{web},2026-01-01T00:00:00Z,page_view,/a/{n % 2}?q={n}" for n, web in enumerate(ids)]
    content = "\n".join(["touch_id,lead_id,anonymous_id,occurred_at,signal,landing_page", *lines])
    home.land_csv(spec, content)
    assert home.rows(spec, "touch_id, anonymous_token, landing_page") == [
        (f"t{n}", token_of("anonymous", web, home.key) if web else None, f"/a/{n % 2}") for n, web in enumerate(ids)
    ]
