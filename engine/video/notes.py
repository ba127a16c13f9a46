"""What a person should know before they use a capture, in sentences."""

from typing import Any

FEW = 0.2
"""Share of frames with a face below which that is the first thing to know."""
UNRESTED = 1.0
"""Sum of channels from which on a face is not at rest; two resting ones show up to 0.24, an open mouth or a grin
that is held throughout 1.5 to 6.7."""
NAMED = 6
"""Most channels without signal that a note names."""


def notes(facts: dict[str, Any]) -> list[str]:
    """Sentences for what the facts of a capture's provenance tell, the most important first."""
    told = [
        *_of_the_face(facts),
        *_of_the_actor(facts),
        *_of_the_file(facts),
        *_of_doubt(facts),
        *_of_channels(facts),
    ]
    return [sentence for sentence in told if sentence]


def _of_the_face(facts: dict[str, Any]) -> list[str]:
    lost, frames = facts["frames_lost"], facts["video_frames"]
    told = []
    if lost and (frames - lost) < FEW * frames:
        told.append(
            f"The face was found in {frames - lost} of {frames} frames only; nearly all of this take is a guess."
            " Choose the start and end of the part that shows the face."
        )
    elif lost:
        told.append(f"The face was lost in {lost} of {frames} frames; those are filled in.")
    if facts["faces_seen"] > 1 and facts["face"] is None:
        told.append(f"{facts['faces_seen']} faces were seen; the largest was followed. Choose another by its number.")
    if facts.get("quarter_turns"):
        told.append(f"The picture lies on its side or head; it was turned by {90 * facts['quarter_turns']}°.")
    if facts["cuts"]:
        told.append(f"The picture cuts to another shot {_times(len(facts['cuts']))}; each shot was tracked anew.")
    return told


def _of_the_actor(facts: dict[str, Any]) -> list[str]:
    actor = facts.get("actor", {})
    told = []
    if "unlike" in actor:
        told.append(
            f"This face's proportions are not those of {actor['actor']}, with whose resting face it is read. If it is"
            f" somebody else, give them a name of their own; if it is {actor['actor']}, measure them anew"
            " (--renew-actor)."
        )
    if "hidden" in actor:
        told.append(
            f"{actor['actor']} is not kept, since something covers {_the(actor['hidden'])} at rest."
            " Measure them on footage that shows the whole face."
        )
    return told


def _of_the_file(facts: dict[str, Any]) -> list[str]:
    told = []
    if facts.get("frames_missing"):
        told.append(f"The video is cut short: {facts['frames_missing']} announced frames could not be decoded.")
    if facts.get("frames_unreadable"):
        told.append(f"{facts['frames_unreadable']} frames or images are damaged and were left out.")
    if facts.get("broken_timestamps"):
        told.append(f"{facts['broken_timestamps']} frames had a broken timestamp; they were spaced evenly.")
    return told


def _of_doubt(facts: dict[str, Any]) -> list[str]:
    told = []
    known = {"head", *facts["covered"]}
    parts = [name for name in facts["doubtful"] if facts["confidence"][name] < 0.95 and name not in known]
    if parts and facts["frames_lost"] < facts["video_frames"]:
        told.append(f"Not seen well everywhere: {', '.join(parts)}. The review sheet and the panel show when.")
    completed = facts.get("completed")
    if facts["covered"]:
        guess = "What is read there is a guess"
        if completed and completed.get("never_seen"):
            performed = "performed" in completed
            guess = "What goes with the rest of the face is performed there" if performed else "That stays at rest"
        told.append(
            f"Most of the time something seems to cover {_the(facts['covered'])}. {guess}: look at it, and key it by"
            " hand where it is wrong."
        )
    if completed:
        # A cover throughout is told already.
        throughout = facts["covered"] and completed.get("never_seen") and len(completed["spans"]) == 1
        if not throughout:
            told.append(f"What was not seen is completed from what was, {_times(len(completed['spans']))}.")
        if "failed" in completed:
            told.append(f"Longer gaps are only bridged, without the performance model: {completed['failed']}")
        elif "performed" in completed and not throughout:
            told.append(f"The performance model performs the longer gaps, {_times(len(completed['performed']))}.")
    if facts["rest_shows"] > UNRESTED and facts["calibration"].startswith("measured here"):
        told.append(
            "No face at rest was found; the calmest was taken for neutral, so expressions may come out weak. Say when"
            " the face rests, or name an actor whose rest was measured elsewhere."
        )
    if facts["calibration"] == "none" and facts["source"] == "photo":
        told.append("A photo says nothing of the resting face: name an actor who was calibrated for a truer pose.")
    return told


def _of_channels(facts: dict[str, Any]) -> list[str]:
    blind = facts["blind_channels"]
    told = [f"The tracker cannot see {', '.join(blind)}: {'it stays' if len(blind) == 1 else 'they stay'} near rest."]
    still = without_signal(facts)
    if still:
        which = _listed(still) if len(still) <= NAMED else f"{len(still)} other channels"
        told.append(f"{which} did not move.")
    return told


def without_signal(facts: dict[str, Any]) -> list[str]:
    """Channels that were seen and could be read, and did not move."""
    return [name for name in facts["still_channels"] if name not in facts["blind_channels"]]


def _the(parts: list[str]) -> str:
    return _listed([f"the {part}" for part in parts])


def _listed(parts: list[str]) -> str:
    *before, last = parts
    return f"{', '.join(before)} and {last}" if before else last


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
