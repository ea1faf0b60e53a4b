//! The requests of each workload.

use std::fmt::Write as _;

use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom as _;

use crate::workloads::What;
use crate::world::World;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// Names and values, without the headers of every request.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body.
    pub body: Option<String>,
    /// Requests that are pipelined right after it.
    pub followed_by: Vec<Self>,
}

impl Request {
    fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: None, followed_by: Vec::new() }
    }

    /// A `GET` without a body.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// A `POST` with a JSON body.
    pub fn post(path: impl Into<String>, body: impl Into<String>) -> Self {
        let mut request = Self::new("POST", path).with("Content-Type", "application/json");
        request.body = Some(body.into());
        request
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds an access token.
    #[must_use]
    pub fn by(self, token: &str) -> Self {
        self.with("Authorization", format!("Bearer {token}"))
    }

    /// The bytes to send.
    pub fn on_the_wire(&self, host: &str) -> String {
        let mut text = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            // Writing to a string cannot fail.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        if let Some(body) = &self.body {
            let _ = write!(text, "Content-Length: {}\r\n", body.len());
        }
        text.push_str("\r\n");
        text.push_str(self.body.as_deref().unwrap_or_default());
        self.followed_by.iter().for_each(|next| text.push_str(&next.on_the_wire(host)));
        text
    }
}

/// Contents of usual length.
const THOUGHT: &str =
    r#"{"content":"A thought that is about as long as most thoughts are, so that the rows have their usual size."}"#;
const REMARK: &str = r#"{"content":"A remark of the usual length, which is not long at all."}"#;

/// The requests of `what`, which are sent repeatedly in this order.
pub fn of(what: What, world: &World) -> Vec<Request> {
    let readers = world.readers.iter();
    let writers = || world.writers.iter().enumerate();
    match what {
        What::PublicFeed => vec![Request::get("/v1/posts")],
        What::SignedInFeed => readers.map(|reader| Request::get("/v1/posts").by(&reader.token)).collect(),
        What::DeepFeed => vec![Request::get(format!("/v1/posts?cursor={}", world.deep.cursor))],
        What::Post => vec![Request::get(format!("/v1/posts/{}", world.post))],
        What::Posts => world.spread().map(|post| Request::get(format!("/v1/posts/{post}"))).collect(),
        What::PostWithComments => {
            let together = of(What::Posts, world).into_iter().zip(of(What::Comments, world));
            together.map(|(post, comments)| Request { followed_by: vec![comments], ..post }).collect()
        }
        What::PostUnchanged => {
            vec![Request::get(format!("/v1/posts/{}", world.post)).with("If-None-Match", world.post_tag.as_str())]
        }
        What::Comments => world.spread().map(|post| Request::get(format!("/v1/posts/{post}/comments"))).collect(),
        What::UserByName => vec![Request::get(format!("/v1/users/@{}", world.username))],
        What::Home(followed) => {
            let follower = world.followers.iter().find(|(count, _)| *count == followed);
            follower.map(|(_, user)| Request::get("/v1/feed").by(&user.token)).into_iter().collect()
        }
        What::Publish => writers().map(|(_, writer)| Request::post("/v1/posts", THOUGHT).by(&writer.token)).collect(),
        What::Comment { posts } => writers()
            .map(|(number, writer)| {
                let path = format!("/v1/posts/{}/comments", world.open_posts[number % posts]);
                Request::post(path, REMARK).by(&writer.token)
            })
            .collect(),
        What::Like { posts } => ["PUT", "DELETE"]
            .into_iter()
            .flat_map(|method| {
                writers().map(move |(number, writer)| {
                    let path = format!("/v1/posts/{}/like", world.open_posts[number % posts]);
                    Request::new(method, path).by(&writer.token)
                })
            })
            .collect(),
        What::Mixed => mixed(world),
    }
}

/// A thousand requests, shuffled in the same way in every run.
fn mixed(world: &World) -> Vec<Request> {
    let take = |what, count| of(what, world).into_iter().cycle().take(count);
    let posts = world.spread().cycle().take(100).map(|post| Request::get(format!("/v1/posts/{post}")));
    // Users who like a post also remove the like, so that every request changes something.
    let (put, delete) = (take(What::Like { posts: 1000 }, 8), of(What::Like { posts: 1000 }, world));
    let likes = put.chain(delete.into_iter().skip(world.writers.len()).take(7));
    let mut requests: Vec<_> = take(What::PublicFeed, 400)
        .chain(take(What::SignedInFeed, 300))
        .chain(take(What::Home(200), 100))
        .chain(posts)
        .chain(take(What::UserByName, 50))
        .chain(take(What::Publish, 20))
        .chain(take(What::Comment { posts: 1000 }, 15))
        .chain(likes)
        .collect();
    requests.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(42));
    requests
}

/// The input file of the load generator.
pub fn file(requests: &[Request], host: &str) -> String {
    let mut text = String::new();
    for request in requests {
        let wire = request.on_the_wire(host);
        // Writing to a string cannot fail.
        let _ = write!(text, "{}\n{wire}", wire.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_serialised_as_http() {
        let request = Request::post("/v1/posts", "{\"é\":1}").by("t");
        let expected = "POST /v1/posts HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/json\r\n\
                        Authorization: Bearer t\r\nContent-Length: 8\r\n\r\n{\"é\":1}";
        assert_eq!(request.on_the_wire("h:1"), expected);
    }

    #[test]
    fn pipelined_requests_are_one_piece() {
        let pair = Request { followed_by: vec![Request::get("/b")], ..Request::get("/a") };
        assert_eq!(pair.on_the_wire("h"), "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n");
    }

    #[test]
    fn the_file_contains_the_length_of_each_request() {
        let file = file(&[Request::get("/a"), Request::get("/bc")], "h");
        let one = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
        let two = "GET /bc HTTP/1.1\r\nHost: h\r\n\r\n";
        assert_eq!(file, format!("{}\n{one}{}\n{two}", one.len(), two.len()));
    }
}
