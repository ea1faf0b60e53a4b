//! One virtual user.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use rand::rngs::Xoshiro256PlusPlus;
use tokio::sync::watch;
use tokio::time::sleep;

use super::board::Board;
use super::ledger::Ledger;
use super::sample::{Kind, Outcome, Sample};
use crate::http::{Api, Call, Reply, User};

mod reading;
mod writing;

/// Milliseconds between two actions of a user.
const PAUSE: std::ops::Range<u64> = 50..150;

/// Pause between two attempts of a write.
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// Time limit for retrying one write.
const PERSISTENCE: Duration = Duration::from_secs(30);

/// How a user handles failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Every `POST` carries a key, and requests that fail during an outage are retried until acknowledged.
    Persistent,
    /// No request is repeated, and every other `POST` carries no key: for cases in which no request may fail.
    OnceOnly,
}

/// The state of a virtual user.
pub(super) struct Actor {
    pub(super) api: Api,
    pub(super) user: User,
    /// Ids of all users of the period.
    pub(super) everybody: Arc<Vec<String>>,
    pub(super) board: Arc<Board>,
    pub(super) manner: Manner,
    /// Some users only read. A user whose write is being retried does not read, and reads must go on all the time.
    pub(super) only_reads: bool,
    /// Prefix of its markers.
    pub(super) name: String,
    pub(super) said: usize,
    /// The last own post. It is shared with the others when the next one is acknowledged.
    pub(super) unshared: Option<String>,
    /// Markers of own acknowledged posts that may still be edited.
    pub(super) kept: Vec<String>,
    /// Markers of own posts that no other user knows, to be deleted.
    pub(super) private: Vec<String>,
    pub(super) chance: Xoshiro256PlusPlus,
    pub(super) ledger: Ledger,
    pub(super) samples: Vec<Sample>,
}

impl Actor {
    /// Acts until told to stop, and finishes the last action.
    pub(super) async fn run(mut self, stop: watch::Receiver<bool>) -> (Ledger, Vec<Sample>) {
        while !*stop.borrow() {
            match self.chance.random_range(0..100) {
                _ if self.only_reads => self.look_around().await,
                0..20 => self.publish().await,
                20..26 => self.publish_for_oneself().await,
                26..32 => self.delete().await,
                32..38 => self.edit().await,
                38..50 => self.comment().await,
                50..62 => self.like().await,
                62..66 => self.follow().await,
                66..70 => self.bookmark().await,
                _ => self.look_around().await,
            }
            let pause = Duration::from_millis(self.chance.random_range(PAUSE));
            sleep(pause).await;
        }
        (self.ledger, self.samples)
    }

    /// Sends a read once. `judge_it` evaluates a success or a 404.
    async fn read(&mut self, call: Call, judge_it: impl FnOnce(&Reply) -> Outcome) {
        let began = Instant::now();
        let outcome = match self.api.send(&call).await {
            Err(error) => Outcome::Lost(chain(&error)),
            Ok(reply) => match judge(&reply) {
                Outcome::Good | Outcome::Status(404) => judge_it(&reply),
                other => other,
            },
        };
        self.note(&call, began, outcome);
    }

    /// Sends a write. Depending on the manner, it is sent once or retried until acknowledged.
    async fn write(&mut self, call: &Call) -> Option<Reply> {
        let first = Instant::now();
        loop {
            let began = Instant::now();
            let (outcome, reply) = match self.api.send(call).await {
                Err(error) => (Outcome::Lost(chain(&error)), None),
                // An earlier attempt deleted it, perhaps a retry by the gateway.
                Ok(reply) if reply.status == 404 && call.deletes_a_post() => (Outcome::Good, Some(reply)),
                Ok(reply) => (judge(&reply), Some(reply)),
            };
            self.note(call, began, outcome.clone());
            let again = match outcome {
                Outcome::Good => return reply,
                Outcome::Unavailable { .. } | Outcome::Lost(_) | Outcome::Status(502 | 504) => true,
                Outcome::Status(_) | Outcome::Stale(_) | Outcome::Missing => false,
            };
            if !again || self.manner == Manner::OnceOnly || first.elapsed() > PERSISTENCE {
                return None;
            }
            sleep(BETWEEN_TRIES).await;
        }
    }

    fn note(&mut self, call: &Call, sent: Instant, outcome: Outcome) {
        let kind = match call {
            call if call.reads() => Kind::Read,
            call if call.repeatable() => Kind::Repeatable,
            _ => Kind::Once,
        };
        self.samples.push(Sample { call: call.shown(), kind, sent, took: sent.elapsed(), outcome });
    }
}

fn judge(reply: &Reply) -> Outcome {
    match reply.status {
        200..300 => Outcome::Good,
        503 => Outcome::Unavailable { retry_after: !reply.header("retry-after").is_empty() },
        other => Outcome::Status(other),
    }
}

/// An error with its causes, because reqwest's own message says little.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
