"""The errors landing leaves with: they name place and remedy, and never a cell's value.

`FileRefused` is one file that cannot be read as declared; the source it belongs to fails, others go on.
Rows that cannot be read are no errors: they are quarantined and counted (`landing.py`).
"""

from __future__ import annotations


class LandingError(Exception):
    """Something of one source cannot land. The message holds no values."""


class FileRefused(LandingError):
    """A file (or a table read from a system) is refused whole.

    `reason_code` is stable and short (`git_lfs_pointer`, `missing_column`, ...); `what_to_do` a sentence for whoever
    sent the file.
    """

    def __init__(self, source: str, object_name: str, file: str, reason_code: str, what_to_do: str) -> None:
        self.source = source
        self.object = object_name
        self.file = file
        self.reason_code = reason_code
        self.what_to_do = what_to_do
        super().__init__(f"{source}.{object_name}: {file} is refused ({reason_code}): {what_to_do}")


class DeliveriesDiffer(LandingError):
    """Of deliveries joined into one batch, one holds what is judged by itself: they land one by one instead."""


class VaultKeyError(LandingError):
    """The vault's key is lost, is another home's, or is not a key."""
