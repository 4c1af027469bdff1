"""A key of this kind opens Warm Handoff's own calls and nothing else of Tryton."""

from trytond.pool import PoolMeta


class UserApplication(metaclass=PoolMeta):
    """Keys a user asks for under Preferences."""

    __name__ = "res.user.application"

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.application.selection.append(("warm_handoff", "Warm Handoff"))
