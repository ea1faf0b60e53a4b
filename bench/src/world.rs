//! The data: reading and writing users, posts and follows.

use std::path::Path;
use std::time::Duration;

use accounts::ports::AccessTokens as _;
use anyhow::{Context as _, Result};
use chrono::DateTime;
use domain::{Clock as _, Cuid, Cursor, PostId, Principal, Timestamp, UserId};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use security::{JwtAccessTokens, SigningKeys};
use serde_json::Value;
use system::SystemClock;
use tokio::process::Command;

use crate::request::Request;
use crate::tools::{answer, output};

/// Number of accounts that the seed creates; as many more accounts write.
const PEOPLE: usize = 1000;

/// Lifetime of access tokens, longer than any measurement.
const TOKEN_LIFE: Duration = Duration::from_hours(12);

/// Number of concurrent follow requests.
const AT_ONCE: usize = 16;

/// An account with an access token.
#[derive(Debug, Clone)]
pub struct Account {
    /// Id of the account.
    pub id: UserId,
    /// Access token, valid for longer than a run.
    pub token: String,
}

/// A page far down the public feed.
#[derive(Debug, Clone)]
pub struct Deep {
    /// The cursor for clients.
    pub cursor: String,
    /// The position for repositories.
    pub position: Cursor,
}

/// The data that requests refer to.
#[derive(Debug)]
pub struct World {
    /// Accounts that read.
    pub readers: Vec<Account>,
    /// Accounts that write.
    pub writers: Vec<Account>,
    /// Posts from the newest to the deep page.
    pub posts: Vec<PostId>,
    /// A page in the middle of the public feed.
    pub deep: Deep,
    /// The post that single reads request.
    pub post: PostId,
    /// The entity tag of that post.
    pub post_tag: String,
    /// The user name that reads request.
    pub username: String,
    /// Accounts that read their home timeline, by number of followed users.
    pub followers: Vec<(usize, Account)>,
    /// Posts that are commented on and liked.
    pub open_posts: Vec<String>,
}

/// Fills an empty database with `posts` posts by running the seed tool.
///
/// # Errors
/// If the tool fails.
pub async fn seed(tool: &Path, database_url: &str, posts: usize) -> Result<()> {
    let numbers = [
        ("--users", PEOPLE),
        ("--posts", posts),
        ("--comments", posts * 3),
        ("--follows", 50_000),
        ("--likes", posts * 2),
    ];
    let tool = std::fs::canonicalize(tool).with_context(|| format!("no seed tool at {}", tool.display()))?;
    let mut command = Command::new(tool);
    command.args(numbers.iter().flat_map(|(name, number)| [(*name).to_owned(), number.to_string()]));
    command.current_dir(std::env::temp_dir()).env("DATABASE_URL", database_url);
    output(&mut command, Duration::from_mins(20)).await?;
    Ok(())
}

/// A client that knows the server's signing key and can act as any user.
pub struct Caller {
    http: reqwest::Client,
    host: String,
    tokens: JwtAccessTokens,
}

