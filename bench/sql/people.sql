-- Users and posts whose ids are computed from numbers, because `pgbench` has no text variables of its own.
INSERT INTO users (id, username, display_name, bio, password_hash, created_at)
SELECT 'benchuser' || lpad(n::text, 15, '0'), 'bench_' || n, 'Writer ' || n, '', '-', 1600000000000000 + n
FROM generate_series(0, 999) AS n;

INSERT INTO posts (id, author_id, content, created_at)
SELECT 'benchpost' || lpad(n::text, 15, '0'), 'benchuser' || lpad(n::text, 15, '0'), 'What do you think? ' || n,
       1600000000000000 + n
FROM generate_series(0, 999) AS n;

UPDATE users SET post_count = 1 WHERE id LIKE 'benchuser%';

-- Every user has a session with the user's own id, because writes require a session.
INSERT INTO sessions (id, user_id, created_at) SELECT id, id, created_at FROM users;

-- Every reader has bookmarked about three of the posts on the first page.
INSERT INTO bookmarks (user_id, post_id, bookmarked_at)
SELECT users.id, page.id, page.created_at
FROM users
CROSS JOIN (SELECT id, created_at, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place
            FROM posts ORDER BY created_at DESC, id DESC LIMIT 20) AS page
WHERE (page.place + hashtext(users.id)) % 7 = 0
ON CONFLICT DO NOTHING;
