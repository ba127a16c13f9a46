"""The parts of Nova, the sample character: one file for each part of the head."""
