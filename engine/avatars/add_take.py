"""A performance added to an avatar's file as one more animation.

The animation moves the morph weights of every face mesh and the bones of the head, the jaw and the eyes where no shape
makes their motion: all of them, also those that rest, so that one clip leaves nothing behind in the next.
Specification: Khronos, glTF 2.0, section 3.11.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine import provenance
from engine.avatars.bones import Turning, eyes_of, head_of, jaw_of
from engine.avatars.face import Face, faces, mesh_names, target_names
from engine.avatars.glb import Glb, same_file
from engine.avatars.hanging import Hanging
from engine.avatars.mapping import Corrections, ShapeLine, placed
from engine.avatars.nearest import meshes_of
from engine.avatars.replaced import free, place_of
from engine.avatars.sparse import kept_frames
from engine.channels import CHANNELS, HEAD, SHAPES
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.files import written_whole
from engine.retarget.controls import Mesh
from engine.retarget.retarget import Retargeted, retarget

TOLERANCE: Final = 0.005
"""Largest error of a morph weight between keys, and of a bone's rotation in radians."""
SUFFIXES: Final = (".glb", ".vrm")
_VRM: Final = ("VRM", "VRMC_vrm")
_LISTED: Final = 6
_MOVES: Final = 0.01
"""Peak from which a channel counts as part of the take."""


@dataclass(frozen=True)
class Added:
    """What was written: the file, the animation's name, its seconds, and how many morph targets follow the take.

    notes: sentences about what the avatar does not show of it. remarks: what is good to know, where nothing is lost.
    """

    path: Path
    animation: str
    seconds: float
    targets: int
    notes: tuple[str, ...]
    remarks: tuple[str, ...]


def add_take(
    avatar: str | Path,
    clip: Clip,
    target: str | Path,
    name: str,
    *,
    overwrite: bool = False,
    with_provenance: bool = True,
    approximate: bool = True,
    corrections: Corrections | None = None,
    replace: bool = False,
) -> Added:
    """Writes `target`: the avatar as it is, with the Clip as one more animation that starts at time 0.

    avatar: a .glb or .vrm. name: the animation's; where the file has one of that name, a number is added, or with
    replace, the new one takes its place. overwrite: the target may be the avatar itself. with_provenance: the
    animation and asset.extras say where the take comes from. approximate: channels that the avatar has no shape for are
    shown by the nearest that it has. corrections: the artist's, see mapping.py.
    Raises FaceMimicError (kind "file") when the avatar is damaged or cannot perform, or the target cannot be written,
    or what would be replaced moves more than a face; no file is changed then.
    """
    (added,) = add_takes(
        avatar,
        [(clip, name)],
        target,
        overwrite=overwrite,
        with_provenance=with_provenance,
        approximate=approximate,
        corrections=corrections,
        replace=replace,
    )
    return added


def add_takes(
    avatar: str | Path,
    takes: Iterable[tuple[Clip, str]],
    target: str | Path,
    *,
    overwrite: bool = False,
    with_provenance: bool = True,
    approximate: bool = True,
    corrections: Corrections | None = None,
    replace: bool = False,
) -> list[Added]:
    """Several takes with their names at once, as `add_take` adds one: all of them, or none."""
    target = checked_target(avatar, target, overwrite)
    file = Glb.read(avatar)
    if _has_extension(file, "VRMC_vrm_animation"):
        raise FaceMimicError(f"{file.name} is a VRM animation and no avatar. Give the avatar's .vrm or .glb.", "file")
    if target.suffix.lower() == ".vrm" != Path(avatar).suffix.lower() and not _has_extension(file, *_VRM):
        raise FaceMimicError(f"{file.name} is no VRM avatar. Let the new file end in .glb.", "file")
    options = {"with_provenance": with_provenance, "approximate": approximate, "corrections": corrections}
    added = [append(file, clip, name, replace=replace, **options) for clip, name in takes]
    try:
        with written_whole(target) as part, part.open("wb") as stream:
            file.write(stream)
    except OSError as error:
        raise FaceMimicError(f"Cannot write {target}: {error.strerror or error}.", "file") from error
    return [Added(target, *one) for one in added]


