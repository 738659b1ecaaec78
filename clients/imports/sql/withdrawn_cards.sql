-- Numbers of a batch that is withdrawn or not made yet, or that were blocked: as at the till, nobody is given such a card.
WITH wrong AS (
    SELECT l.id, min(p.number) AS number FROM clients_clientimportline l
     CROSS JOIN LATERAL unnest(l.cards) n
      JOIN loyalty_plasticcard p ON p.program_id = %(program)s AND p.number = n
      JOIN loyalty_cardbatch b ON b.id = p.batch_id
     WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome <> 'refused' AND l.cards IS NOT NULL
       AND (p.blocked OR b.state <> 'ready')
       AND NOT EXISTS (SELECT FROM loyalty_card c WHERE c.program_id = %(program)s AND c.number = p.number)
     GROUP BY l.id
)
UPDATE clients_clientimportline l
   SET outcome = 'refused', problems = coalesce(l.problems, '[]'::jsonb) || jsonb_build_array(
           jsonb_build_object('column', 'card', 'code', 'withdrawn_card', 'value', w.number))
  FROM wrong w WHERE l.id = w.id
