"""Brings a .glb, .gltf or .vrm avatar into the scene and keeps what it says about its own face.

Blender's importer reads a .vrm as plain glTF: it forgets the expressions, and names only those morph targets that
are named on the mesh. So the file is read twice: Blender imports a copy in which every morph target has its name and
every mesh and node carries its number, and the expressions are then noted on the imported meshes.
"""

import json
import struct
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bpy

from ..messages import AddonError
from .avatar_bones import humanoid_nodes, note_bones
from .avatar_meta import note_meta
from .bones import MOTIONS, NOTED
from .character import EXPRESSIONS, Character, find_character
from .first_person import FIRST_PERSON, first_person
from .gltf_lengths import lie
from .motions import GAZE

_MAGIC, _JSON, _BIN = 0x46546C67, 0x4E4F534A, 0x004E4942
_NODE, _MESH = "facemimic_node", "facemimic_mesh"
_LONGEST_NAME = 63
_USUAL_GAZE = 10.0
"""Degrees that eye bones turn where an avatar looks by them and does not say how far: what VRM programs write."""
_OVERRIDES = ("overrideBlink", "overrideLookAt", "overrideMouth")
_MADE_BY_IMPORT = (
    "objects",
    "meshes",
    "armatures",
    "materials",
    "images",
    "textures",
    "actions",
    "node_groups",
    "collections",
    "cameras",
    "lights",
)


def import_avatar(path: str | Path) -> Character:
    """Imports an avatar and finds its character.

    VRM 0.x and 1.0 expressions are noted on the meshes (custom property `facemimic_expressions`), and the bones of
    head, jaw and eyes on the armature, with how far the eyes turn, so that the character is found again after saving.
    What the file says of the avatar's author and licence stays with it as well; see avatar_meta.py.
    Raises AddonError when the file is missing, damaged, not glTF, or has no morph targets; nothing is left in the
    scene then.
    """
    path = Path(path)
    try:
        document, binary = read_gltf(path)
        _name_targets(document, path.name)
        lying = lie(document)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise AddonError(f"{path.name} is damaged: its glTF description makes no sense. Export it again.") from error
    if lying:
        raise AddonError(f"{path.name} is damaged: its {lying} does not fit its data. Export it again.")
    before = {kind: set(getattr(bpy.data, kind)) for kind in _MADE_BY_IMPORT}
    try:
        if path.suffix.lower() == ".gltf":
            _import(path)
        else:
            with tempfile.TemporaryDirectory(prefix="facemimic_") as folder:
                copy = Path(folder) / f"{path.stem}.glb"
                copy.write_bytes(_glb(_numbered(document), binary))
                _import(copy)
        objects = [obj for obj in bpy.data.objects if obj not in before["objects"]]
        _note_expressions(document, objects)
        start = next((obj for obj in objects if obj.type == "ARMATURE" and _carries_keys(obj, objects)), None)
        start = start or next((obj for obj in objects if getattr(obj.data, "shape_keys", None)), None)
        if start is None:
            raise AddonError(f"{path.name} was read, but Blender found no shape keys in it.")
        character = find_character(start)
        note_meta(document, binary, path, character.armature or start)
        return character
    except Exception as error:
        for kind in _MADE_BY_IMPORT:
            new = [block for block in getattr(bpy.data, kind) if block not in before[kind]]
            if new:
                bpy.data.batch_remove(new)
        if isinstance(error, AddonError):
            raise
        raise AddonError(f"Blender could not import {path.name}: {_told(error)}") from error


def read_gltf(path: Path) -> tuple[dict[str, Any], bytes]:
    """The JSON document and the binary chunk of a .glb/.vrm, or the document of a .gltf.

    Raises AddonError when the file is missing, no glTF 2.0, or shorter than it says.
    """
    try:
        if path.exists() and not path.is_file():
            raise AddonError(f"{path} is no file. Choose a .vrm or glTF file.")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise AddonError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if path.suffix.lower() == ".gltf":
        return _document(data, path.name), b""
    if len(data) < 20 or struct.unpack_from("<I", data)[0] != _MAGIC:
        raise AddonError(f"{path.name} is not a glTF file (.vrm, .glb or .gltf). Export it again from its program.")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2:
        raise AddonError(f"{path.name} is glTF version {version}; only version 2 can be imported. Export it again.")
    if length > len(data):
        raise AddonError(f"{path.name} is cut off: it should be {length} bytes and has {len(data)}. Copy it again.")
    chunks: dict[int, bytes] = {}
    offset = 12
    while offset + 8 <= length:
        size, kind = struct.unpack_from("<II", data, offset)
        if offset + 8 + size > length:
            raise AddonError(f"{path.name} is damaged: a part of it reaches beyond its end. Export it again.")
        chunks.setdefault(kind, data[offset + 8 : offset + 8 + size])
        offset += 8 + size
    document = _document(chunks.get(_JSON, b""), path.name)
    binary = chunks.get(_BIN, b"")
    buffers = document.get("buffers") or [{}]
    stored = buffers[0].get("byteLength", 0) if "uri" not in buffers[0] else 0
    if stored > len(binary):
        raise AddonError(f"{path.name} is damaged: it promises {stored} bytes of data and holds {len(binary)}.")
    return document, binary