def checked_target(avatar: str | Path, target: str | Path, overwrite: bool) -> Path:
    """`target` as a path that may be written. Raises FaceMimicError (kind "file") for other names and the avatar's."""
    target = Path(target)
    if target.suffix.lower() not in SUFFIXES:
        raise FaceMimicError(f"“{target.name}” does not end in {' or '.join(SUFFIXES)}. Give it the avatar's.", "file")
    if not overwrite and same_file(avatar, target):
        raise FaceMimicError(
            f"{target.name} is the avatar itself. Choose another name, or ask to overwrite it "
            "(--overwrite on the command line, Overwrite File in the panel).",
            "file",
        )
    return target


def _has_extension(file: Glb, *names: str) -> bool:
    extensions = file.document.get("extensions")
    return isinstance(extensions, dict) and not extensions.keys().isdisjoint(names)


def append(
    file: Glb,
    clip: Clip,
    name: str,
    *,
    with_provenance: bool = True,
    approximate: bool = True,
    corrections: Corrections | None = None,
    replace: bool = False,
) -> tuple[str, float, int, tuple[str, ...], tuple[str, ...]]:
    """Adds the Clip to a file in memory; returns the animation's name and the rest of Added."""
    clip = clip.limited()
    corrections = corrections or Corrections()
    lines, missed = placed(corrections.shapes, target_names(file), mesh_names(file))
    hanging = Hanging(file)
    head, why_not = head_of(file, corrections.bone("head"), hanging.carrying or ())
    jaw, gone = jaw_of(file, corrections.bone("jaw"), hanging.carrying)
    eyes, without = eyes_of(file, corrections, hanging.carrying, hanging.is_flat)
    beside = [*([jaw] if jaw else []), *eyes]
    found = faces(file, lines, needed=not beside)
    by_shapes: set[str] = set().union(*(face.shown for face in found))
    # What a shape moves already would move twice.
    beside = [one if one.chosen else one.without(hanging.shown(found, one.bone.node, one.shown)) for one in beside]
    turning = [*([head] if head else []), *(one for one in beside if one.shown)]
    moved = {(face.node, "weights") for face in found} | {(bone.bone.node, "rotation") for bone in turning}
    moved |= {(bone.bone.node, "translation") for bone in turning if bone.slides}
    place = place_of(file, name, moved) if replace else None
    animation: dict[str, Any] = {"name": name if place is not None else _free_name(file, name)}
    animation |= {"channels": [], "samplers": []}
    if with_provenance:
        animation["extras"] = {provenance.MARK: _stamp(file, clip.provenance)}
    weights, fitted = _weights(file, found, clip, turning) if approximate else ({}, None)
    if place is not None:
        free(file, place)
    if fitted:
        clip = clip.turned(fitted.head)
    _add_faces(file, animation, [(face, weights.get(face.node, face.weights(clip))) for face in found], clip.fps)
    for bone in turning:
        _add_bone(file, animation, bone, clip)
    if place is None:
        file.add("animations", animation)
    else:
        file.items("animations")[place] = animation
    shown = by_shapes.union(*(bone.shown for bone in turning))
    moving = [name for name, curve in zip(CHANNELS, clip.values.T, strict=True) if np.abs(curve).max() > _MOVES]
    lost = [name for name in moving if name not in shown]
    if head is None and not set(HEAD) & set(moving):
        why_not = ""
    notes = [*filter(None, (why_not, gone)), *without, *_unused(file, missed), *(fitted.lost if fitted else ())]
    if lost and not fitted:
        notes.append(f"{file.name} cannot show {len(lost)} of the take's {len(moving)} channels: {', '.join(lost)}.")
    remarks = list(fitted.notes) if fitted else []
    if replace and place is None:
        remarks.append(f"{file.name} had no animation named “{name}” to replace, so the take was added.")
    if _has_extension(file, *_VRM):
        remarks.append(
            "Engines play the animation. VRM applications play a .vrma file instead, and V-Sekai's importer of VRM "
            "drops animations: a .glb by Export glTF reaches it."
        )
    targets = sum(len(face.parts) for face in found)
    return animation["name"], (len(clip.values) - 1) / clip.fps, targets, tuple(notes), tuple(remarks)


