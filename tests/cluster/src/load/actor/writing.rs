//! Writes of a user, each read back at once.
//!
//! The ledger marks a write as unconfirmed before it is sent and as certain when it is acknowledged. It is therefore
//! right if the response is lost.

use rand::RngExt as _;
use serde_json::{Value, json};

use super::reading::is_there;
use super::{Actor, Manner};
use crate::http::{Call, Reply};
use crate::load::ledger::{Said, Switch};
use crate::load::sample::Outcome;

impl Actor {
    /// Publishes a post for others to read, like and comment on.
    ///
    /// It is shared when the next one is acknowledged. A primary that is killed right away takes the latest posts
    /// with it until it is back, and only their author may notice.
    pub(super) async fn publish(&mut self) {
        if let Some((marker, id)) = self.say_post().await {
            if let Some(earlier) = self.unshared.replace(id) {
                self.board.add(earlier);
            }
            self.kept.push(marker);
        }
    }

    /// Publishes a post that will be deleted.
    pub(super) async fn publish_for_oneself(&mut self) {
        if let Some((marker, _)) = self.say_post().await {
            self.private.push(marker);
        }
    }

    async fn say_post(&mut self) -> Option<(String, String)> {
        let (marker, content) = self.something_to_say();
        let said = Said { contents: vec![content.clone()], ..Said::default() };
        self.ledger.posts.insert(marker.clone(), said);
        let call = self.keyed(Call::publish(&content).by(&self.user), &marker);
        let id = self.write(&call).await?.text("/id").to_owned();
        if let Some(said) = self.ledger.posts.get_mut(&marker) {
            said.id = Some(id.clone());
        }
        self.read_back(format!("/v1/posts/{id}"), "/content", &json!(content)).await;
        Some((marker, id))
    }

    /// Edits an own post.
    pub(super) async fn edit(&mut self) {
        let Some(marker) = self.any_kept() else { return };
        let Some(said) = self.ledger.posts.get_mut(&marker) else { return };
        let Some(id) = said.id.clone() else { return };
        self.said += 1;
        let content = format!("{marker} edited {}", self.said);
        said.contents.push(content.clone());
        let call = Call::patch(format!("/v1/posts/{id}"), json!({ "content": content })).by(&self.user);
        if self.write(&call).await.is_none() {
            return;
        }
        if let Some(said) = self.ledger.posts.get_mut(&marker) {
            said.contents = vec![content.clone()];
        }
        self.read_back(format!("/v1/posts/{id}"), "/content", &json!(content)).await;
    }

    /// Deletes an own post that no other user knows.
    pub(super) async fn delete(&mut self) {
        let Some(marker) = self.private.pop() else { return };
        let Some(said) = self.ledger.posts.get_mut(&marker) else { return };
        let Some(id) = said.id.clone() else { return };
        said.deleted = Switch::InDoubt;
        if self.write(&Call::delete(format!("/v1/posts/{id}")).by(&self.user)).await.is_none() {
            return;
        }
        if let Some(said) = self.ledger.posts.get_mut(&marker) {
            said.deleted = Switch::On;
        }
        let gone = |reply: &Reply| match reply.status {
            404 => Outcome::Good,
            _ => Outcome::Stale("deleted, and still there".to_owned()),
        };
        self.read(Call::get(format!("/v1/posts/{id}")).by(&self.user), gone).await;
    }

    /// Comments on any shared post.
    pub(super) async fn comment(&mut self) {
        let Some(post) = self.board.any(&mut self.chance) else { return };
        let (marker, content) = self.something_to_say();
        let said = Said { contents: vec![content.clone()], ..Said::default() };
        self.ledger.comments.insert(marker.clone(), said);
        let call = Call::post(format!("/v1/posts/{post}/comments"), json!({ "content": content })).by(&self.user);
        let call = self.keyed(call, &marker);
        let Some(reply) = self.write(&call).await else { return };
        let id = reply.text("/id").to_owned();
        if let Some(said) = self.ledger.comments.get_mut(&marker) {
            said.id = Some(id.clone());
        }
        self.read_back(format!("/v1/comments/{id}"), "/content", &json!(content)).await;
    }

    /// Likes any shared post, or removes the like.
    pub(super) async fn like(&mut self) {
        let Some(post) = self.board.any(&mut self.chance) else { return };
        let pair = (self.user.id.clone(), post.clone());
        let on = self.ledger.likes.get(&pair) != Some(&Switch::On);
        self.ledger.likes.insert(pair.clone(), Switch::InDoubt);
        let call = switch(format!("/v1/posts/{post}/like"), on).by(&self.user);
        let acknowledged = self.write(&call).await.is_some();
        self.ledger.count_change(&pair, acknowledged);
        if !acknowledged {
            return;
        }
        self.ledger.likes.insert(pair, known(on));
        self.look_back(format!("/v1/posts/{post}"), "/viewer/liked", on).await;
    }

