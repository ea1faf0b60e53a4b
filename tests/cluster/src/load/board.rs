//! Posts that the virtual users share with each other.

use std::sync::{Mutex, PoisonError};

use rand::RngExt as _;
use rand::rngs::Xoshiro256PlusPlus;

/// Number of the latest posts that are shared.
const KEPT: usize = 100;

/// Shared posts, for others to read, like and comment on. They are never deleted.
#[derive(Default)]
pub(super) struct Board {
    posts: Mutex<Vec<String>>,
}

impl Board {
    /// Shares a post.
    pub(super) fn add(&self, id: String) {
        let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        if posts.len() == KEPT {
            posts.remove(0);
        }
        posts.push(id);
    }

    /// Any shared post; `None` before the first.
    pub(super) fn any(&self, chance: &mut Xoshiro256PlusPlus) -> Option<String> {
        let posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        if posts.is_empty() { None } else { posts.get(chance.random_range(0..posts.len())).cloned() }
    }
}
