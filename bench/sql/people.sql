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