    /// Bookmarks any shared post, or removes the bookmark.
    pub(super) async fn bookmark(&mut self) {
        let Some(post) = self.board.any(&mut self.chance) else { return };
        let pair = (self.user.id.clone(), post.clone());
        let on = self.ledger.bookmarks.get(&pair) != Some(&Switch::On);
        self.ledger.bookmarks.insert(pair.clone(), Switch::InDoubt);
        let call = switch(format!("/v1/posts/{post}/bookmark"), on).by(&self.user);
        if self.write(&call).await.is_none() {
            return;
        }
        self.ledger.bookmarks.insert(pair, known(on));
        self.look_back(format!("/v1/posts/{post}"), "/viewer/bookmarked", on).await;
    }

    /// Follows any user, or stops following.
    pub(super) async fn follow(&mut self) {
        let somebody = self.anybody();
        if somebody == self.user.id {
            return;
        }
        let pair = (self.user.id.clone(), somebody.clone());
        let on = self.ledger.follows.get(&pair) != Some(&Switch::On);
        self.ledger.follows.insert(pair.clone(), Switch::InDoubt);
        let call = switch(format!("/v1/users/{somebody}/follow"), on).by(&self.user);
        let acknowledged = self.write(&call).await.is_some();
        self.ledger.count_change(&pair, acknowledged);
        if !acknowledged {
            return;
        }
        self.ledger.follows.insert(pair, known(on));
        self.look_back(format!("/v1/users/{somebody}"), "/viewer/following", on).await;
    }

    /// Reads an own new resource back at once.
    async fn read_back(&mut self, path: String, pointer: &str, expected: &Value) {
        self.read(Call::get(path).by(&self.user), |reply| holds(reply, pointer, expected)).await;
    }

    /// Reads an existing resource back at once after changing it.
    async fn look_back(&mut self, path: String, pointer: &str, expected: bool) {
        let judge_it = |reply: &Reply| match is_there(reply) {
            Outcome::Good => holds(reply, pointer, &json!(expected)),
            missing => missing,
        };
        self.read(Call::get(path).by(&self.user), judge_it).await;
    }

    /// A unique marker, and a content that starts with it.
    fn something_to_say(&mut self) -> (String, String) {
        self.said += 1;
        let marker = format!("{}-{}", self.name, self.said);
        let content = format!("{marker} by {}", self.user.username);
        (marker, content)
    }

    fn any_kept(&mut self) -> Option<String> {
        if self.kept.is_empty() {
            return None;
        }
        let index = self.chance.random_range(0..self.kept.len());
        self.kept.get(index).cloned()
    }

    /// Adds a key. Users that send everything once omit it in every other request.
    fn keyed(&self, call: Call, marker: &str) -> Call {
        match self.manner {
            Manner::OnceOnly if self.said.is_multiple_of(2) => call,
            _ => call.key(marker),
        }
    }
}

fn switch(path: String, on: bool) -> Call {
    if on { Call::put(path) } else { Call::delete(path) }
}

fn known(on: bool) -> Switch {
    if on { Switch::On } else { Switch::Off }
}

/// Whether the response contains the value that was just written.
fn holds(reply: &Reply, pointer: &str, expected: &Value) -> Outcome {
    match reply.at(pointer) {
        found if found == expected => Outcome::Good,
        found => Outcome::Stale(format!("{pointer} is {found}, not {expected} (answered {})", reply.status)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use reqwest::header::HeaderMap;

    use super::*;

    fn reply(status: u16, body: Value) -> Reply {
        let now = Instant::now();
        Reply { status, headers: HeaderMap::new(), body, sent: now, received: now }
    }

    #[test]
    fn distinguishes_a_stale_own_write_from_a_missing_resource() {
        let content = json!("hello");
        assert_eq!(holds(&reply(200, json!({ "content": "hello" })), "/content", &content), Outcome::Good);
        assert!(matches!(holds(&reply(200, json!({ "content": "hullo" })), "/content", &content), Outcome::Stale(_)));
        assert!(matches!(holds(&reply(404, Value::Null), "/content", &content), Outcome::Stale(_)));
        assert_eq!(is_there(&reply(404, Value::Null)), Outcome::Missing);
        assert_eq!(is_there(&reply(200, Value::Null)), Outcome::Good);
    }
}
