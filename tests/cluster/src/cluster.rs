//! The running system as the cases use it.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use tokio::sync::OnceCell;

use super::http::{Api, User, client};
use super::metrics::Metrics;
use super::sql;
use super::stack::Stack;

/// Both instances, the gateway in front of them, and the stack that they run in.
pub(crate) struct Cluster<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) gateway: Api,
    pub(crate) a: Api,
    pub(crate) b: Api,
    names: AtomicU64,
    crowd: OnceCell<Vec<String>>,
}

/// Number of virtual users that generate the load.
const CROWD: usize = 24;

impl<'a> Cluster<'a> {
    /// Connects to a running stack.
    pub(crate) fn new(stack: &'a Stack) -> Result<Self> {
        let ports = stack.ports();
        let gateway = Api::new("Nginx", ports.gateway)?;
        let (a, b) = (Api::new("app1", ports.app1)?, Api::new("app2", ports.app2)?);
        Ok(Self { stack, gateway, a, b, names: AtomicU64::new(0), crowd: OnceCell::new() })
    }

    /// A unique word for user names, keys and contents.
    pub(crate) fn fresh(&self, word: &str) -> String {
        format!("{word}{}", self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// A new user, signed up and logged in through `api`.
    pub(crate) async fn somebody(&self, api: &Api) -> Result<User> {
        User::sign_up(api, &self.fresh("person")).await
    }

    /// The virtual users of the load, logged in again for each period.
    pub(crate) async fn crowd(&self) -> Result<Vec<User>> {
        let sign_up = async || {
            let mut names = Vec::with_capacity(CROWD);
            for _ in 0..CROWD {
                names.push(self.somebody(&self.gateway).await?.username);
            }
            anyhow::Ok(names)
        };
        let mut users = Vec::with_capacity(CROWD);
        for name in self.crowd.get_or_try_init(sign_up).await? {
            users.push(User::log_in(&self.gateway, name).await?);
        }
        Ok(users)
    }

    /// The instances to write to and to read from, in an order that alternates by round.
    pub(crate) fn pair(&self, round: usize) -> (&Api, &Api) {
        if round.is_multiple_of(2) { (&self.a, &self.b) } else { (&self.b, &self.a) }
    }

    /// The metrics of both instances.
    pub(crate) async fn metrics(&self) -> Result<[Metrics; 2]> {
        let (http, ports) = (client()?, self.stack.ports());
        let url = |port| format!("http://127.0.0.1:{port}/metrics");
        Ok([
            Metrics::read(&http, &url(ports.app1_metrics)).await?,
            Metrics::read(&http, &url(ports.app2_metrics)).await?,
        ])
    }

    /// Repairs the system for the next case.
    pub(crate) async fn mend(&self) -> Result<()> {
        self.stack.mend().await?;
        sql::delay_replica(self.stack, None).await?;
        sql::caught_up(self.stack).await.map(drop)
    }
}
