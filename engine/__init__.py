"""FaceMimic's engine: asks for a facial performance in, Clips out. Runs without Blender."""

__version__ = "0.1.0"
