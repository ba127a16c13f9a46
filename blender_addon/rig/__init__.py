"""Which shape keys and bones a character has, under which names, and how a Clip maps onto them."""
