"""What characters drawn like a cartoon are made of; the characters themselves are data in their own folders."""
