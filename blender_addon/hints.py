"""Type hints for what Blender calls us with, where the stubs for bpy do not fit.

They take a Context's members for methods, because one of them is named `property`; they mark every layout as possibly
None; and their file helpers lack `filepath` and return nothing.
"""

from typing import TYPE_CHECKING, Any

Context = Any
Event = Any
Layout = Any
Returned = set[Any]
"""What an operator's execute, invoke and modal return: {"FINISHED"}, {"CANCELLED"}, {"RUNNING_MODAL"}…"""

if TYPE_CHECKING:

    class OperatorPart:
        """What a mixin of an operator may use of it."""

        report: Any
        poll_message_set: Any

    class PanelPart:
        """What a mixin of a panel may use of it."""

        @property
        def layout(self) -> Layout: ...

    class ImportHelper:
        """Lets the artist choose a file before execute runs."""

        filepath: Any

        def invoke(self, context: Context, event: Event) -> Returned: ...

    class ExportHelper(ImportHelper):
        """Lets the artist name a file before execute runs, and adds `filename_ext` to it."""

        filename_ext: str

else:
    from bpy_extras.io_utils import ExportHelper, ImportHelper

    OperatorPart = PanelPart = object

__all__ = [
    "Context",
    "Event",
    "ExportHelper",
    "ImportHelper",
    "Layout",
    "OperatorPart",
    "PanelPart",
    "Returned",
]
