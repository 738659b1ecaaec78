-- The first and the last receipt's day of a programme, and the moment of its first entry and client.
SELECT (SELECT min(local_day) FROM loyalty_sale WHERE program_id = %(program)s),
       (SELECT max(local_day) FROM loyalty_sale WHERE program_id = %(program)s),
       least((SELECT min(created_at) FROM loyalty_account WHERE program_id = %(program)s),
             (SELECT min(created_at) FROM loyalty_entry WHERE program_id = %(program)s),
             (SELECT min(created_at) FROM loyalty_return WHERE program_id = %(program)s))
