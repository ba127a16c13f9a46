"""A performance from a video: decoding, tracking, the tracker's scores as channels, cleaning."""
