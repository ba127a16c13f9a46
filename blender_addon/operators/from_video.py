"""From Video: the performance of a face in a video, or its pose in a photo, baked at the playhead."""

# pyright: reportInvalidTypeForm=false
from pathlib import Path
from typing import Any

import bpy

from .. import client, footage, portraits, preferences
from ..bake.held import held
from ..clip import Clip
from ..hints import Context, Returned
from ..messages import AddonError
from .asking import AskingAboutFile, answered_clip, place
from .performing import Performing

FASTEST = 240.0
"""Images a second that the engine can be asked for."""


def found_file(path: str) -> Path:
    """The footage's place. Raises AddonError when there is nothing."""
    found = Path(bpy.path.abspath(path))
    if not path or not found.exists():
        raise AddonError(f"There is no video at {found}." if path else "Choose a video or a photo in the panel.")
    return found


def told_tracker(error: AddonError) -> AddonError:
    """The engine names its command line, which an artist has not at hand."""
    if "download-landmarker" not in str(error):
        return error
    return AddonError(
        "Video needs MediaPipe's face tracker, which is not installed. Press Download Face Tracker in "
        "Edit > Preferences > Add-ons > FaceMimic (4 MB)."
    )


class FACEMIMIC_OT_from_video(Performing, AskingAboutFile, bpy.types.Operator):
    bl_idname = "facemimic.from_video"
    bl_label = "From Video"
    bl_description = (
        "Take the performance of a face in a video or a folder of images, or its pose in a photo, and put it on the"
        " character, from the playhead on"
    )
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{suffix}" for suffix in (*footage.VIDEOS, *footage.PHOTOS)), options={"HIDDEN"}
    )
    face: bpy.props.IntProperty(
        name="Face",
        description="The number of the person to follow; −1 for whoever is the largest at first sight",
        default=footage.LARGEST_FACE,
        min=footage.LARGEST_FACE,
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
    mirrored: bpy.props.BoolProperty(name="Mirrored", description="The footage is a mirror image", default=False)
    actor: bpy.props.StringProperty(name="Actor", description="Who is seen, to calibrate once and use again")
    neutral: bpy.props.FloatProperty(
        name="Neutral At", description="Second at which the face is at rest; −1 to find it", default=-1.0, min=-1.0
    )
    hold: bpy.props.BoolProperty(name="Hold", description="Hold a photo's pose; otherwise it is one key", default=False)
    onset: bpy.props.FloatProperty(name="Onset", description="Seconds from rest to the pose", default=0.4, min=0.0)
    held: bpy.props.FloatProperty(name="Held", description="Seconds that the pose is held", default=1.0, min=0.0)
    offset: bpy.props.FloatProperty(name="Offset", description="Seconds from the pose to rest", default=0.6, min=0.0)

    _told: footage.Told | None = None

    def ask(self, context: Context) -> client.Job:
        path = found_file(self.filepath)
        if self.end and self.end <= self.start:
            raise AddonError(f"The video's end ({self.end:g} s) must come after its start ({self.start:g} s).")
        self._place = place(context)
        fields: dict[str, Any] = {
            "path": str(path),
            # A folder of images has no rate of its own.
            "fps": min(self._place.fps, FASTEST) if path.is_dir() else None,
            "face": self.face if self.face >= 0 else None,
            "start": round(self.start, 6),
            "end": round(self.end, 6) or None,
            "mirrored": self.mirrored,
            "actor": self.actor.strip() or None,
            "neutral": round(self.neutral, 6) if self.neutral >= 0 else None,
            "device": preferences.settings().device,
        }
        return preferences.engine().ask("video", fields)

    def refuse(self, error: AddonError) -> Returned:
        return super().refuse(told_tracker(error))

    def take(self, answer: client.Answer) -> tuple[Clip, str]:
        clip, path = answered_clip(answer), Path(self.filepath.rstrip("/\\"))
        for note in clip.provenance.get("notes") or ():
            self.report({"WARNING"}, str(note))
        report = answer.header.get("report")
        where = footage.places(report, self._place.frame, self._place.fps)
        self._told = footage.Told(path.name, footage.summary(report), where)
        if self.hold and len(clip.values) == 1:
            clip = held(clip, self.onset, self.held, self.offset, self._place.fps)
        return clip, path.stem

    def accept(self, context: Context, answer: client.Answer) -> str:
        sentence = super().accept(context, answer)
        if self._told is not None:
            footage.remember(context, self._told)
        return sentence


class FACEMIMIC_OT_find_faces(AskingAboutFile, bpy.types.Operator):
    """Not an undo step: it only shows pictures."""

    bl_idname = "facemimic.find_faces"
    bl_label = "Find Faces"
    bl_description = "Look who is in the footage, to choose one of them"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    start: bpy.props.FloatProperty(min=0.0)
    mirrored: bpy.props.BoolProperty()

    def ask(self, context: Context) -> client.Job:
        path = found_file(self.filepath)
        fields = {"path": str(path), "start": round(self.start, 6), "mirrored": self.mirrored}
        return preferences.engine().ask("faces", fields)

    def refuse(self, error: AddonError) -> Returned:
        return super().refuse(told_tracker(error))

    def accept(self, context: Context, answer: client.Answer) -> str:
        pictures = answer.arrays.get("portraits")
        if pictures is None:
            raise AddonError("The engine's answer holds no portraits. Install FaceMimic and its engine again.")
        portraits.show(self.filepath, pictures)
        count = len(pictures)
        return "One face was found." if count == 1 else f"{count} faces were found. Choose one in the panel."


class FACEMIMIC_OT_choose_face(bpy.types.Operator):
    bl_idname = "facemimic.choose_face"
    bl_label = "Choose Face"
    bl_description = "Follow this person"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # noqa: RUF012

    number: bpy.props.IntProperty(min=0)

    def execute(self, context: Context) -> Returned:
        footage.footage(context).face = self.number
        return {"FINISHED"}


class FACEMIMIC_OT_look_at_frame(bpy.types.Operator):
    bl_idname = "facemimic.look_at_frame"
    bl_label = "Look There"
    bl_description = "Go to this place of the capture"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    frame: bpy.props.FloatProperty()

    def execute(self, context: Context) -> Returned:
        frame = int(self.frame // 1)
        context.scene.frame_set(frame, subframe=self.frame - frame)
        return {"FINISHED"}


CLASSES = (
    FACEMIMIC_OT_from_video,
    FACEMIMIC_OT_find_faces,
    FACEMIMIC_OT_choose_face,
    FACEMIMIC_OT_look_at_frame,
)
