//! `Authorization: Bearer`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use testkit::app::{AppOptions, SIGNING_KEY, TestApp, TestUser, operation};
use testkit::operations::Operation;
use testkit::{TestDatabase, on_both_databases};

use crate::fixtures::{Scene, calls};

on_both_databases![
    a_missing_token_gets_401,
    a_bad_token_gets_401_on_every_call,
    a_token_is_valid_on_every_instance_until_it_expires,
    a_key_rotation_is_invisible_to_clients,
];

async fn a_missing_token_gets_401(app: TestApp) {
    let scene = Scene::new(&app).await;
    for operation in calls(Operation::needs_token) {
        let answer = app.call(&operation, &scene.path(&operation)).problem(401, "unauthenticated").await;
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"thoughts\"", "{operation}");
        assert_eq!(answer.header("cache-control"), "no-store", "{operation}");
    }
    // Without a token, the body is not validated.
    app.post("/v1/posts").json(json!({ "content": "" })).problem(401, "unauthenticated").await;
    app.post("/v1/posts").body("text/plain", "x").problem(401, "unauthenticated").await;
}

fn claims(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

fn signed(algorithm: Algorithm, key: &str, claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut changed = claims.clone();
    changed[name] = value;
    changed
}

/// Invalid `Authorization` headers, each with a description.
fn forgeries(ada: &TestUser) -> Vec<(&'static str, String)> {
    let good = &ada.access_token;
    let claims = claims(good);
    let (unsigned, _) = good.rsplit_once('.').unwrap();
    let (header, rest) = good.split_once('.').unwrap();
    let none = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
    let same = |algorithm, claims: &Value| signed(algorithm, SIGNING_KEY, claims);
    let tokens = [
        ("nothing", String::new()),
        ("garbage", "garbage".to_owned()),
        ("dots", "..".to_owned()),
        ("no signature", format!("{unsigned}.")),
        ("alg none", format!("{none}.{}.", rest.split('.').next().unwrap())),
        ("alg none, signed", format!("{none}.{rest}")),
        ("another key", signed(Algorithm::HS256, "another key of at least 32 bytes!", &claims)),
        ("HS384", same(Algorithm::HS384, &claims)),
        ("HS512", same(Algorithm::HS512, &claims)),
        ("expired", same(Algorithm::HS256, &with(&claims, "exp", json!(1)))),
        ("no expiry", same(Algorithm::HS256, &with(&claims, "exp", Value::Null))),
        ("foreign audience", same(Algorithm::HS256, &with(&claims, "aud", json!("others")))),
        ("foreign issuer", same(Algorithm::HS256, &with(&claims, "iss", json!("others")))),
        ("no user", same(Algorithm::HS256, &with(&claims, "sub", json!("ada")))),
        ("no session", same(Algorithm::HS256, &with(&claims, "sid", Value::Null))),
        ("truncated", good[..good.len() - 1].to_owned()),
        ("header alone", header.to_owned()),
        ("refresh token", ada.refresh_token.clone()),
        ("huge", "x".repeat(6000)),
    ];
    let mut headers: Vec<_> = tokens.into_iter().map(|(what, token)| (what, format!("Bearer {token}"))).collect();
    headers.push(("another scheme", format!("Token {good}")));
    headers.push(("basic", "Basic YWRhOnBhc3N3b3Jk".to_owned()));
    headers.push(("no scheme", good.clone()));
    headers.push(("two tokens", format!("Bearer {good} {good}")));
    headers.push(("empty", String::new()));
    headers
}

/// Operations that issue tokens ignore the token of the request, so that a client with an expired one gets another.
const ISSUE_TOKENS: [&str; 2] = ["logIn", "refreshSession"];

async fn a_bad_token_gets_401_on_every_call(app: TestApp) {
    let scene = Scene::new(&app).await;
    let ada = scene.author.clone();
    let requests = |operation: &Operation| app.call(operation, &scene.path(operation));
    let rejecting = calls(|operation| !ISSUE_TOKENS.contains(&operation.id.as_str()));
    for (what, header) in forgeries(&ada) {
        let written = [
            app.post("/v1/posts").json(json!({ "content": "forged" })),
            app.post("/v1/users").json(json!({ "username": "bob", "password": "long enough" })),
        ];
        for request in rejecting.iter().map(requests).chain(written) {
            let answer = request.header("authorization", &header).send().await;
            assert_eq!((answer.status, &answer["code"]), (401, &json!("invalid_token")), "{what}: {}", answer.request);
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge, "Bearer realm=\"thoughts\", error=\"invalid_token\"", "{what}");
        }
        for id in ISSUE_TOKENS {
            let request = requests(&operation(id)).header("authorization", &header);
            request.problem(415, "unsupported_media_type").await;
        }
    }
    let good = format!("bearer {}", ada.access_token);
    app.get("/v1/users/me").header("authorization", good).expect(200).await;
    assert_eq!(app.database().count("posts").await, 1);
}

async fn a_token_is_valid_on_every_instance_until_it_expires(db: TestDatabase) {
    let app = TestApp::with(db, &[("ACCESS_TOKEN_TTL", "2m")]);
    let ada = app.sign_up("ada").await;
    let other = app.another();
    assert_eq!(ada.at(&other).me().await["id"], ada.id);
    let claims = claims(&ada.access_token);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("thoughts"), &json!("thoughts")));
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((120..=121).contains(&lifetime), "{lifetime}");
    let session = json!({ "username": "ada", "password": testkit::app::PASSWORD });
    assert_eq!(app.post("/v1/sessions").json(session).expect(201).await["expires_in"], 120);
}

/// As in the operations guide: all instances learn the new key, then sign with it, then forget the old one. Clients
/// do not notice.
async fn a_key_rotation_is_invisible_to_clients(db: TestDatabase) {
    const OLD: &str = "an old signing key of 32 bytes and more";
    const NEW: &str = "a new signing key of 32 bytes and more";
    let db = Arc::new(db);
    let start = |keys: &str| {
        let variables = vec![("SIGNING_KEY", keys.to_owned())];
        TestApp::start(Arc::clone(&db), AppOptions { variables, ..AppOptions::default() })
    };
    let mut app = start(OLD);
    let mut ada = app.sign_up("ada").await;
    for number in 0..8 {
        ada.publish(&format!("post {number}")).await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/posts?limit=2".to_owned();
    let steps = [format!("{OLD},{NEW}"), format!("{NEW},\n{OLD}"), NEW.to_owned()];
    for keys in steps.iter().map(Some).chain([None]) {
        let page = ada.at(&app).get(&path).expect(200).await;
        seen.extend(page.each("content").into_iter().map(ToOwned::to_owned));
        path = format!("/v1/posts?limit=2&cursor={}", page["next_cursor"].as_str().unwrap_or_default());
        let Some(keys) = keys else { continue };
        let before = std::mem::replace(&mut app, start(keys));
        // The instance of the previous step still runs, and accepts tokens that the new one signs.
        ada.at(&app).me().await;
        let body = json!({ "refresh_token": ada.refresh_token });
        let next = app.post("/v1/sessions/refresh").json(body).expect(200).await;
        ada.access_token = next.str("access_token").to_owned();
        ada.refresh_token = next.str("refresh_token").to_owned();
        ada.at(&before).me().await;
        before.stop().await;
    }
    assert_eq!(seen, ["post 7", "post 6", "post 5", "post 4", "post 3", "post 2", "post 1", "post 0"]);
    // An instance that has only the old key rejects the tokens.
    ada.at(&start(OLD)).get("/v1/users/me").problem(401, "invalid_token").await;
}
