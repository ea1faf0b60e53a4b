//! The rights of an instance in Redis, from the rules in deploy/redis/users.acl.
//!
//! Every test of the adapter runs as a user with these rights. A command without a rule fails.

use std::sync::OnceLock;

use redis::{ConnectionAddr, IntoConnectionInfo as _};
use redis_adapters::{Redis, RedisOptions};

use crate::scene::Scene;

const FILE: &str = include_str!("../../../../../deploy/redis/users.acl");

/// The name and the password of the user with these rules in tests.
const USER: &str = "thoughts_test";

/// The address of the Redis at `url` for a user with the rights of an instance, on keys of tests.
pub(crate) fn confined(url: &str) -> String {
    static MADE: OnceLock<()> = OnceLock::new();
    MADE.get_or_init(|| make(url));
    let info = url.into_connection_info().unwrap();
    let ConnectionAddr::Tcp(host, port) = info.addr() else {
        panic!("these tests need a Redis without TLS");
    };
    format!("redis://{USER}:{USER}@{host}:{port}/{}", info.redis_settings().db())
}

fn make(url: &str) {
    let mut connection = redis::Client::open(url).unwrap().get_connection().unwrap();
    let mut command = redis::cmd("ACL");
    command.arg("SETUSER").arg(USER).arg("reset").arg(format!(">{USER}"));
    for rule in of_user("thoughts") {
        match rule {
            // The password in the file.
            rule if rule.starts_with('@') => {}
            // Redis before 7.2 does not have it, and the driver does not need it.
            "+client|setinfo" => {}
            "~thoughts:*" => {
                command.arg("~thoughts_test_*");
            }
            rule => {
                command.arg(rule);
            }
        }
    }
    let () = command.query(&mut connection).unwrap();
}

/// The rules of a user, which may span several lines.
fn of_user(name: &str) -> Vec<&'static str> {
    let text: Vec<&str> = FILE.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect();
    let users = text.split(|word| *word == "user");
    let rules = users.filter_map(<[_]>::split_first).find_map(|(user, rules)| (*user == name).then_some(rules));
    rules.expect("the file has the user").to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn are_tried_one_by_one() {
    const SCRIPT: &str = include_str!("../../src/scripts/try_rights.lua");
    // Commands outside of the script: of the connection, of calling scripts, and those that `try_rights` sends
    // separately.
    let beside = ["client|setinfo", "select", "ping", "evalsha", "script|load", "xread", "info"];
    for command in of_user("thoughts").iter().filter_map(|rule| rule.strip_prefix('+')) {
        let is_tried = SCRIPT.contains(&format!("redis.call('{}'", command.to_ascii_uppercase()));
        assert!(is_tried || beside.contains(&command), "{command}");
    }
    let scene = Scene::new();
    scene.redis().try_rights().await.unwrap();
    let left = scene.as_adapter(&["GET", &scene.key("check")]).await.unwrap();
    assert_eq!(left, redis::Value::Nil);

    // As if the rules were for another prefix.
    let url = confined(&std::env::var("TEST_REDIS_URL").unwrap());
    let options = RedisOptions { prefix: "other:".to_owned(), ..scene.options() };
    let error = Redis::connect(&url, options).unwrap().try_rights().await.unwrap_err();
    let said = std::error::Error::source(&error).unwrap().to_string();
    assert!(said.to_lowercase().contains("perm") || said.contains("access"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn allow_no_more_than_the_adapter_needs() {
    let scene = Scene::new();
    let mine = scene.key("value:x");
    scene.as_adapter(&["GET", &mine]).await.unwrap();
    let refused: [&[&str]; 9] = [
        &["GET", "thoughts:journal"],
        &["SET", "other", "1"],
        &["UNLINK", &mine],
        &["KEYS", "*"],
        &["FLUSHDB"],
        &["CONFIG", "GET", "*"],
        &["ACL", "LIST"],
        &["EVAL", "return 1", "0"],
        &["PUBLISH", &mine, "x"],
    ];
    for command in refused {
        let error = scene.as_adapter(command).await.unwrap_err();
        assert_eq!(error.code(), Some("NOPERM"), "{command:?}: {error}");
    }
}
