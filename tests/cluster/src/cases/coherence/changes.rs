//! The kinds of changes, and the reads that show them.

use anyhow::Result;
use serde_json::{Value, json};

use super::observe::{Probe, Watch};
use crate::cluster::Cluster;
use crate::http::{Api, Call, Reply, User};

/// A kind of change.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Edit,
    Like,
    Comment,
    NewPost,
    Profile,
    Follow,
    Delete,
}

impl Change {
    pub(super) const ALL: [Self; 7] =
        [Self::Edit, Self::Like, Self::Comment, Self::NewPost, Self::Profile, Self::Follow, Self::Delete];

    /// The name in the figures.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Like => "like count",
            Self::Comment => "comment count",
            Self::NewPost => "new post",
            Self::Profile => "profile",
            Self::Follow => "follower count",
            Self::Delete => "delete",
        }
    }
}

/// The users and the post of the case. The reader follows the author and writes nothing.
pub(super) struct Scene {
    word: String,
    author: User,
    fan: User,
    reader: User,
    post: String,
    likes: u64,
    comments: u64,
    fans: u64,
    number: u64,
}

impl Scene {
    /// Signs up new users and publishes a post.
    pub(super) async fn set(cluster: &Cluster<'_>) -> Result<Self> {
        let api = &cluster.a;
        let (author, fan) = (cluster.somebody(api).await?, cluster.somebody(api).await?);
        let reader = cluster.somebody(api).await?;
        api.succeed(&Call::put(format!("/v1/users/{}/follow", author.id)).by(&reader)).await?;
        let post = api.succeed(&Call::publish("to be watched").by(&author)).await?.text("/id").to_owned();
        let word = cluster.fresh("watched");
        Ok(Self { word, author, fan, reader, post, likes: 0, comments: 0, fans: 1, number: 0 })
    }

    /// Prepares the next change of a kind, to be made through `here`.
    pub(super) async fn prepare(&mut self, change: Change, here: &Api) -> Result<Probe> {
        self.number += 1;
        let text = format!("{}-{}", self.word, self.number);
        let post = format!("/v1/posts/{}", self.post);
        let author = format!("/v1/users/{}", self.author.id);
        let posts = format!("{author}/posts?limit=5");
        let probe = match change {
            Change::Edit => Probe {
                change: Call::patch(&post, json!({ "content": text })).by(&self.author),
                watches: self.both(&post, "/content", json!(text)),
            },
            Change::Like => {
                let on = self.likes == 0;
                self.likes = u64::from(on);
                let change = switch(format!("{post}/like"), on).by(&self.fan);
                Probe { change, watches: self.both(&post, "/like_count", json!(self.likes)) }
            }
            Change::Comment => {
                self.comments += 1;
                let change = Call::post(format!("{post}/comments"), json!({ "content": text })).by(&self.fan);
                Probe { change, watches: self.both(&post, "/comment_count", json!(self.comments)) }
            }
            Change::NewPost => {
                let mut watches = self.both("/v1/posts?limit=20", "/items/0/content", json!(text));
                watches.push(watch(Call::get("/v1/feed?limit=20").by(&self.reader), "/items/0/content", json!(text)));
                watches.push(watch(Call::get(&posts), "/items/0/content", json!(text)));
                Probe { change: Call::publish(&text).by(&self.author), watches }
            }
            Change::Profile => {
                let mut watches = self.both(&author, "/display_name", json!(text));
                watches.push(watch(Call::get(&post), "/author/display_name", json!(text)));
                Probe { change: Call::patch("/v1/users/me", json!({ "display_name": text })).by(&self.author), watches }
            }
            Change::Follow => {
                let on = self.fans == 1;
                self.fans = if on { 2 } else { 1 };
                let change = switch(format!("{author}/follow"), on).by(&self.fan);
                Probe { change, watches: self.both(&author, "/follower_count", json!(self.fans)) }
            }
            Change::Delete => {
                let id = here.succeed(&Call::publish(&text).by(&self.author)).await?.text("/id").to_owned();
                let path = format!("/v1/posts/{id}");
                let gone = |reply: &Reply| reply.status == 404;
                let mut watches: Vec<Watch> = [Call::get(&path), Call::get(&path).by(&self.reader)]
                    .map(|call| Watch { call, shows: Box::new(gone) })
                    .into();
                let left = move |reply: &Reply| reply.succeeded() && reply.text("/items/0/id") != id;
                watches.push(Watch { call: Call::get(&posts), shows: Box::new(left) });
                Probe { change: Call::delete(path).by(&self.author), watches }
            }
        };
        Ok(probe)
    }

    /// Two reads of the same path, one anonymous and one signed in.
    fn both(&self, path: &str, pointer: &'static str, expected: Value) -> Vec<Watch> {
        let (anonymous, signed_in) = (Call::get(path), Call::get(path).by(&self.reader));
        vec![watch(anonymous, pointer, expected.clone()), watch(signed_in, pointer, expected)]
    }
}

fn watch(call: Call, pointer: &'static str, expected: Value) -> Watch {
    Watch { call, shows: Box::new(move |reply| *reply.at(pointer) == expected) }
}

fn switch(path: String, on: bool) -> Call {
    if on { Call::put(path) } else { Call::delete(path) }
}
