"""The sidebar's FaceMimic tab in the 3D view; each file draws one part of it."""
