"""Past receipts from a file: the history that a back test reads, of a shop that has moved over.

The file goes the way of a client base (`clients.imports.jobs`, its pages and its worker); here is what is read of it
and what becomes of it. A receipt is loaded whole or not at all: where one of its lines is refused, so are the others.
"""