impl Caller {
    /// A client of the server at `host`.
    ///
    /// # Errors
    /// If the key is invalid.
    pub fn new(host: &str, signing_key: &str) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        let tokens = JwtAccessTokens::new(&SigningKeys::parse(signing_key)?);
        Ok(Self { http, host: host.to_owned(), tokens })
    }

    /// The server's response to `request`.
    ///
    /// # Errors
    /// If there is no response, or an error status.
    pub async fn ask(&self, request: &Request) -> Result<answer::Answer> {
        answer::to(&self.http, &self.host, request).await
    }

    fn account(&self, id: &str) -> Result<Account> {
        // `people.sql` creates a session for every user, with the user's id.
        let id = UserId::parse(id)?;
        let principal = Principal { user_id: id, session_id: id.cuid().into() };
        self.sign(principal)
    }

    fn sign(&self, principal: Principal) -> Result<Account> {
        let now = SystemClock.now();
        Ok(Account { id: principal.user_id, token: self.tokens.sign(&principal, now, now.after(TOKEN_LIFE))? })
    }

    /// Reads pages at `path` until there are `most` items. Returns them and the cursor of the next page.
    async fn walk(&self, path: &str, most: usize) -> Result<(Vec<Value>, Option<String>)> {
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        while items.len() < most {
            let after = cursor.as_deref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let mut page = self.ask(&Request::get(format!("{path}?limit=100{after}"))).await?.json()?;
            if let Value::Array(found) = page["items"].take() {
                items.extend(found);
            }
            cursor = page["next_cursor"].as_str().map(ToOwned::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        Ok((items, cursor))
    }

    /// Signs up a user who follows the first `count` of `others`.
    async fn follower(&self, count: usize, others: &[Account]) -> Result<Account> {
        let body = format!(r#"{{"username":"follows_{count}","password":"a long enough password"}}"#);
        self.ask(&Request::post("/v1/users", body)).await?;
        let body = format!(r#"{{"username":"follows_{count}","password":"a long enough password"}}"#);
        let answer = self.ask(&Request::post("/v1/sessions", body)).await?.json()?;
        // A token for the session of the log-in that lives longer than the issued one.
        let proved = self.tokens.verify(text(&answer, "access_token")?, SystemClock.now());
        let account = self.sign(proved.context("the access token of the log-in is invalid")?)?;
        let follows = others.iter().take(count).map(|other| {
            let request = Request { method: "PUT", ..Request::get(format!("/v1/users/{}/follow", other.id)) };
            let request = request.by(&account.token);
            async move { self.ask(&request).await }
        });
        stream::iter(follows).buffer_unordered(AT_ONCE).try_for_each(|_| async { Ok(()) }).await?;
        Ok(account)
    }

    /// Explores the data up to the middle of the public feed. For each number in `followed`, it signs up a user who
    /// follows that many others.
    ///
    /// # Errors
    /// If the server rejects a request.
    pub async fn explore(&self, posts: usize, followed: &[usize]) -> Result<World> {
        let (people, _) = self.walk("/v1/users", usize::MAX).await?;
        let (mut readers, mut writers, mut username) = (Vec::new(), Vec::new(), String::new());
        for person in &people {
            let account = self.account(text(person, "id")?)?;
            let name = text(person, "username")?;
            if name.starts_with("bench_") {
                writers.push(account);
            } else {
                name.clone_into(&mut username);
                readers.push(account);
            }
        }
        let mut followers = Vec::with_capacity(followed.len());
        for count in followed {
            followers.push((*count, self.follower(*count, &readers).await?));
        }
        let (items, cursor) = self.walk("/v1/posts", posts / 2).await?;
        let last = items.last().context("there are no posts")?;
        let position = Cursor { at: time(text(last, "created_at")?)?, id: Cuid::parse(text(last, "id")?)? };
        let deep = Deep { cursor: cursor.context("there are too few posts")?, position };
        let posts: Vec<_> = items.iter().map(|item| Ok(PostId::parse(text(item, "id")?)?)).collect::<Result<_>>()?;
        let post = posts[posts.len() / 3];
        let answer = self.ask(&Request::get(format!("/v1/posts/{post}"))).await?;
        let post_tag = answer.header("etag").context("a post without an entity tag")?.to_owned();
        let open_posts = (0..writers.len()).map(|number| format!("benchpost{number:015}")).collect();
        Ok(World { readers, writers, posts, deep, post, post_tag, username, followers, open_posts })
    }
}

impl World {
    /// At most a thousand posts, evenly spread over the feed.
    pub fn spread(&self) -> impl Iterator<Item = PostId> + Clone {
        self.posts.iter().step_by((self.posts.len() / PEOPLE).max(1)).take(PEOPLE).copied()
    }

    /// The posts of the public feed's first page.
    pub fn first_page(&self) -> &[PostId] {
        &self.posts[..self.posts.len().min(20)]
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name].as_str().with_context(|| format!("no {name} in {value}"))
}

/// Reads a time as the API writes it.
fn time(text: &str) -> Result<Timestamp> {
    Ok(Timestamp::from_micros(DateTime::parse_from_rfc3339(text)?.timestamp_micros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_to_the_microsecond() {
        assert_eq!(time("1970-01-01T00:00:01.000002Z").unwrap(), Timestamp::from_micros(1_000_002));
    }
}
