\set author random(0, 999)
\set post random(0, :last_post)
\set high random(1, 999999999)
\set low random(1, 99999999999999)
WITH counted AS (
    UPDATE posts SET comment_count = comment_count + 1 WHERE id = 'benchpost' || lpad((:post)::text, 15, '0') RETURNING id
)
INSERT INTO comments (id, post_id, author_id, content, created_at)
SELECT 'c' || lpad((:high)::text, 9, '0') || lpad((:low)::text, 14, '0'), counted.id,
       'benchuser' || lpad((:author)::text, 15, '0'), 'A remark of the usual length, which is not long at all.',
       (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
FROM counted;
