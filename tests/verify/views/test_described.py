"""What other programs read of theorems: stable fields, and what each claim rests on."""

import json

import pytest
from pydantic import Field

import theorems
from verify.theorem.errors import InputError
from verify.theorem.settings import BaseSetting, make_setting
from verify.views.described import described


@pytest.mark.parametrize("name", theorems.BUILT_IN)
def test_show_as_json(command, name):
    done = command("show", name, "--json")
    assert (done.code, done.err) == (0, "")
    found, theorem = json.loads(done.out), theorems.load(name)
    assert set(found) == {
        *("schema_version", "name", "title", "statement", "formulas", "claims", "sources", "references"),
        "setting",
    }
    assert (found["schema_version"], found["name"], found["title"]) == (1, name, theorem.TITLE)
    assert found["sources"] == list(theorem.SOURCES)
    ids = [claim["id"] for claim in found["claims"]]
    assert ids == [claim.id for claim in theorem.CLAIMS.claims]
    for claim, statement in zip(found["claims"], theorem.CLAIMS, strict=True):
        assert set(claim) == {
            *("id", "text", "kind", "required", "source", "rests_on", "conditions", "judged_from"),
            "falsehoods",
        }
        assert set(claim["rests_on"]) < set(ids)
        assert set(claim["judged_from"]) <= {"start", "problem", "path"}
        assert [one["what"] for one in claim["falsehoods"]] == [one.what for one in statement.falsehoods]
    # The options by their schema: names, and defaults that make a setting.
    properties = found["setting"]["properties"]
    assert set(properties) == set(theorem.Setting.model_fields)
    assert all(one["description"] for one in properties.values())
    defaults = {
        option: one["default"] for option, one in properties.items() if one.get("default") is not None
    }
    make_setting(theorem, defaults)


def test_what_a_claim_rests_on_is_told():
    by_id = {claim.id: claim for claim in described(theorems.load("relu-convergence")).claims}
    assert by_id["G-L3.4"].rests_on == ["G-gamma", "G-start"]
    assert by_id["G-T3.1"].rests_on == ["G-A2", "G-gamma", "G-start"]
    assert by_id["G-T3.1"].conditions == ["followed"]
    assert by_id["G-T3.1.law"].judged_from == []


def test_list_as_json(command):
    done = command("list", "--json")
    found = json.loads(done.out)
    assert set(found) == {"schema_version", "theorems", "broken"}
    assert [one["name"] for one in found["theorems"]][:5] == list(theorems.BUILT_IN)
    assert all(set(one) == {"name", "title", "sources"} for one in found["theorems"])


def test_options_without_a_schema_are_told_of(monkeypatch):
    class Odd(BaseSetting, arbitrary_types_allowed=True):
        made: json.JSONDecoder | None = Field(None, description="what has no schema")

    monkeypatch.setattr(theorems.load("linear-deq"), "Setting", Odd)
    with pytest.raises(InputError, match="have no JSON schema"):
        described(theorems.load("linear-deq"))
