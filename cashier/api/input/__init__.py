"""What tills send: typed bodies, decoded with msgspec straight from the bytes of the request."""
