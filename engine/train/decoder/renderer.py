"""Draws a surface offscreen with OpenGL (EGL); a software driver such as llvmpipe is fast enough."""

from pathlib import Path
from typing import Any

import moderngl
import numpy as np

from engine.train.decoder.head import Head, Surface

SAMPLES = 0
_HERE = Path(__file__).parent


class Renderer:
    """One context and the head's buffers; pictures of one size."""

    def __init__(self, head: Head, size: tuple[int, int]) -> None:
        """size: width and height in pixels."""
        self.size = size
        self._context: Any = moderngl.create_standalone_context(backend="egl")  # pyright: ignore[reportArgumentType]
        self._head = head
        self._program = self._context.program(
            vertex_shader=(_HERE / "head.vert").read_text("utf-8"),
            fragment_shader=(_HERE / "head.frag").read_text("utf-8"),
        )
        fixed = np.zeros(len(head.rest), [("rest", "f4", 3), ("marks", "f4", 3)])
        fixed["rest"] = head.painted
        fixed["marks"] = np.stack([head.kinds, head.lid_distance, head.lip_distance], 1)
        self._moving = self._context.buffer(reserve=len(head.rest) * 24, dynamic=True)
        self._mesh = self._context.vertex_array(
            self._program,
            [
                (self._moving, "3f 3f", "place", "normal"),
                (self._context.buffer(fixed.tobytes()), "3f 3f", "rest", "marks"),
            ],
            self._context.buffer(head.triangles.astype(np.int32).tobytes()),
        )
        lash = np.zeros(len(head.lash_painted), [("rest", "f4", 3), ("marks", "f4", 3)])
        lash["rest"] = head.lash_painted
        lash["marks"][:, 0] = 4
        self._moving_lashes = self._context.buffer(reserve=len(lash) * 24, dynamic=True)
        self._lashes = self._context.vertex_array(
            self._program,
            [
                (self._moving_lashes, "3f 3f", "place", "normal"),
                (self._context.buffer(lash.tobytes()), "3f 3f", "rest", "marks"),
            ],
            self._context.buffer(head.lash_triangles.astype(np.int32).tobytes()),
        )
        color = self._context.renderbuffer(size, 4, samples=SAMPLES)
        depth = self._context.depth_renderbuffer(size, samples=SAMPLES)
        self._drawn = self._context.framebuffer([color], depth)
        self._flat = self._context.framebuffer([self._context.renderbuffer(size, 4)])

    def draw(
        self, surface: Surface, lashes: np.ndarray, camera: np.ndarray, view: np.ndarray, paint: dict[str, object]
    ) -> np.ndarray:
        """The picture, uint8 (height, width, 4), with the coverage in the last plane.

        lashes: float32 (vertices, 3). view: (4, 4), the head's space to the camera's. camera: (4, 4), the camera's
        space to clip space. paint: the shader's uniforms by name (see look.py and lights.py).
        """
        self._moving.write(np.concatenate([surface.points, surface.normals], 1).astype("f4").tobytes())
        self._moving_lashes.write(np.concatenate([lashes, np.zeros_like(lashes)], 1).astype("f4").tobytes())
        for name, value in {**paint, "camera": camera.T, "view": view.T}.items():
            if name in self._program:
                self._program[name].write(np.asarray(value, self._kind(name)).tobytes())
        self._drawn.use()
        self._context.enable(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        self._context.disable(moderngl.BLEND)
        self._drawn.clear()
        self._mesh.render()
        self._context.disable(moderngl.CULL_FACE)
        self._context.enable(moderngl.BLEND)
        self._context.blend_func = (
            moderngl.SRC_ALPHA,
            moderngl.ONE_MINUS_SRC_ALPHA,
            moderngl.ONE,
            moderngl.ONE_MINUS_SRC_ALPHA,
        )
        self._lashes.render()
        self._context.copy_framebuffer(self._flat, self._drawn)
        width, height = self.size
        return np.frombuffer(self._flat.read(components=4), np.uint8).reshape(height, width, 4)[::-1]

    def _kind(self, name: str) -> str:
        return "i4" if name.startswith("number") else "f4"
