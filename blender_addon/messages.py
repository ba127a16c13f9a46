"""The one error that reaches the artist."""


class AddonError(Exception):
    """A sentence for the artist: what is wrong with which object, file or value, and what to do about it.

    Operators show it with `self.report({'ERROR'}, str(error))` and return CANCELLED. Whoever raises it has left
    the scene as it was.
    """
