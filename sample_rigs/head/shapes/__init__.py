"""ARKit's 52 shapes, one file for each region of the face."""
