"""Avatars in files: a performance added to a .glb or .vrm that exists, everything else left as it is."""
