//! A period of load: its start, its end, and everything that happened in it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::actor::{Actor, Manner};
use super::board::Board;
use super::ledger::Ledger;
use super::sample::Sample;
use crate::cluster::Cluster;
use crate::http::Api;

/// Time limit for all users to finish; later ones count as hanging.
const LAST_LIMIT: Duration = Duration::from_mins(1);

/// One in this many users only reads.
const READERS: u64 = 4;

/// Running load. Dropping it ends it.
pub(crate) struct Load {
    name: String,
    actors: JoinSet<(Ledger, Vec<Sample>)>,
    stop: watch::Sender<bool>,
}

/// The results of a load.
pub(crate) struct Period {
    /// Prefix of the period's contents.
    pub(crate) name: String,
    /// The writes of all its users.
    pub(crate) ledger: Ledger,
    /// In no particular order.
    pub(crate) samples: Vec<Sample>,
}

impl Load {
    /// Starts the load through the gateway.
    pub(crate) async fn start(cluster: &Cluster<'_>, name: &str, manner: Manner) -> Result<Self> {
        Self::start_at(&cluster.gateway, cluster, name, manner).await
    }

    /// Starts the load through `api`.
    pub(crate) async fn start_at(api: &Api, cluster: &Cluster<'_>, name: &str, manner: Manner) -> Result<Self> {
        let users = cluster.crowd().await?;
        let name = cluster.fresh(name);
        let everybody = Arc::new(users.iter().map(|user| user.id.clone()).collect::<Vec<_>>());
        let board = Arc::new(Board::default());
        let (stop, stopped) = watch::channel(false);
        let mut actors = JoinSet::new();
        for (number, user) in (0u64..).zip(users) {
            let actor = Actor {
                api: api.clone(),
                user,
                everybody: Arc::clone(&everybody),
                board: Arc::clone(&board),
                manner,
                only_reads: number.is_multiple_of(READERS),
                name: format!("{name}-{number}"),
                said: 0,
                unshared: None,
                kept: Vec::new(),
                private: Vec::new(),
                chance: Xoshiro256PlusPlus::seed_from_u64(number),
                ledger: Ledger::default(),
                samples: Vec::new(),
            };
            actors.spawn(actor.run(stopped.clone()));
        }
        Ok(Self { name, actors, stop })
    }

    /// Lets every user finish the current action, and returns the results.
    pub(crate) async fn stop(self) -> Result<Period> {
        let Self { name, mut actors, stop } = self;
        stop.send_replace(true);
        let mut period = Period { name, ledger: Ledger::default(), samples: Vec::new() };
        while let Some(actor) = timeout(LAST_LIMIT, actors.join_next()).await? {
            let (ledger, samples) = actor?;
            period.ledger.absorb(ledger);
            period.samples.extend(samples);
        }
        Ok(period)
    }
}
