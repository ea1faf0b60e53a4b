//! Business counters, derived from facts.

use std::pin::Pin;

use async_trait::async_trait;
use cache::Cache;
use domain::UserId;
use events::{Fact, FactListener};

/// Counts committed facts, and then passes all facts to the cache, if there is one.
pub(crate) struct FactCounters {
    cache: Option<Cache>,
}

impl FactCounters {
    pub(crate) fn new(cache: Option<&Cache>) -> Self {
        Self { cache: cache.cloned() }
    }
}

#[async_trait]
impl FactListener for FactCounters {
    async fn committed(&self, by: Option<UserId>, facts: &[Fact]) {
        for fact in facts {
            if let Some(counter) = counter(fact) {
                metrics::counter!(counter).increment(1);
            }
        }
        if let Some(cache) = &self.cache {
            cache.committed(by, facts).await;
        }
    }

    async fn seen(&self, by: Option<UserId>, facts: &[Fact]) {
        if let Some(cache) = &self.cache {
            cache.seen(by, facts).await;
        }
    }

    fn unconfirmed(&self, by: Option<UserId>, facts: &[Fact]) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match &self.cache {
            Some(cache) => cache.unconfirmed(by, facts),
            None => Box::pin(std::future::ready(())),
        }
    }
}

/// The names of the counters. All of them start at 0.
pub(crate) const COUNTERS: [&str; 3] = ["posts_published_total", "comments_added_total", "sign_ups_total"];

fn counter(fact: &Fact) -> Option<&'static str> {
    let [posts, comments, sign_ups] = COUNTERS;
    match fact {
        Fact::PostPublished { .. } => Some(posts),
        Fact::CommentAdded { .. } => Some(comments),
        Fact::SignedUp { .. } => Some(sign_ups),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::{PostId, Timestamp};
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    fn id<T>() -> domain::Id<T> {
        domain::Id::parse("tz4a98xxat96iws9zmbrgj3a").unwrap()
    }

    #[test]
    fn only_committed_facts_are_counted() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let (post, ada): (PostId, UserId) = (id(), id());
        let published = [Fact::PostPublished { post, author: ada, at: Timestamp::from_micros(0) }];
        let listener = FactCounters::new(None);
        metrics::with_local_recorder(&recorder, || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                listener.committed(Some(ada), &published).await;
                listener.seen(Some(ada), &published).await;
                listener.unconfirmed(Some(ada), &published).await;
                listener.committed(Some(ada), &[Fact::PostEdited { post, author: ada }]).await;
            });
        });
        let text = recorder.handle().render();
        assert!(text.lines().any(|line| line == "posts_published_total 1"), "{text}");
        assert!(!text.contains("comments_added_total"), "{text}");
    }
}
