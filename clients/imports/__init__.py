"""The import of a client base: a file is uploaded, its columns are told, and everything else a worker does.

`jobs` is the front door of the pages: upload, choose columns, confirm, cancel, undo. `working` claims rows of
`ClientImport` for a worker and hands them to `checking`, `applying` or `undoing`, each of which goes on where a killed
worker was stopped.

The rules of a cell stand in `widgets`, as widgets of django-import-export. Two paths share them: `resource`, which that
package drives row by row through the services that pages use, and `lines`, which prepares COPY for a million rows.
"""
