"""Reads and writes ``NAME_cracks.json``: all that was measured on one photograph.

Every other format, the page and a resumed run are made from these files. They hold pixels, whole
numbers at the middles of pixels; ``scale`` makes millimetres of them. What is computed from the
rest (length, orientation, tortuosity) is written for other programs, and not read.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crackseg.errors import CrackSegError
from crackseg.formats.record_form import FORMAT, FORMAT_VERSION, Record
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.system.files import write_text


def write_record(photograph: MeasuredPhotograph, path: Path) -> None:
    """Writes what was measured on a photograph, completely or not at all.

    Raises:
        OutputError: The file cannot be written.
    """
    form = TypeAdapter(Record).dump_python(Record.of(photograph), mode="json")
    write_text(path, f"{_as_text(form)}\n")


def read_record(path: Path) -> MeasuredPhotograph:
    """Reads what :func:`write_record` wrote, whose numbers are rounded.

    Raises:
        CrackSegError: The file is missing, damaged, of another kind, or of a newer version.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CrackSegError(f"{path}: there is no such file of measured cracks") from error
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, f"no JSON: {error}") from error
    _require_format(path, stored)
    try:
        return TypeAdapter(Record).validate_python(stored).restored()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise _damaged(path, f"{where}: {first['msg']}") from error
    except CrackSegError as error:
        raise _damaged(path, str(error)) from error


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of these files."""
    form = TypeAdapter(Record).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **form}


def _require_format(path: Path, stored: Any) -> None:
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise CrackSegError(f"{path}: is no file of measured cracks (format: {FORMAT})")
    version = stored.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise CrackSegError(
            f"{path}: was written by a newer crackseg (format {version}, this one reads up to "
            f"{FORMAT_VERSION}); update crackseg, or measure anew with --overwrite"
        )


def _damaged(path: Path, what: str) -> CrackSegError:
    return CrackSegError(
        f"{path}: is damaged ({what}); delete it, and measure its photograph again"
    )


def _as_text(value: Any, indent: str = "") -> str:
    """JSON in which a list of numbers stands on one line, however long it is."""
    parts = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list) or not any(isinstance(one, dict | list) for one in parts):
        return json.dumps(value, allow_nan=False)
    deeper = f"{indent} "
    inner = [_as_text(one, deeper) for one in parts]
    if isinstance(value, dict):
        inner = [f"{json.dumps(key)}: {one}" for key, one in zip(value, inner, strict=True)]
    begin, end = "{}" if isinstance(value, dict) else "[]"
    separator = f",\n{deeper}"
    return f"{begin}\n{deeper}{separator.join(inner)}\n{indent}{end}"
