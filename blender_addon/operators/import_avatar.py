"""Import Avatar: a character from a .vrm or .glb file, ready to perform."""

# pyright: reportInvalidTypeForm=false
import bpy

from ..hints import Context, ImportHelper, Returned
from ..messages import AddonError
from ..properties import settings
from ..rig.bones import facing
from ..rig.import_avatar import import_avatar
from .load_take import SUFFIXES as RECORDINGS
from .named_file import named_file


class FACEMIMIC_OT_import_avatar(ImportHelper, bpy.types.Operator):
    bl_idname = "facemimic.import_avatar"
    bl_label = "Import Avatar"
    bl_description = "Bring in a character from a .vrm or glTF file and choose it for FaceMimic"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filter_glob: bpy.props.StringProperty(default="*.vrm;*.glb;*.gltf", options={"HIDDEN"})

    def execute(self, context: Context) -> Returned:
        try:
            path = named_file(self.filepath, ".vrm, .glb or .gltf avatar")
            if path.suffix.lower() in RECORDINGS:
                raise AddonError(f"{path.name} ends as a recording, not as an avatar. Load Take reads recordings.")
            character = import_avatar(path)
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        settings(context).character = character.armature or character.meshes[0]
        sentence = f"“{character.name}” shows {len(character.matched)} channels."
        if _looks_away(character.armature):
            sentence += " It looks away from the Front view, as avatars of VRM 0 do; Export VRM turns it round."
        self.report({"INFO"}, sentence)
        return {"FINISHED"}


def _looks_away(armature: bpy.types.Object | None) -> bool:
    """Whether a character looks along +Y, where Blender's characters look along -Y."""
    return armature is not None and (armature.matrix_world.to_3x3() @ facing(armature).col[2]).normalized().y > 0.7


CLASSES = (FACEMIMIC_OT_import_avatar,)
