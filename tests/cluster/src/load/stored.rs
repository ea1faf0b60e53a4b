//! The rows of a period of load on the primary.

use std::collections::{HashMap, HashSet};

use anyhow::Result;

use crate::sql::pairs;
use crate::stack::Stack;

/// A user and the post that they like or bookmarked, or the user that they follow.
pub(crate) type Pair = (String, String);

/// Posts and comments by marker, each with id and content; likes, bookmarks and follows as pairs.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) posts: HashMap<String, Vec<(String, String)>>,
    pub(super) comments: HashMap<String, Vec<(String, String)>>,
    pub(super) likes: HashSet<Pair>,
    pub(super) bookmarks: HashSet<Pair>,
    pub(super) follows: HashSet<Pair>,
}

impl Stored {
    /// Reads the rows of the period with this name.
    pub(super) async fn read(stack: &Stack, period: &str) -> Result<Self> {
        let of_period = format!("content LIKE '{period}-%'");
        let mut stored = Self::default();
        for (id, content) in pairs(stack, "id, content", &format!("posts WHERE {of_period}")).await? {
            stored.add_post(id, content);
        }
        for (id, content) in pairs(stack, "id, content", &format!("comments WHERE {of_period}")).await? {
            stored.comments.entry(marker(&content)).or_default().push((id, content));
        }
        let likes = format!("post_likes l JOIN posts p ON p.id = l.post_id WHERE {of_period}");
        stored.likes = pairs(stack, "l.user_id, l.post_id", &likes).await?.into_iter().collect();
        let bookmarks = format!("bookmarks b JOIN posts p ON p.id = b.post_id WHERE {of_period}");
        stored.bookmarks = pairs(stack, "b.user_id, b.post_id", &bookmarks).await?.into_iter().collect();
        stored.follows = pairs(stack, "follower_id, followee_id", "follows").await?.into_iter().collect();
        Ok(stored)
    }

    pub(super) fn add_post(&mut self, id: String, content: String) {
        self.posts.entry(marker(&content)).or_default().push((id, content));
    }
}

fn marker(content: &str) -> String {
    content.split(' ').next().unwrap_or_default().to_owned()
}
