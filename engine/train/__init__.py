"""What made weights/: examples, masks, the training loop and the measuring of the result."""
