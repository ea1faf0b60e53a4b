//! Sends random paths, queries and headers. No response may be a 5xx or miss from the OpenAPI document; the test kit
//! checks both for every response.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use testkit::app::{TestApp, operations};
use testkit::on_both_databases;

on_both_databases![is_answered_as_documented];

const ROUNDS: usize = 6;
/// Values that have broken programs before.
const ODDITIES: [&str; 16] = [
    "%00",
    "%FF",
    "%C3%28",
    "%ED%A0%80",
    "@",
    "@@",
    "..",
    "%2e%2e",
    "%2F",
    "'",
    "null",
    "-1",
    "@%00",
    "%F0%9F%A6%80",
    "*",
    "me",
];

fn word(random: &mut StdRng) -> String {
    if random.random_bool(0.5) {
        return (*ODDITIES.choose(random).unwrap()).to_owned();
    }
    let length = random.random_range(1..60);
    let bytes: Vec<String> = (0..length).map(|_| format!("%{:02X}", random.random::<u8>())).collect();
    bytes.concat()
}

async fn is_answered_as_documented(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let mut random = StdRng::seed_from_u64(7);
    for operation in operations() {
        // Erasing the account or ending the session would end the test.
        if ["eraseMe", "logOut"].contains(&operation.id.as_str()) {
            continue;
        }
        for _ in 0..ROUNDS {
            let path = operation.path.replace("{id}", &word(&mut random)).replace("{user}", &word(&mut random));
            let (limit, cursor, other) = (word(&mut random), word(&mut random), word(&mut random));
            let query = ["", "limit=", "cursor=", "limit=5&cursor=", "&&=&"].choose(&mut random).unwrap();
            let path = format!("{path}?{query}{limit}&{other}={cursor}");
            let mut request = app.call(&operation, &path);
            if operation.is_api() && random.random_bool(0.8) {
                request = request.as_user(&ada);
            }
            for header in
                ["if-match", "if-none-match", "idempotency-key", "accept-encoding", "accept", "range", "cookie"]
            {
                if random.random_bool(0.3) {
                    let value: String = (0..20).map(|_| char::from(random.random_range(b' '..=b'~'))).collect();
                    request = request.header(header, value);
                }
            }
            if random.random_bool(0.5) {
                let length = random.random_range(0..200);
                let body: Vec<u8> = (0..length).map(|_| random.random()).collect();
                request = request.body("application/json", body);
            }
            let answer = request.send().await;
            assert_ne!(answer.status, 503, "{}", answer.request);
        }
    }
    ada.me().await;
    app.database().assert_counters_exact().await;
}
