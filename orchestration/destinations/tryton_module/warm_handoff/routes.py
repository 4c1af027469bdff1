"""The calls Warm Handoff makes: what is there, write a batch, read records. Each is one transaction.

The work is the model's (`opportunity.py`); here requests become its arguments, and what it refuses an answer.
"""

from trytond.backend import DatabaseDataError
from trytond.exceptions import UserError
from trytond.protocols.wrappers import user_application, with_pool, with_transaction
from trytond.transaction import Transaction
from trytond.wsgi import app

_key = user_application("warm_handoff")


@app.route("/<database_name>/warm_handoff/schema", methods={"POST"})
@with_pool
@with_transaction(readonly=True)
@_key
def schema(request, pool):
    """What a client must know before it writes."""
    return pool.get("sale.opportunity").handoff_schema()


@app.route("/<database_name>/warm_handoff/read", methods={"POST"})
@with_pool
@with_transaction(readonly=True)
@_key
def read(request, pool):
    """Records by lead id."""
    asked = request.parsed_data
    return pool.get("sale.opportunity").handoff_read(asked["key"], asked["lead_ids"])


@app.route("/<database_name>/warm_handoff/write", methods={"POST"})
@with_pool
@with_transaction()
@_key
def write(request, pool):
    """An answer for each record; or, where Tryton refuses one, nothing applied and the name of the rule."""
    asked = request.parsed_data
    try:
        return {"answers": pool.get("sale.opportunity").handoff_write(asked["key"], asked["writes"])}
    except (UserError, DatabaseDataError, ValueError, ArithmeticError) as error:
        Transaction().rollback()
        return {"refused": type(error).__name__}
