"""How campaigns run. `scanning` writes down whose turn it is, once for each occasion; `working` goes through the turns
that are due, each of which comes once, however often a worker is killed; `foreseeing` shows both without writing.
`changing` is the front door: make, change, start, pause, archive."""
