"""The one error that reaches the person who asked."""


class FaceMimicError(Exception):
    """Something the person can act on: says what is wrong with which file or value, and what to do.

    `kind` is a short machine-readable name for scripts and tests: request, file, video, weights, device, cancelled.
    """

    def __init__(self, message: str, kind: str = "request") -> None:
        super().__init__(message)
        self.kind = kind
