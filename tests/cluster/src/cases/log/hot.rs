//! Likes of a few posts, given and taken back by many users all the time.
//!
//! The load of the other cases spreads its likes over many posts, so few are taken back. Here the changes of each like
//! are many, and writes of all instances meet at the same rows.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::LIMIT;
use crate::cluster::Cluster;
use crate::http::{Api, Call, User};
use crate::load::{Changes, Pair};

/// Number of posts that are liked.
const POSTS: usize = 2;

/// Pause of a user between two rounds, and between two attempts of a request.
const PAUSE: Duration = Duration::from_millis(100);

/// Users that like posts, until they are stopped. Dropping it stops them.
pub(super) struct Likers {
    liked: Liked,
    tasks: JoinSet<Result<HashMap<Pair, Changes>>>,
    stop: watch::Sender<bool>,
}

/// What the users liked.
pub(super) struct Liked {
    /// Prefix of the contents of the posts.
    pub(super) name: String,
    pub(super) posts: Vec<String>,
    /// The changes of each like, by user and post.
    pub(super) changes: HashMap<Pair, Changes>,
}

impl Likers {
    /// Publishes the posts, and lets all users like them through the gateway.
    pub(super) async fn start(cluster: &Cluster<'_>, users: &[User]) -> Result<Self> {
        let (name, mut posts) = (cluster.fresh("hot"), Vec::with_capacity(POSTS));
        for (number, author) in users.iter().take(POSTS).enumerate() {
            let call = Call::publish(&format!("{name}-{number}")).by(author);
            posts.push(cluster.gateway.succeed(&call).await?.text("/id").to_owned());
        }
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for user in users {
            tasks.spawn(like(cluster.gateway.clone(), user.clone(), posts.clone(), stopped.clone()));
        }
        Ok(Self { liked: Liked { name, posts, changes: HashMap::new() }, tasks, stop })
    }

    /// Lets every user finish the current round, and returns what they did.
    pub(super) async fn stop(self) -> Result<Liked> {
        let Self { mut liked, mut tasks, stop } = self;
        stop.send_replace(true);
        while let Some(changes) = timeout(LIMIT * 2, tasks.join_next()).await? {
            liked.changes.extend(changes??);
        }
        Ok(liked)
    }
}

/// Likes all posts, then takes all likes back, and begins again.
async fn like(api: Api, user: User, posts: Vec<String>, stop: watch::Receiver<bool>) -> Result<HashMap<Pair, Changes>> {
    let mut changes = HashMap::<Pair, Changes>::new();
    let mut on = true;
    while !*stop.borrow() {
        for post in &posts {
            let path = format!("/v1/posts/{post}/like");
            let call = if on { Call::put(path) } else { Call::delete(path) }.by(&user);
            let acknowledged = is_acknowledged(&api, &call).await?;
            changes.entry((user.id.clone(), post.clone())).or_default().count(acknowledged);
        }
        on = !on;
        sleep(PAUSE).await;
    }
    Ok(changes)
}

/// Sends a request until it is acknowledged, and returns whether it was in time.
async fn is_acknowledged(api: &Api, call: &Call) -> Result<bool> {
    let first = Instant::now();
    while first.elapsed() < LIMIT {
        match api.send(call).await.map_or(502, |reply| reply.status) {
            200..300 => return Ok(true),
            502..=504 => sleep(PAUSE).await,
            status => bail!("{} is answered {status}", call.shown()),
        }
    }
    Ok(false)
}
