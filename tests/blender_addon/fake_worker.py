"""A worker that misbehaves on purpose, as a real process. Its first argument says how.

It shares no code with the client, so that both must keep to the protocol as it is written down.
"""

import json
import os
import queue
import struct
import sys
import threading
import time

PIPE_OUT = os.fdopen(os.dup(1), "wb")


def say(header, *floats):
    text = json.dumps(header).encode()
    PIPE_OUT.write(struct.pack("<I", len(text)) + text + struct.pack(f"<{len(floats)}f", *floats))
    PIPE_OUT.flush()


def listen(inbox):
    while len(start := sys.stdin.buffer.read(4)) == 4:
        header = json.loads(sys.stdin.buffer.read(struct.unpack("<I", start)[0]))
        data = []
        for row in header.get("arrays", []):
            count = 1
            for side in row["shape"]:
                count *= side
            data.append(struct.unpack(f"<{count}f", sys.stdin.buffer.read(4 * count)))
        inbox.put((header, data))
    inbox.put((None, None))


def perform(number, request, **facts):
    """Two channels that rise over the asked time."""
    frames = max(2, round(request["duration"] * request["fps"]))
    rise = [frame / (frames - 1) for frame in range(frames)]
    say(
        {
            "id": number,
            "type": "result",
            "fps": request["fps"],
            "channels": ["jawOpen", "eyeBlinkLeft"],
            "provenance": {"request": request, **facts},
            "arrays": [{"name": "values", "shape": [frames, 2]}],
        },
        *[value for frame in rise for value in (frame, 1 - frame)],
    )


def main(manner):
    inbox = queue.SimpleQueue()
    if manner == "closed":
        sys.exit(3)
    if manner == "garbage":
        PIPE_OUT.write(b"Welcome to some other program!\n" * 20)
        PIPE_OUT.flush()
    threading.Thread(target=listen, args=(inbox,), daemon=True).start()
    if manner == "silent":
        time.sleep(60)
    cancelled, later = set(), []
    while True:
        header, data = later.pop(0) if later else inbox.get()
        if header is None:
            time.sleep(60 if manner == "clinging" else 0)
            return
        number, operation = header["id"], header["op"]
        if operation == "hello":
            protocol = 2 if manner == "newer" else 1
            say({"id": number, "type": "result", "engine": "0.1.0", "protocol": protocol, "pid": os.getpid()})
            continue
        if operation == "cancel":
            cancelled.add(header["target"])
            continue
        say({"id": number, "type": "progress", "fraction": 0.25, "stage": "Loading the model"})
        if manner == "dying":
            sys.stderr.write("Segmentation fault, more or less\n")
            sys.stderr.flush()
            PIPE_OUT.write(struct.pack("<I", 100) + b'{"id": ')
            PIPE_OUT.flush()
            os._exit(11)
        if manner == "noisy":
            sys.stderr.write("warning: " * 50_000)
        if manner == "refusing":
            say({"id": number, "type": "error", "kind": "request", "message": "There is no emotion “hapy”."})
            continue
        if manner == "broken":
            say({"id": number, "type": "error", "kind": "internal", "message": "Something unforeseen happened."})
            continue
        if manner == "odd":
            say({"id": number, "type": "result", "fps": 30, "arrays": []})
            continue
        if manner == "deaf":
            time.sleep(60)
        if manner == "slow":
            for step in range(600):
                while not inbox.empty():
                    other, more = inbox.get()
                    if other is None:
                        return
                    if other["op"] == "cancel":
                        cancelled.add(other["target"])
                    else:
                        later.append((other, more))
                if number in cancelled:
                    say({"id": number, "type": "error", "kind": "cancelled", "message": "Cancelled."})
                    break
                say({"id": number, "type": "progress", "fraction": step / 600, "stage": "Performing"})
                time.sleep(0.01)
            continue
        if operation == "echo":
            flat = [value for block in data for value in block]
            say({"id": number, "type": "result", "pid": os.getpid(), "arrays": header["arrays"]}, *flat)
            continue
        if operation == "retarget":
            say({"id": number, "type": "result", "shapes": [], "looks": [], "notes": []})
            continue
        facts = {"notes": ["The video is cut short: 9 frames are missing."]} if operation == "video" else {}
        perform(number, header.get("request", {"duration": 1.0, "fps": 24.0}), **facts)


main(sys.argv[1])
