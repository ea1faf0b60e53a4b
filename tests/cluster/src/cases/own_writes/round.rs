//! Makes every kind of write once, and reads each back at once through both instances and the gateway.

use anyhow::Result;
use futures_util::future::try_join_all;
use serde_json::json;

use crate::cluster::Cluster;
use crate::http::{Api, Call, Reply, User};
use crate::verdict::Verdict;

/// A writer, and another user whose post and account the writes concern.
pub(super) struct Round<'a> {
    doors: [&'a Api; 3],
    writer: User,
    other: User,
    others_post: String,
    number: u64,
    likes: bool,
    bookmarks: bool,
    follows: bool,
    pub(super) writes: usize,
    pub(super) reads: usize,
    pub(super) wrongs: usize,
}

impl<'a> Round<'a> {
    /// Signs up new users.
    pub(super) async fn new(cluster: &'a Cluster<'_>) -> Result<Self> {
        let (writer, other) = (cluster.somebody(&cluster.a).await?, cluster.somebody(&cluster.a).await?);
        let published = cluster.a.succeed(&Call::publish("somebody else's").by(&other)).await?;
        Ok(Self {
            doors: [&cluster.b, &cluster.a, &cluster.gateway],
            writer,
            other,
            others_post: published.text("/id").to_owned(),
            number: 0,
            likes: false,
            bookmarks: false,
            follows: false,
            writes: 0,
            reads: 0,
            wrongs: 0,
        })
    }

    /// Makes all writes through `here`.
    pub(super) async fn run(&mut self, here: &Api, verdict: &mut Verdict) -> Result<()> {
        self.number += 1;
        let number = self.number;
        let (me, feed) = ("/v1/users/me", "/v1/feed?limit=5");
        let mine = format!("/v1/users/@{}/posts?limit=5", self.writer.username);

        let text = format!("said in round {number}");
        let published = self.write(here, Call::publish(&text)).await?;
        let post = format!("/v1/posts/{}", published.text("/id"));
        self.expect(verdict, &post, |reply| reply.text("/content") == text).await?;
        for list in [&mine, feed, "/v1/posts?limit=5"] {
            self.expect(verdict, list, |reply| reply.text("/items/0/content") == text).await?;
        }
        self.expect(verdict, me, |reply| reply.count("/post_count") == Some(1)).await?;

        let text = format!("edited in round {number}");
        self.write(here, Call::patch(&post, json!({ "content": text }))).await?;
        self.expect(verdict, &post, |reply| reply.text("/content") == text).await?;
        self.expect(verdict, &mine, |reply| reply.text("/items/0/content") == text).await?;

        self.likes = !self.likes;
        let likes = self.likes;
        let others = format!("/v1/posts/{}", self.others_post);
        self.write(here, switch(format!("{others}/like"), likes)).await?;
        let liked = |reply: &Reply| {
            *reply.at("/viewer/liked") == json!(likes) && reply.count("/like_count") == Some(u64::from(likes))
        };
        self.expect(verdict, &others, liked).await?;

        self.bookmarks = !self.bookmarks;
        let bookmarks = self.bookmarks;
        self.write(here, switch(format!("{others}/bookmark"), bookmarks)).await?;
        self.expect(verdict, &others, |reply| *reply.at("/viewer/bookmarked") == json!(bookmarks)).await?;
        let listed = |reply: &Reply| reply.at("/items/0").is_null() != bookmarks;
        self.expect(verdict, "/v1/bookmarks", listed).await?;

        let text = format!("remarked in round {number}");
        let said = self.write(here, Call::post(format!("{others}/comments"), json!({ "content": text }))).await?;
        let comment = format!("/v1/comments/{}", said.text("/id"));
        self.expect(verdict, &comment, |reply| reply.text("/content") == text).await?;
        self.expect(verdict, &others, |reply| reply.count("/comment_count") == Some(number)).await?;

        self.follows = !self.follows;
        let follows = self.follows;
        let other = format!("/v1/users/{}", self.other.id);
        self.write(here, switch(format!("{other}/follow"), follows)).await?;
        let followed = |reply: &Reply| {
            *reply.at("/viewer/following") == json!(follows)
                && reply.count("/follower_count") == Some(u64::from(follows))
        };
        self.expect(verdict, &other, followed).await?;
        self.expect(verdict, me, |reply| reply.count("/following_count") == Some(u64::from(follows))).await?;

        let name = format!("Name {number}");
        self.write(here, Call::patch(me, json!({ "display_name": name }))).await?;
        self.expect(verdict, me, |reply| reply.text("/display_name") == name).await?;
        self.expect(verdict, &post, |reply| reply.text("/author/display_name") == name).await?;

        self.write(here, Call::delete(&post)).await?;
        self.expect(verdict, &post, |reply| reply.status == 404).await?;
        let id = published.text("/id");
        self.expect(verdict, &mine, |reply| reply.succeeded() && reply.text("/items/0/id") != id).await?;
        self.expect(verdict, me, |reply| reply.count("/post_count") == Some(0)).await
    }

    async fn write(&mut self, here: &Api, call: Call) -> Result<Reply> {
        self.writes += 1;
        here.succeed(&call.by(&self.writer)).await
    }

    /// Reads through both instances and the gateway at once.
    async fn expect(&mut self, verdict: &mut Verdict, path: &str, right: impl Fn(&Reply) -> bool) -> Result<()> {
        let call = Call::get(path).by(&self.writer);
        let replies = try_join_all(self.doors.iter().map(|door| door.ask(&call))).await?;
        for (door, reply) in self.doors.iter().zip(&replies) {
            self.reads += 1;
            if !right(reply) {
                self.wrongs += 1;
                let name = door.name();
                verdict.wrong(format!(
                    "{path} through {name} is answered {}: {:.300}",
                    reply.status,
                    reply.body.to_string()
                ));
            }
        }
        Ok(())
    }
}

fn switch(path: String, on: bool) -> Call {
    if on { Call::put(path) } else { Call::delete(path) }
}
