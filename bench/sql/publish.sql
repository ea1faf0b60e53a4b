\set author random(0, 999)
\set high random(1, 999999999)
\set low random(1, 99999999999999)
INSERT INTO posts (id, author_id, content, created_at)
VALUES ('p' || lpad((:high)::text, 9, '0') || lpad((:low)::text, 14, '0'), 'benchuser' || lpad((:author)::text, 15, '0'),
        'A thought that is about as long as most thoughts are, so that the rows have their usual size.',
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
