//! Compares counters with `count(*)`.

use super::TestDatabase;

/// Every counter of the schema: its table and column, and the rows that it counts for a row `t`.
const COUNTERS: [(&str, &str, &str); 7] = [
    ("users", "post_count", "posts WHERE author_id = t.id"),
    ("users", "follower_count", "follows WHERE followee_id = t.id"),
    ("users", "following_count", "follows WHERE follower_id = t.id"),
    ("posts", "like_count", "post_likes WHERE post_id = t.id"),
    ("posts", "comment_count", "comments WHERE post_id = t.id AND author_id IS NOT NULL"),
    ("comments", "like_count", "comment_likes WHERE comment_id = t.id"),
    ("comments", "reply_count", "comments WHERE parent_id = t.id"),
];

/// Rows that must never exist, and how to find them.
const IMPOSSIBLE: [(&str, &str); 3] = [
    (
        "a deleted comment without replies",
        "comments t WHERE t.author_id IS NULL AND NOT EXISTS (SELECT 1 FROM comments r WHERE r.parent_id = t.id) \
         AND NOT EXISTS (SELECT 1 FROM removals WHERE removals.id = t.id) \
         AND NOT EXISTS (SELECT 1 FROM posts p JOIN users u ON u.id = p.author_id \
                         WHERE p.id = t.post_id AND (p.removed OR u.removed))",
    ),
    (
        "a reply on another post than its parent",
        "comments t WHERE t.post_id <> (SELECT p.post_id FROM comments p WHERE p.id = t.parent_id)",
    ),
    (
        "a like of a deleted comment",
        "comments t WHERE t.author_id IS NULL AND EXISTS (SELECT 1 FROM comment_likes l WHERE l.comment_id = t.id) \
         AND NOT EXISTS (SELECT 1 FROM removals WHERE removals.id = t.id)",
    ),
];

impl TestDatabase {
    /// Rows that contradict others: counters that differ from `count(*)`, and deleted comments without replies. It
    /// uses plain SQL, independent of how the repositories count.
    pub async fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (table, counter, counted) in COUNTERS {
            let sql = format!(
                "SELECT id, kept, counted FROM \
                 (SELECT t.id, t.{counter} AS kept, (SELECT count(*) FROM {counted}) AS counted FROM {table} t) AS c \
                 WHERE kept <> counted"
            );
            for row in self.rows(&sql).await {
                let (id, kept, counted): (String, i64, i64) = row.try_get_many_by_index().unwrap();
                found.push(format!("{table}.{counter} of {id} is {kept}, but there are {counted}"));
            }
        }
        for (what, condition) in IMPOSSIBLE {
            for id in self.texts(&format!("SELECT t.id FROM {condition}")).await {
                found.push(format!("{id} is {what}"));
            }
        }
        found
    }

    /// Fails unless every counter is exact and no impossible row exists.
    ///
    /// # Panics
    /// If there is a contradiction; the message lists all of them.
    pub async fn assert_counters_exact(&self) {
        let found = self.contradictions().await;
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wrong_counter_is_found() {
        let db = TestDatabase::sqlite().await;
        db.assert_counters_exact().await;
        db.execute(
            "INSERT INTO users (id, username, display_name, bio, password_hash, created_at, post_count)
             VALUES ('a', 'ada', '', '', '', 0, 1)",
        )
        .await;
        assert_eq!(db.contradictions().await, ["users.post_count of a is 1, but there are 0"]);
    }
}
