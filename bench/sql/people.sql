-- A client with a name for each account of a range: two hundred first names and surnames, so that searches have work.
INSERT INTO clients_client (program_id, account_id, name, phone, email, note, card_version, created_at)
SELECT %(program)s, a.id,
       (ARRAY['Анна', 'Мария', 'Ольга', 'Елена', 'Наталья', 'Ирина', 'Светлана', 'Татьяна', 'Екатерина', 'Юлия',
              'Александр', 'Сергей', 'Дмитрий', 'Андрей', 'Алексей', 'Иван', 'Михаил', 'Николай', 'Павел', 'Егор'])
       [1 + a.id %% 20] || ' ' ||
       (ARRAY['Иванов', 'Смирнов', 'Кузнецов', 'Попов', 'Васильев', 'Петров', 'Соколов', 'Михайлов', 'Новиков',
              'Фёдоров', 'Морозов', 'Волков', 'Алексеев', 'Лебедев', 'Семёнов', 'Егоров', 'Павлов', 'Козлов',
              'Степанов', 'Николаев'])[1 + (a.id / 20) %% 20] ||
       CASE WHEN a.id %% 20 < 10 THEN 'а' ELSE '' END ||
       -- And a few that are rare.
       CASE WHEN a.id %% 5000 = 0 THEN '-Железнова' ELSE '' END,
       '+79' || lpad(a.id::text, 9, '0'), '', '', 1, a.created_at
  FROM loyalty_account a
 WHERE a.program_id = %(program)s AND a.id BETWEEN %(first)s AND %(last)s
