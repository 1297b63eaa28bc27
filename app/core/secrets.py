"""Secrets: access tokens in the system's keyring; never in the database, the settings, an export or a log.

Where a system has no keyring, a token is kept until Fireside closes.
"""

from __future__ import annotations

import logging

SERVICE = "Fireside"

logger = logging.getLogger(__name__)


class Secrets:
    """Tokens by the address that they are for."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def get(self, address: str) -> str | None:
        """The token for an address. Takes as long as the system's keyring does, which may ask the person."""
        import keyring
        from keyring.errors import KeyringError

        try:
            return keyring.get_password(SERVICE, address) or self._kept.get(address)
        except KeyringError as error:
            logger.info("no keyring: %s", type(error).__name__)
            return self._kept.get(address)

    def set(self, address: str, token: str) -> bool:
        """Keep a token, or forget it when it is empty. Whether the system's keyring took it."""
        import keyring
        from keyring.errors import KeyringError

        self._kept.pop(address, None)
        if token:
            self._kept[address] = token
        try:
            if token:
                keyring.set_password(SERVICE, address, token)
            elif keyring.get_password(SERVICE, address) is not None:
                keyring.delete_password(SERVICE, address)
        except KeyringError as error:
            logger.info("no keyring: %s", type(error).__name__)
            return False
        return True
