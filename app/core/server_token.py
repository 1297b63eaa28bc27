"""The token that other programs show the server: made once, kept in the system's keyring."""

from __future__ import annotations

import secrets

from app.core.secrets import Secrets

ADDRESS = "fireside-server"  # its name in the keyring
TOKEN_BYTES = 24


def server_token(kept: Secrets) -> str:
    """The token, made where there is none. Takes as long as the keyring does."""
    return kept.get(ADDRESS) or new_server_token(kept)


def new_server_token(kept: Secrets) -> str:
    """Another token; the one before is worth nothing any more."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    kept.set(ADDRESS, token)
    return token
