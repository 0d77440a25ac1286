"""What `--json` printed, held to its published schema."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

REPOSITORY = Path(__file__).resolve().parent.parent
SCHEMA = json.loads(
    (REPOSITORY / "docs/reference/output.schema.json").read_text("utf-8")
)


def read(text: str) -> dict[str, Any]:
    """Return the one object that a command printed, which keeps to the schema."""
    told: dict[str, Any] = json.loads(text)
    Draft202012Validator(SCHEMA).validate(told)
    return told
