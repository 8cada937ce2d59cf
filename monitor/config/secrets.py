"""Secrets: referred to by name in the files, read at the moment of use, never kept or shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from monitor.config.files import Unreadable, read_regular
from monitor.errors import ConfigError


def read_secret(
    key: str, variable: str | None, file: Path | None, environ: Mapping[str, str]
) -> SecretStr | None:
    """Return the secret that ``variable`` or ``file`` refers to, None where neither is given.

    A variable that is not set may stand as ``NAME_FILE``, the path of a file that holds the secret.
    ``key`` is named in the ``ConfigError`` of a missing variable or an unusable file.
    """
    if variable is not None:
        return read_variable(f"{key}_env", variable, environ)
    if file is not None:
        return _from_file(f"{key}_file", file)
    return None


def read_variable(key: str, variable: str, environ: Mapping[str, str]) -> SecretStr:
    """Return the secret that the variable holds, or the file that ``NAME_FILE`` names.

    ``key``, where the variable is named, stands in the ``ConfigError`` of one that is missing.
    """
    if secret := environ.get(variable):
        return SecretStr(secret)
    if path := environ.get(f"{variable}_FILE"):
        return _from_file(f"{variable}_FILE", Path(path))
    raise ConfigError(
        (f"{key}: the variable {variable} is not set; set it, or {variable}_FILE to a path",)
    )


def _from_file(key: str, path: Path) -> SecretStr:
    try:
        secret = read_regular(path, private=True).decode("utf-8").strip("\r\n")
    except Unreadable as error:
        raise ConfigError((f"{key}: {path} {error}",)) from error
    except UnicodeDecodeError:
        # Without its cause: a decoding error carries the bytes of the secret.
        raise ConfigError((f"{key}: {path} is not UTF-8; write the secret as text",)) from None
    if not secret:
        raise ConfigError((f"{key}: {path} is empty; write the secret into it",))
    return SecretStr(secret)
