-- Every client is somebody else and likes what it does not like yet, then takes the like back.
\set post random(0, :last_post)
\if :liked
\set post :liked_post
\endif
BEGIN;
\if :liked
DELETE FROM post_likes
WHERE post_id = 'benchpost' || lpad((:post)::text, 15, '0') AND user_id = 'benchuser' || lpad((:client_id)::text, 15, '0');
UPDATE posts SET like_count = like_count - 1 WHERE id = 'benchpost' || lpad((:post)::text, 15, '0');
\set liked 0
\else
INSERT INTO post_likes (post_id, user_id, created_at)
VALUES ('benchpost' || lpad((:post)::text, 15, '0'), 'benchuser' || lpad((:client_id)::text, 15, '0'),
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
ON CONFLICT DO NOTHING;
UPDATE posts SET like_count = like_count + 1 WHERE id = 'benchpost' || lpad((:post)::text, 15, '0');
\set liked 1
\set liked_post :post
\endif
COMMIT;
