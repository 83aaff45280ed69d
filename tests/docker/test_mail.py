"""docker-compose.mail.yml: what a site with mail lays over the main file."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for

from sohoa.notify.smtp import mail_account
from sohoa.settings import PREFIX, Settings
from tests.docker.compose_file import ROOT, VARIABLE, raw

OVERLAY = ROOT / "docker-compose.mail.yml"


@pytest.fixture
def overlay() -> dict[str, Any]:
    return dict(yaml.safe_load(OVERLAY.read_text(encoding="utf-8")))


def test_it_follows_the_specification_and_touches_one_service(overlay: dict[str, Any]) -> None:
    """What runs the tasks, with and without workers, which alone gets a network with a way out."""
    text = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    assert not list(validator_for(schema)(schema).iter_errors(overlay))
    assert set(overlay["services"]) == {"scheduler", "worker"}
    assert overlay["services"]["scheduler"] == overlay["services"]["worker"]
    assert set(overlay["services"]["scheduler"]["networks"]) == {"inner", *overlay["networks"]}
    assert not set(overlay["networks"]) & set(raw()["networks"])


def test_its_settings_exist_and_make_an_account(overlay: dict[str, Any]) -> None:
    """Each variable is a setting, the defaults are those of the code, and no secret stands in the file."""
    environment = overlay["services"]["scheduler"]["environment"]
    fields = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}
    assert set(fields) <= set(Settings.model_fields)
    assert {name for name in Settings.model_fields if name.startswith("smtp_")} <= set(fields)
    assert fields["smtp_user"] is fields["smtp_password"] is None
    for name, operator, default in VARIABLE.findall(OVERLAY.read_text(encoding="utf-8")):
        field = Settings.model_fields.get(name.removeprefix(PREFIX).lower())
        assert field is None or operator == "?" or default == str(field.default), name
    given = {"smtp_host": "mail.example", "smtp_sender": "sohoa@langson.example"}
    filled = {k: v for k, v in fields.items() if v is not None and not re.match(r"\$\{\w+:[-?]", v)}
    assert mail_account(Settings(**filled | given)) is not None
