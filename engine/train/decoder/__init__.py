"""What made weights/decoder.safetensors: renders of a head with known channels, tracking, training, evaluation."""
