"""Generate: a performance of the panel's emotion, baked at the playhead."""

import bpy

from .. import client, emotions, preferences
from ..clip import Clip
from ..hints import Context, Event, Returned
from ..properties import settings
from .asking import answered_clip, place
from .performing import Performing

FASTEST = 240.0
"""Frames a second that the engine can be asked for."""
_LAST_SEED = 2**31 - 1


class FACEMIMIC_OT_generate(Performing, bpy.types.Operator):
    bl_idname = "facemimic.generate"
    bl_label = "Generate"
    bl_description = "Perform the emotion on the character, from the playhead on"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    _name: str

    def ask(self, context: Context) -> client.Job:
        self._place = place(context)
        chosen = settings(context)
        self._name = f"{emotions.label(chosen.emotion)} {chosen.seed}"
        # Blender stores them in single precision, where 1.2 is a little more than the engine allows.
        intensity, duration = round(chosen.intensity, 6), round(chosen.duration, 6)
        request = {
            "beats": [
                {
                    "emotion": chosen.emotion,
                    "intensity": intensity,
                    "start": 0.0,
                    "duration": duration,
                }
            ],
            "duration": duration,
            "seed": chosen.seed,
            "fps": min(self._place.fps, FASTEST),
        }
        return preferences.engine().ask("generate", {"request": request, "device": preferences.settings().device})

    def take(self, answer: client.Answer) -> tuple[Clip, str]:
        return answered_clip(answer), self._name

    def invoke(self, context: Context, event: Event) -> Returned:
        return self.begin(context)


class FACEMIMIC_OT_new_seed(bpy.types.Operator):
    bl_idname = "facemimic.new_seed"
    bl_label = "New Seed"
    bl_description = "Take another seed, for another performance of the same"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        chosen = settings(context)
        chosen.seed = chosen.seed + 1 if chosen.seed < _LAST_SEED else 0
        return {"FINISHED"}


class FACEMIMIC_OT_cancel(bpy.types.Operator):
    bl_idname = "facemimic.cancel"
    bl_label = "Cancel"
    bl_description = "Stop FaceMimic's work and change nothing (Esc)"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    def execute(self, context: Context) -> Returned:
        client.cancel_running()
        return {"FINISHED"}


CLASSES = (FACEMIMIC_OT_generate, FACEMIMIC_OT_new_seed, FACEMIMIC_OT_cancel)
