-- Every client is another user. It likes a post that it does not like yet, then removes the like.
\set post random(0, :last_post)
\if :liked
\set post :liked_post
\endif
\if :liked
WITH gone AS (
    DELETE FROM post_likes
    WHERE post_id = 'benchpost' || lpad((:post)::text, 15, '0')
      AND user_id = 'benchuser' || lpad((:client_id)::text, 15, '0')
    RETURNING post_id
)
UPDATE posts SET like_count = like_count - 1 FROM gone WHERE posts.id = gone.post_id;
\set liked 0
\else
WITH added AS (
    INSERT INTO post_likes (post_id, user_id, created_at)
    VALUES ('benchpost' || lpad((:post)::text, 15, '0'), 'benchuser' || lpad((:client_id)::text, 15, '0'),
            (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    ON CONFLICT DO NOTHING
    RETURNING post_id
)
UPDATE posts SET like_count = like_count + 1 FROM added WHERE posts.id = added.post_id;
\set liked 1
\set liked_post :post
\endif