def _weights(
    file: Glb, found: list[Face], clip: Clip, turning: list[Turning]
) -> tuple[dict[int, np.ndarray], Retargeted | None]:
    """By node, the weights of an avatar that lacks channels, fitted to the performance, and what the fit says.

    Nothing for an avatar that lacks none, or has nothing that comes near.
    """
    shown = set().union(*(bone.shown for bone in turning))
    alone = {
        name for face in found for parts in face.parts.values() for _, mix in parts if len(mix) == 1 for name in mix
    }
    if shown | alone >= set(SHAPES) or not found:
        return {}, None
    meshes = meshes_of(file)
    performing = sorted({face.mesh for face in found})
    by_mesh = {face.mesh: face for face in found}
    answer = retarget(clip, [_settled(meshes[number], by_mesh[number]) for number in performing], shown)
    if not any(answer.weights):
        return {}, None
    fitted = dict(zip(performing, answer.weights, strict=True))
    return {face.node: face.solved(clip, fitted[face.mesh]) for face in found}, answer


def _settled(mesh: Mesh, face: Face) -> Mesh:
    """The mesh to fit to, on which the artist's choices stand."""
    locked = {face.names[target] for target, line in face.lines.items() if target not in face.parts and _said(line)}
    given = {name: [(line.gain, line.follows or {})] for name, line in face.chosen.items() if name not in locked}
    return dataclasses.replace(mesh, locked=frozenset(locked), given=given)


def _said(line: ShapeLine) -> bool:
    return line.off or line.follows is not None


def _unused(file: Glb, missed: list[str]) -> list[str]:
    """A sentence about the lines of a mapping that change nothing here."""
    if not missed:
        return []
    more = f" and {len(missed) - _LISTED} more" if len(missed) > _LISTED else ""
    return [f"The mapping's {', '.join(missed[:_LISTED])}{more}: {file.name} has no such morph targets."]


def _add_faces(file: Glb, animation: dict[str, Any], found: list[tuple[Face, np.ndarray]], fps: float) -> None:
    samplers: dict[bytes, int] = {}
    for face, weights in found:
        # Nodes that show one mesh move alike and share their keys.
        key = weights.tobytes() + str(face.names).encode()
        if key not in samplers:
            frames = kept_frames(weights, TOLERANCE)
            samplers[key] = _sampler(file, animation, frames / fps, weights[frames].ravel(), "SCALAR")
        _channel(animation, samplers[key], face.node, "weights")


def _add_bone(file: Glb, animation: dict[str, Any], turning: Turning, clip: Clip) -> None:
    rotations = turning.rotations(clip)
    # A component that is off by e turns the bone by up to about 2 e, and four of them add up as their root.
    frames = kept_frames(rotations, TOLERANCE / 4)
    sampler = _sampler(file, animation, frames / clip.fps, rotations[frames], "VEC4")
    _channel(animation, sampler, turning.bone.node, "rotation")
    places = turning.places(clip)
    if places is not None:
        farthest = max(float(np.abs(shift).max()) for shift in turning.slides.values())
        frames = kept_frames(places, TOLERANCE * farthest)
        sampler = _sampler(file, animation, frames / clip.fps, places[frames], "VEC3")
        _channel(animation, sampler, turning.bone.node, "translation")


def _sampler(file: Glb, animation: dict[str, Any], times: np.ndarray, values: np.ndarray, kind: str) -> int:
    accessors = {
        "input": file.add_floats(times.astype(np.float32), "SCALAR", bounds=True),
        "output": file.add_floats(values, kind),
    }
    animation["samplers"].append({**accessors, "interpolation": "LINEAR"})
    return len(animation["samplers"]) - 1


def _channel(animation: dict[str, Any], sampler: int, node: int, path: str) -> None:
    animation["channels"].append({"sampler": sampler, "target": {"node": node, "path": path}})


def _free_name(file: Glb, name: str) -> str:
    taken = {animation.get("name") for animation in file.items("animations")}
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


def _stamp(file: Glb, facts: dict[str, Any]) -> dict[str, Any]:
    """What the animation says about itself; the asset gets the same in short, beside all that it says already."""
    told = provenance.about(facts)
    extras = file.document["asset"].setdefault("extras", {})
    known = extras.setdefault(provenance.MARK, {}) if isinstance(extras, dict) else None
    if isinstance(known, dict):
        for fact in ("generator", "machine-made performance"):
            if fact in told:
                known.setdefault(fact, told[fact])
    return told
