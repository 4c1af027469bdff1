"""What a database's error means for a write: try later, refused by a rule, or not usable as it stands.

Codes and names only, never messages: a database's message may hold values of rows. Names are those of our own fields,
and of the rule that was broken.
"""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError

from orchestration.destinations.base import FIELDS, BatchRefused, DestinationError, Unavailable

# PostgreSQL: connection, resources, operator's shutdown, lock not had, rolled back for another's sake.
_LATER_STATES = ("08", "53", "57", "55P03", "40")
_NO_RIGHT_STATES = ("42", "28", "3D", "3F", "25006", "55000", "0A000")
# What PostgreSQL says before a session stands, which has no code: this user will not be let in by waiting.
_NOT_LET_IN = re.compile(r"authentication failed|(role|database) .* does not exist|no pg_hba\.conf entry|not permitted")
# MariaDB and MySQL: too many connections, shutting down, lock waits, deadlock, read-only; 2xxx are its client's.
_LATER_NUMBERS = {1040, 1053, 1205, 1213, 1290, 1836, 1927, 3024}
_NO_RIGHT_NUMBERS = {1044, 1045, 1049, 1054, 1142, 1143, 1146, 1227, 1370}


def error_code(error: SQLAlchemyError) -> str:
    """SQLSTATE or the database's number, else the class of the error."""
    original = getattr(error, "orig", None)
    number = original.args[0] if isinstance(original, Exception) and original.args else None
    if isinstance(number, int):
        return str(number)
    states = (getattr(original, name, None) for name in ("sqlstate", "pgcode", "sqlite_errorname"))
    return str(next((state for state in states if state), type(error).__name__))


def refusal_code(error: SQLAlchemyError) -> str:
    """The code, and what of our fields and of the table's rules the refusal names."""
    original = getattr(error, "orig", None)
    told = str(original)
    # Columns of the staged batch bear our names with a letter before them.
    fields = [name for name in FIELDS if re.search(rf"(?<![a-z_])(?:[ve]_)?{name}(?![a-z_])", told)]
    rule = getattr(getattr(original, "diag", None), "constraint_name", None)
    rules = [str(rule)] if rule and rule not in fields else []
    return " ".join((error_code(error), *fields, *rules))


def meaning(error: SQLAlchemyError, *, name: str, what: str) -> DestinationError:
    """The error to raise for it. `what` goes after the destination's name: "could not be written"."""
    code = error_code(error)
    told = f"destination {name}: {what} ({code})"
    if not isinstance(error, DBAPIError):
        return DestinationError(f"{told}; check its url and rights")
    if error.connection_invalidated:
        return Unavailable(told, is_fate_unknown=True)
    if _is_of_a_row(error):
        return BatchRefused(told, error_code=f"{code} row_level_security")
    if code.isdigit() and len(code) == 4:
        return _by_number(int(code), error, told)
    if code.startswith("SQLITE_"):
        return _of_sqlite(code, error, told)
    if len(code) == 5:
        if code.startswith(_LATER_STATES):
            return Unavailable(told, is_fate_unknown=code.startswith(("08", "57")))
        return (
            _no_rights(told)
            if code.startswith(_NO_RIGHT_STATES)
            else BatchRefused(told, error_code=refusal_code(error))
        )
    if isinstance(error, (OperationalError, InterfaceError)):
        if _NOT_LET_IN.search(str(error.orig)):
            return DestinationError(
                f"destination {name}: its database does not let us in; check user, password and url"
            )
        away = f"destination {name}: its database cannot be reached ({code}); where that lasts, check url and server"
        return Unavailable(away, is_fate_unknown=True)
    return BatchRefused(told, error_code=refusal_code(error))


def _is_of_a_row(error: DBAPIError) -> bool:
    """Whether a row-level policy of PostgreSQL refused what a row would hold: it takes others from us."""
    return getattr(getattr(error.orig, "diag", None), "source_function", None) == "ExecWithCheckOptions"


def _by_number(number: int, error: DBAPIError, told: str) -> DestinationError:
    if 2000 <= number < 3000 or number in _LATER_NUMBERS:
        return Unavailable(told, is_fate_unknown=number not in _LATER_NUMBERS)
    return _no_rights(told) if number in _NO_RIGHT_NUMBERS else BatchRefused(told, error_code=refusal_code(error))


def _of_sqlite(code: str, error: DBAPIError, told: str) -> DestinationError:
    if isinstance(error, IntegrityError) or code.startswith(("SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG")):
        return BatchRefused(told, error_code=refusal_code(error))
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_PROTOCOL")):
        return Unavailable(told)
    return _no_rights(told)


def _no_rights(told: str) -> DestinationError:
    what = "check its url, its columns and its rights (`handoff prepare` prints them)"
    return DestinationError(f"{told}; {what}; a view must be one that takes updates")
