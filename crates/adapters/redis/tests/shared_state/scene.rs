//! The fixture of every test: a separate key prefix in the Redis.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use domain::UserId;
use redis::IntoConnectionInfo as _;
use redis_adapters::{Redis, RedisOptions};

use crate::proxy::Proxy;
use crate::rules;

/// The time limit of every wait, long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A key prefix in the Redis at `TEST_REDIS_URL`, whose keys are deleted at the end. The adapter has the rights that a
/// deployment gives it.
pub(crate) struct Scene {
    /// The address for the test itself, with all rights.
    url: String,
    /// The address for the adapter, with its rights only.
    confined: String,
    prefix: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let Some(url) = std::env::var("TEST_REDIS_URL").ok().filter(|url| !url.is_empty()) else {
            panic!("this test needs Redis: run `cargo xtask test`, which provides it, or set TEST_REDIS_URL")
        };
        let confined = rules::confined(&url);
        Self { url, confined, prefix: format!("thoughts_test_{:016x}:", RandomState::new().hash_one(0)) }
    }

    /// Options with a time limit for a busy machine.
    pub(crate) fn options(&self) -> RedisOptions {
        RedisOptions {
            prefix: self.prefix.clone(),
            command_timeout: Duration::from_secs(10),
            ..RedisOptions::default()
        }
    }

    pub(crate) fn redis(&self) -> Redis {
        Redis::connect(&self.confined, self.options()).unwrap()
    }

    /// Runs a command as the adapter's user.
    pub(crate) async fn as_adapter(&self, command: &[&str]) -> redis::RedisResult<redis::Value> {
        let mut connection =
            redis::Client::open(self.confined.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
        redis::cmd(command[0]).arg(&command[1..]).query_async(&mut connection).await
    }

    /// The key `name` with the prefix of this test.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A proxy to the Redis, which can be cut.
    pub(crate) async fn proxy(&self) -> Proxy {
        let address = self.url.as_str().into_connection_info().unwrap();
        let redis::ConnectionAddr::Tcp(host, port) = address.addr() else {
            panic!("these tests need a Redis without TLS");
        };
        Proxy::to(format!("{host}:{port}")).await
    }

    /// The Redis behind the proxy, with the time limits of production.
    pub(crate) fn redis_behind(&self, proxy: &Proxy) -> Redis {
        let options = RedisOptions { prefix: self.prefix.clone(), ..RedisOptions::default() };
        self.redis_behind_with(proxy, options)
    }

    pub(crate) fn redis_behind_with(&self, proxy: &Proxy, options: RedisOptions) -> Redis {
        let address = self.url.as_str().into_connection_info().unwrap();
        let redis::ConnectionAddr::Tcp(host, port) = address.addr() else { unreachable!() };
        let url = self.confined.replacen(&format!("{host}:{port}"), &proxy.address().to_string(), 1);
        assert_ne!(url, self.confined, "the address names host and port");
        Redis::connect(&url, options).unwrap()
    }

    /// Runs a command directly, on a key of this test.
    pub(crate) async fn raw<T: redis::FromRedisValue>(&self, command: &str, key: &str, args: &[&str]) -> T {
        let mut connection =
            redis::Client::open(self.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd(command);
        command.arg(format!("{}{key}", self.prefix)).arg(args);
        command.query_async(&mut connection).await.unwrap()
    }

    /// The id of this run of Redis.
    pub(crate) async fn run_id(&self) -> String {
        let mut connection =
            redis::Client::open(self.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
        let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await.unwrap();
        info.lines().find_map(|line| line.strip_prefix("run_id:")).unwrap().trim().to_owned()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let Ok(mut connection) = redis::Client::open(self.url.as_str()).and_then(|client| client.get_connection())
        else {
            return;
        };
        let keys: Vec<String> =
            redis::cmd("KEYS").arg(format!("{}*", self.prefix)).query(&mut connection).unwrap_or_default();
        if !keys.is_empty() {
            let _: Result<(), _> = redis::cmd("UNLINK").arg(keys).query(&mut connection);
        }
    }
}

/// Waits until the condition holds; panics after [`PATIENCE`].
#[track_caller]
pub(crate) fn eventually(what: &'static str, mut is_so: impl FnMut() -> bool) -> impl Future<Output = ()> {
    eventually_async(what, move || std::future::ready(is_so()))
}

/// Like [`eventually`], with an asynchronous condition.
#[track_caller]
pub(crate) fn eventually_async<F, A>(what: &'static str, mut is_so: F) -> impl Future<Output = ()>
where
    F: FnMut() -> A,
    A: Future<Output = bool>,
{
    let here = std::panic::Location::caller();
    async move {
        let so = async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, so).await.is_ok(), "{here}: not in time: {what}");
    }
}

/// The id of a user, by number.
pub(crate) fn user(number: u32) -> UserId {
    UserId::parse(&format!("u{number:023}")).unwrap()
}
