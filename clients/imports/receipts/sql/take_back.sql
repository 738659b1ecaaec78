-- Parameters: source, and rows from and to.
WITH mine AS MATERIALIZED (
    SELECT p.id FROM loyalty_pastreceipt p
     WHERE p.program_id = %(program)s AND p.source = %(source)s AND p.row BETWEEN %(from_row)s AND %(to_row)s
), lines AS (
    DELETE FROM loyalty_pastreceiptline n USING mine WHERE n.program_id = %(program)s AND n.receipt_id = mine.id
)
DELETE FROM loyalty_pastreceipt p USING mine WHERE p.program_id = %(program)s AND p.id = mine.id
