"""Face shapes for a mesh that has none, from the sample head."""
