-- Receipts that another file has brought since this one was looked through. Parameter: source.
UPDATE clients_receiptimportline l SET outcome = 'same'
 WHERE l.head BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh'
   AND NOT EXISTS (SELECT FROM loyalty_pastreceipt p WHERE p.program_id = %(program)s AND p.source = %(source)s
                      AND p.row = l.head %% 2097152)
