"""Files that carry a character and its performance out of Blender: glTF, VRM 1.0 and VRMA."""
