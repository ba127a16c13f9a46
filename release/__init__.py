"""What turns the repository into what people install."""
