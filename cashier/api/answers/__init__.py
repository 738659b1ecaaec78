"""What tills are answered: a struct per answer, encoded once by msgspec. The schema is made from the same structs."""
