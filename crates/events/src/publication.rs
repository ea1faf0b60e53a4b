//! Telling of facts, whatever becomes of their write.

use std::sync::Arc;

use domain::UserId;

use crate::{Fact, FactListener};

/// What a write did, as far as its facts are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It committed them.
    Committed,
    /// They were so before.
    Seen,
    /// They are not so.
    Nothing,
}

/// Facts of a write in flight.
///
/// Purpose: no fact is committed without the listener being told. Made before the statement that commits, and ended after
/// it. Never broken: dropped before it was ended, as when a request reaches its deadline half-way, it counts as unconfirmed.
pub struct Publication {
    pending: Option<Pending>,
}

struct Pending {
    listener: Arc<dyn FactListener>,
    by: Option<UserId>,
    facts: Vec<Fact>,
}

impl Publication {
    /// Facts that a write by `by` is about to commit. Without a listener or facts there is nothing to tell.
    pub fn new(listener: Option<&Arc<dyn FactListener>>, by: Option<UserId>, facts: Vec<Fact>) -> Self {
        let listener = listener.filter(|_| !facts.is_empty());
        Self { pending: listener.map(|listener| Pending { listener: Arc::clone(listener), by, facts }) }
    }

    /// The outcome is known. Tells the listener, and returns once it has taken note.
    pub async fn end(mut self, effect: Effect) {
        if let Some(Pending { listener, by, facts }) = &self.pending {
            match effect {
                Effect::Committed => listener.committed(*by, facts).await,
                Effect::Seen => listener.seen(*by, facts).await,
                Effect::Nothing => {}
            }
        }
        self.pending = None;
    }

    /// The outcome will not be known. Returns once the listener has told of it.
    pub async fn unconfirmed(mut self) {
        if let Some(Pending { listener, by, facts }) = self.pending.take() {
            listener.unconfirmed(by, &facts).await;
        }
    }
}

impl Drop for Publication {
    fn drop(&mut self) {
        if let Some(Pending { listener, by, facts }) = self.pending.take() {
            drop(listener.unconfirmed(by, &facts));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::Pin;
    use std::sync::Mutex;
    use std::time::Duration;

    use async_trait::async_trait;
    use tokio::time::timeout;

    use super::*;

    /// Notes what it is told; with `hangs`, it never returns from that.
    #[derive(Default)]
    struct Notes {
        told: Mutex<Vec<&'static str>>,
        hangs: bool,
    }

    impl Notes {
        async fn note(&self, what: &'static str) {
            self.told.lock().unwrap().push(what);
            if self.hangs {
                pending::<()>().await;
            }
        }
    }

    #[async_trait]
    impl FactListener for Notes {
        async fn committed(&self, _: Option<UserId>, _: &[Fact]) {
            self.note("committed").await;
        }

        async fn seen(&self, _: Option<UserId>, _: &[Fact]) {
            self.note("seen").await;
        }

        fn unconfirmed(&self, _: Option<UserId>, _: &[Fact]) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            self.told.lock().unwrap().push("unconfirmed");
            Box::pin(ready(()))
        }
    }

    fn ada() -> UserId {
        UserId::parse("tz4a98xxat96iws9zmbrgj3a").unwrap()
    }

    async fn told(hangs: bool, facts: Vec<Fact>, end: impl AsyncFnOnce(Publication)) -> Vec<&'static str> {
        let notes = Arc::new(Notes { hangs, ..Notes::default() });
        let listener: Arc<dyn FactListener> = notes.clone();
        end(Publication::new(Some(&listener), Some(ada()), facts)).await;
        std::mem::take(&mut *notes.told.lock().unwrap())
    }

    fn erased() -> Vec<Fact> {
        vec![Fact::UserErased { user: ada() }]
    }

    #[tokio::test]
    async fn tells_what_came_of_the_write() {
        let ends = [(Effect::Committed, vec!["committed"]), (Effect::Seen, vec!["seen"]), (Effect::Nothing, vec![])];
        for (effect, expected) in ends {
            assert_eq!(told(false, erased(), async |publication| publication.end(effect).await).await, expected);
        }
        assert_eq!(told(false, erased(), async |publication| publication.unconfirmed().await).await, ["unconfirmed"]);
    }

    #[tokio::test]
    async fn is_unconfirmed_when_it_is_dropped_before_its_end() {
        assert_eq!(told(false, erased(), async |publication| drop(publication)).await, ["unconfirmed"]);
        let cut_off = async |publication: Publication| {
            timeout(Duration::ZERO, publication.end(Effect::Committed)).await.unwrap_err();
        };
        assert_eq!(told(true, erased(), cut_off).await, ["committed", "unconfirmed"]);
    }

    #[tokio::test]
    async fn says_nothing_without_facts() {
        assert!(told(false, vec![], async |publication| publication.end(Effect::Committed).await).await.is_empty());
        assert!(told(false, vec![], async |publication| drop(publication)).await.is_empty());
    }
}