def _document(text: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AddonError(f"{name} is damaged: its glTF description cannot be read. Export it again.") from error
    version = document.get("asset", {}).get("version") if isinstance(document, dict) else None
    if not str(version).startswith("2."):
        raise AddonError(f"{name} is not a glTF 2.0 file. Export it again as .glb or .vrm.")
    return document


def _glb(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    parts = struct.pack("<II", len(text), _JSON) + text
    if binary:
        parts += struct.pack("<II", len(binary), _BIN) + binary
    return struct.pack("<III", _MAGIC, 2, 12 + len(parts)) + parts


def _import(path: Path) -> None:
    operator: Any = bpy.ops.import_scene.gltf
    options: dict[str, Any] = {}
    if "disable_bone_shape" in operator.get_rna_type().properties:
        options["disable_bone_shape"] = True
    operator(filepath=str(path), **options)


def _told(error: Exception) -> str:
    """Blender's sentence about it; where its importer stumbled there is none."""
    text = str(error).strip().removeprefix("Error: ")
    if not text or "Traceback" in text or isinstance(error, KeyError | IndexError | AttributeError | TypeError):
        return "what it describes does not fit together. Export it again."
    return text.splitlines()[0]


def _targets(mesh: dict[str, Any]) -> int:
    return max((len(one.get("targets", [])) for one in mesh.get("primitives", [])), default=0)


def _name_targets(document: dict[str, Any], name: str) -> None:
    """Gives every mesh `extras.targetNames`: its own, else its primitives', else those of its expressions."""
    meshes = document.get("meshes", [])
    if not any(_targets(mesh) for mesh in meshes):
        raise AddonError(f"{name} has no shape keys (morph targets), so there is no face to animate in it.")
    alone = _named_by_expressions(document)
    for number, mesh in enumerate(meshes):
        count = _targets(mesh)
        if not count:
            continue
        sources = [mesh, *mesh["primitives"]]
        named = [(one.get("extras") or {}).get("targetNames") or [] for one in sources]
        stated = next((names for names in named if names), [])
        wanted = [str(stated[index]) if index < len(stated) and stated[index] else "" for index in range(count)]
        names = _unique([one or alone.get((number, index), f"target_{index}") for index, one in enumerate(wanted)])
        mesh["extras"] = {**(mesh.get("extras") or {}), "targetNames": names}


def _unique(names: Iterable[str]) -> list[str]:
    """The names as Blender keeps them: at most 63 bytes, and each once."""
    found = {"Basis": None}
    numbers: dict[str, int] = defaultdict(int)
    for name in names:
        stem = _shortened(name)
        candidate = stem
        while candidate in found:
            numbers[stem] += 1
            ending = f".{numbers[stem]:03}"
            candidate = _shortened(name, len(ending)) + ending
        found[candidate] = None
    return list(found)[1:]


def _shortened(name: str, spared: int = 0) -> str:
    """As much of a name's beginning as fits, with `spared` bytes for what follows."""
    return name.encode()[: _LONGEST_NAME - spared].decode(errors="ignore")


def expressions(document: dict[str, Any]) -> list[tuple[str, list[tuple[int, int, float]]]]:
    """A VRM avatar's expressions: name and binds (mesh number, target number, weight 0..1)."""
    extensions = document.get("extensions") or {}
    nodes = document.get("nodes", [])
    found: list[tuple[str, list[tuple[int, int, float]]]] = []
    if "VRMC_vrm" in extensions:
        stated = extensions["VRMC_vrm"].get("expressions") or {}
        for group in ("preset", "custom"):
            for name, expression in (stated.get(group) or {}).items():
                binds = []
                for bind in expression.get("morphTargetBinds") or []:
                    node = bind.get("node", -1)
                    if 0 <= node < len(nodes) and "mesh" in nodes[node]:
                        binds.append((nodes[node]["mesh"], bind.get("index", -1), float(bind.get("weight", 1.0))))
                found.append((str(name), binds))
    elif "VRM" in extensions:
        for group in (extensions["VRM"].get("blendShapeMaster") or {}).get("blendShapeGroups") or []:
            preset = group.get("presetName") or "unknown"
            name = group.get("name", "") if preset == "unknown" else preset
            binds = [
                (bind.get("mesh", -1), bind.get("index", -1), float(bind.get("weight", 100)) / 100)
                for bind in group.get("binds") or []
            ]
            found.append((str(name), binds))
    return found


def _manners(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By VRM 1.0 expression, what it does to blinks, gaze and mouth where that is not nothing, and whether it is there
    all or not at all."""
    stated = ((document.get("extensions") or {}).get("VRMC_vrm") or {}).get("expressions") or {}
    found: dict[str, dict[str, Any]] = {}
    for group in ("preset", "custom"):
        for name, expression in (stated.get(group) or {}).items():
            rules = {rule: expression.get(rule) for rule in _OVERRIDES if expression.get(rule) in ("block", "blend")}
            binary = {"binary": True} if expression.get("isBinary") is True else {}
            if rules or binary:
                found[str(name)] = {"overrides": rules, **binary}
    return found


def _named_by_expressions(document: dict[str, Any]) -> dict[tuple[int, int], str]:
    names: dict[tuple[int, int], str] = {}
    for name, binds in expressions(document):
        if len(binds) == 1:
            mesh, index, _ = binds[0]
            names.setdefault((mesh, index), name)
    return names


def _numbered(document: dict[str, Any]) -> dict[str, Any]:
    """The document with each node's and mesh's number among its extras."""
    marked = dict(document)
    for kind, mark in (("nodes", _NODE), ("meshes", _MESH)):
        marked[kind] = [
            {**one, "extras": {**(one.get("extras") or {}), mark: number}}
            for number, one in enumerate(document.get(kind, []))
        ]
    return marked


def _gaze(document: dict[str, Any]) -> dict[str, float]:
    """Degrees that a VRM avatar's eye bones turn Out, In, Up and Down; empty where it does not look by them."""
    extensions = document.get("extensions") or {}
    if "VRMC_vrm" in extensions:
        told, start, reach = extensions["VRMC_vrm"].get("lookAt") or {}, "rangeMap", "outputScale"
        by_bones = told.get("type") == "bone"
    else:
        told, start, reach = (extensions.get("VRM") or {}).get("firstPerson") or {}, "lookAt", "yRange"
        by_bones = told.get("lookAtTypeName") == "Bone"
    ways = {"Out": "HorizontalOuter", "In": "HorizontalInner", "Up": "VerticalUp", "Down": "VerticalDown"}
    degrees = {way: (told.get(start + name) or {}).get(reach) for way, name in ways.items()} if by_bones else {}
    return {way: float(one) if isinstance(one, int | float) else _USUAL_GAZE for way, one in degrees.items()}


def _note_expressions(document: dict[str, Any], objects: list[bpy.types.Object]) -> None:
    """Moves what the numbers point at onto the objects, and takes the numbers off again."""
    binds_of: dict[int, list[dict[str, Any]]] = defaultdict(list)
    manners = _manners(document)
    for name, binds in expressions(document):
        by_mesh: dict[int, dict[str, float]] = defaultdict(dict)
        for mesh, index, weight in binds:
            names = document["meshes"][mesh].get("extras", {}).get("targetNames", []) if mesh >= 0 else []
            if 0 <= index < len(names):
                by_mesh[mesh][names[index]] = weight
        for mesh, keys in by_mesh.items():
            binds_of[mesh].append({"name": name, "binds": keys, **manners.get(name, {})})
    humanoid, gaze = humanoid_nodes(document), _gaze(document)
    by_node, by_mesh_number = first_person(document)
    for obj in objects:
        node = obj.pop(_NODE, None)
        data: Any = obj.data
        pose: Any = obj.pose
        if obj.type == "MESH":
            number = data.get(_MESH)
            kind = by_node.get(node) or by_mesh_number.get(number)
            if kind and kind != "auto":
                obj[FIRST_PERSON] = kind
            if number in binds_of:
                obj[EXPRESSIONS] = json.dumps(binds_of[number], ensure_ascii=False)
        if obj.type == "ARMATURE":
            found: dict[str, str] = {}
            for bone in [*pose.bones, *data.bones]:
                if name := humanoid.get(bone.get(_NODE, -1)):
                    found[name] = bone.name
                bone.pop(_NODE, None)
            note_bones(obj, found)
            for motion in MOTIONS:
                if motion in found:
                    obj[NOTED + motion] = found[motion]
            if gaze:
                obj[GAZE] = json.dumps(gaze)
    for obj in objects:
        data = obj.data
        if obj.type == "MESH":
            data.pop(_MESH, None)


def _carries_keys(armature: bpy.types.Object, objects: list[bpy.types.Object]) -> bool:
    return any(getattr(obj.data, "shape_keys", None) and obj.find_armature() == armature for obj in objects)
