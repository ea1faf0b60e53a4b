//! Removals.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Cuid, RepositoryError};
use removals::Removal;
use removals::ports::{RemovalRepository, Slice};

use crate::cache::Cache;
use crate::change::Change;
use crate::tag::Tag;

/// A slice that changes more things than this is announced as a change of everything: to name them would cost more than to
/// load again what is copied.
const MOST: usize = 1_000;

/// Announces whose counters removals change. What is removed was hidden before: no cache entry has it.
pub struct CachedRemovals {
    inner: Arc<dyn RemovalRepository>,
    cache: Cache,
}

impl CachedRemovals {
    /// Stands before `inner`.
    pub fn new(inner: Arc<dyn RemovalRepository>, cache: Cache) -> Self {
        Self { inner, cache }
    }
}

fn change(Slice { touched, by, .. }: &Slice) -> Change {
    if touched.users.len() + touched.posts.len() > MOST {
        return Change::of_everything();
    }
    let users = touched.users.iter().copied().map(Tag::User);
    Change { by: *by, tags: users.chain(touched.posts.iter().copied().map(Tag::Post)).collect() }
}

#[async_trait]
impl RemovalRepository for CachedRemovals {
    async fn pending(&self, after: Option<Cuid>, most: u16) -> Result<Vec<Removal>, RepositoryError> {
        self.inner.pending(after, most).await
    }

    /// Touches whatever the slice says; it may be anything where the slice does not come to say so.
    async fn remove_some(&self, removal: Removal, most: u16) -> Result<Slice, RepositoryError> {
        self.cache.write_and_ask(change, self.inner.remove_some(removal, most)).await
    }
}

#[cfg(test)]
mod tests {
    use removals::ports::{Progress, Touched};
    use testkit::id;

    use super::*;

    #[test]
    fn a_slice_touches_what_it_says_and_everything_beyond_a_bound() {
        let slice = |touched| Slice { progress: Progress::More, touched, by: Some(id("bob")) };
        let few = Touched { users: vec![id("ada")], posts: vec![id("hello")] };
        assert_eq!(
            change(&slice(few)),
            Change { by: Some(id("bob")), tags: vec![Tag::User(id("ada")), Tag::Post(id("hello"))] }
        );
        let many = Touched { users: vec![id("ada"); MOST + 1], ..Touched::default() };
        assert_eq!(change(&slice(many)), Change::of_everything());
    }
}
