//! Publishes the facts of a write, whatever its outcome.
//!
//! Called by the database engine, around the statement that commits.
//!
//! Invariant: every committed fact reaches the listener. A publication that is dropped before its end, such as by a
//! request at its deadline, counts as unconfirmed.
//!
//! Tested here, and in `persistence/tests/repositories/facts.rs`.

use std::sync::Arc;

use domain::UserId;

use crate::{Fact, FactListener};

/// The effect of a write on its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The write committed the facts.
    Committed,
    /// The facts were true before the write.
    Seen,
    /// The write had no effect, and its facts are not published.
    Nothing,
}

/// The facts of a write in flight. Created before the statement that commits, and ended after it.
///
/// If it is dropped before its end, the facts are published as unconfirmed.
pub struct Publication {
    pending: Option<Pending>,
}

struct Pending {
    listener: Arc<dyn FactListener>,
    by: Option<UserId>,
    facts: Vec<Fact>,
}

impl Publication {
    /// The facts that a write by `by` is about to commit. Without a listener or without facts, nothing is published.
    pub fn new(listener: Option<&Arc<dyn FactListener>>, by: Option<UserId>, facts: Vec<Fact>) -> Self {
        let listener = listener.filter(|_| !facts.is_empty());
        Self { pending: listener.map(|listener| Pending { listener: Arc::clone(listener), by, facts }) }
    }

    /// Publishes the facts according to the known outcome, and returns once the listener has noted them.
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

    /// Publishes the facts as unconfirmed, and returns once the listener has published them.
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

    /// Records the calls. With `hangs`, a call never returns.
    #[derive(Default)]
    struct Notes {
        calls: Mutex<Vec<&'static str>>,
        hangs: bool,
    }

    impl Notes {
        async fn note(&self, what: &'static str) {
            self.calls.lock().unwrap().push(what);
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
            self.calls.lock().unwrap().push("unconfirmed");
            Box::pin(ready(()))
        }
    }

    fn ada() -> UserId {
        UserId::parse("tz4a98xxat96iws9zmbrgj3a").unwrap()
    }

    async fn calls(hangs: bool, facts: Vec<Fact>, end: impl AsyncFnOnce(Publication)) -> Vec<&'static str> {
        let notes = Arc::new(Notes { hangs, ..Notes::default() });
        let listener: Arc<dyn FactListener> = notes.clone();
        end(Publication::new(Some(&listener), Some(ada()), facts)).await;
        std::mem::take(&mut *notes.calls.lock().unwrap())
    }

    fn erased() -> Vec<Fact> {
        vec![Fact::UserErased { user: ada() }]
    }

    #[tokio::test]
    async fn publishes_the_effect_of_the_write() {
        let ends = [(Effect::Committed, vec!["committed"]), (Effect::Seen, vec!["seen"]), (Effect::Nothing, vec![])];
        for (effect, expected) in ends {
            assert_eq!(calls(false, erased(), async |publication| publication.end(effect).await).await, expected);
        }
        assert_eq!(calls(false, erased(), async |publication| publication.unconfirmed().await).await, ["unconfirmed"]);
    }

    #[tokio::test]
    async fn is_unconfirmed_when_dropped_before_its_end() {
        assert_eq!(calls(false, erased(), async |publication| drop(publication)).await, ["unconfirmed"]);
        let cut_off = async |publication: Publication| {
            timeout(Duration::ZERO, publication.end(Effect::Committed)).await.unwrap_err();
        };
        assert_eq!(calls(true, erased(), cut_off).await, ["committed", "unconfirmed"]);
    }

    #[tokio::test]
    async fn publishes_nothing_without_facts() {
        assert!(calls(false, vec![], async |publication| publication.end(Effect::Committed).await).await.is_empty());
        assert!(calls(false, vec![], async |publication| drop(publication)).await.is_empty());
    }
}
