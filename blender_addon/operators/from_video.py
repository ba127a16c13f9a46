"""From Video: the performance of a face in a video, baked at the playhead."""

# pyright: reportInvalidTypeForm=false
from pathlib import Path

import bpy

from .. import client, preferences
from ..clip import Clip
from ..hints import Context, Returned
from ..messages import AddonError
from .asking import AskingAboutFile, answered_clip, place
from .performing import Performing

SUFFIXES = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v")


class FACEMIMIC_OT_from_video(Performing, AskingAboutFile, bpy.types.Operator):
    bl_idname = "facemimic.from_video"
    bl_label = "From Video"
    bl_description = "Take the performance of a face in a video and put it on the character, from the playhead on"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filter_glob: bpy.props.StringProperty(default=";".join(f"*{suffix}" for suffix in SUFFIXES), options={"HIDDEN"})
    face: bpy.props.IntProperty(
        name="Face", description="Which face to follow when there are several; 0 is the largest", default=0, min=0
    )
    start: bpy.props.FloatProperty(
        name="Start", description="Second of the video to begin at", default=0.0, min=0.0, subtype="TIME_ABSOLUTE"
    )
    end: bpy.props.FloatProperty(
        name="End",
        description="Second of the video to stop at; 0 for its end",
        default=0.0,
        min=0.0,
        subtype="TIME_ABSOLUTE",
    )

    def ask(self, context: Context) -> client.Job:
        path = Path(bpy.path.abspath(self.filepath))
        if not path.is_file():
            raise AddonError(f"There is no video at {path}.")
        if self.end and self.end <= self.start:
            raise AddonError(f"The video's end ({self.end:g} s) must come after its start ({self.start:g} s).")
        self._place = place(context)
        fields = {"path": str(path), "fps": None, "face": self.face, "start": self.start, "end": self.end or None}
        return preferences.engine().ask("video", fields)

    def refuse(self, error: AddonError) -> Returned:
        if "download-landmarker" in str(error):
            # The engine names its command line, which an artist has not at hand.
            error = AddonError(
                "Video needs MediaPipe's face tracker, which is not installed. Press Download Face Tracker in "
                "Edit > Preferences > Add-ons > FaceMimic (4 MB)."
            )
        return super().refuse(error)

    def take(self, answer: client.Answer) -> tuple[Clip, str]:
        clip = answered_clip(answer)
        for note in clip.provenance.get("notes") or ():
            self.report({"WARNING"}, str(note))
        return clip, Path(self.filepath).stem


CLASSES = (FACEMIMIC_OT_from_video,)
