"""What a target program will understand of a character, what it will ignore, and what can be done about it."""
