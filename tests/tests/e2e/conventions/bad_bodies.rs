//! Malformed bodies. None of them may cause a 5xx.

use serde_json::json;
use testkit::app::{TestApp, TestRequest, TestUser};
use testkit::on_both_databases;
use testkit::operations::Operation;

use crate::fixtures::{self, Scene};

on_both_databases![
    bytes_that_are_not_json_are_malformed,
    json_that_is_not_text_is_malformed,
    json_of_another_shape_is_invalid,
    every_invalid_field_is_listed,
    other_content_types_are_rejected,
    the_server_survives_deep_nesting,
];

/// Every call that takes a body, by the owner of its resource if it needs a token, and a user.
async fn calls(app: &TestApp) -> (TestUser, Vec<TestRequest>) {
    let scene = Scene::new(app).await;
    let operations = fixtures::calls(Operation::takes_body);
    let calls = operations.iter().map(|operation| scene.request(app, operation)).collect();
    (scene.author, calls)
}

async fn bytes_that_are_not_json_are_malformed(app: TestApp) {
    let deep = "[".repeat(60_000);
    let deep_objects = "{\"content\":".repeat(5_900);
    let deep_in_place = format!("{{\"content\":{}", "[".repeat(60_000));
    let bodies: [&[u8]; 23] = [
        b"",
        b" ",
        b"{",
        b"}",
        b"{]",
        b"nul",
        b"{\"content\"}",
        b"{\"content\":}",
        b"{\"content\": \"x\"",
        b"{\"content\": \"x\",}",
        b"{'content': 'x'}",
        b"{content: \"x\"}",
        b"{\"content\": \"x\"} {}",
        b"{\"content\": \"x\"}x",
        b"{\"content\": \"\\x\"}",
        b"{\"content\": \"raw \n newline\"}",
        b"{\"content\": \"\x00\"}",
        b"{\"content\": \"\xff\"}",
        b"\xef\xbb\xbf{\"content\": \"byte order mark\"}",
        b"{\"content\": NaN}",
        deep.as_bytes(),
        deep_objects.as_bytes(),
        deep_in_place.as_bytes(),
    ];
    let (_, calls) = calls(&app).await;
    for call in calls {
        for body in bodies {
            let answer = call.clone().body("application/json", body).send().await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]);
            assert_eq!((answer.status, &answer["code"]), (400, &json!("malformed_body")), "{} {shown}", answer.request);
        }
    }
}

/// JSON's grammar allows lone surrogates and numbers of any size.
async fn json_that_is_not_text_is_malformed(app: TestApp) {
    let ada = app.sign_up("ada").await;
    for value in [r#""\ud800""#, r#""\udc00\ud800""#, r#""a\udfffb""#, "1e999", "-1e999"] {
        let body = |field: &str| format!("{{\"{field}\": {value}}}");
        ada.post("/v1/posts").body("application/json", body("content")).problem(400, "malformed_body").await;
        app.post("/v1/sessions").body("application/json", body("username")).problem(400, "malformed_body").await;
        // The value of an unknown field is skipped.
        let unknown = ada.post("/v1/posts").body("application/json", body("contents")).send().await;
        assert!([400, 422].contains(&unknown.status), "{}", unknown.text());
    }
}

async fn json_of_another_shape_is_invalid(app: TestApp) {
    let deep = format!("{{\"content\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    let deep_in_place = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let long_number = format!("{{\"content\": {}}}", "9".repeat(300));
    let long_key = format!("{{\"{}\": 1}}", "k".repeat(60_000));
    let many = format!("[{}0]", "0,".repeat(30_000));
    let bodies = [
        "[]",
        "[\"x\"]",
        "[{}]",
        "\"content\"",
        "5",
        "1e300",
        "true",
        "null",
        "{\"content\": 5}",
        "{\"content\": -1e300}",
        "{\"content\": 123456789012345678901234567890}",
        "{\"content\": {\"content\": \"x\"}}",
        "{\"content\": [[[[[[[[]]]]]]]]}",
        "{\"content\": null}",
        "{\"content\": false}",
        "{\"__proto__\": {}}",
        "{\"\": \"\"}",
        "{\"\\u0000\": 1}",
        "{\"Content\": \"x\"}",
        "{\"a\\\"`b\": 1}",
        &deep,
        &deep_in_place,
        &long_number,
        &long_key,
        &many,
    ];
    let (_, calls) = calls(&app).await;
    for call in calls {
        for body in bodies {
            let answer = call.clone().body("application/json", body).send().await;
            // For a call without that field, the error is `unknown_field`.
            let expected = ["validation_failed", "unknown_field"].contains(&answer["code"].as_str().unwrap());
            assert!(answer.status == 422 && expected, "{} {body:.40}: {}", answer.request, answer.text());
            assert!(!answer.field_errors().is_empty());
        }
    }
    let ada = app.sign_up("bob").await;
    let twice = ada.post("/v1/posts").body("application/json", r#"{"content": "x", "content": "y"}"#).expect(422).await;
    assert_eq!(twice.field_errors(), ["content: duplicate_field"]);
    let unknown = ada.post("/v1/posts").json(json!({ "content": "x", "contents": 1 })).problem(422, "unknown_field");
    assert_eq!(unknown.await.field_errors(), ["contents: unknown_field"]);
}

async fn every_invalid_field_is_listed(app: TestApp) {
    let sign_up = json!({ "nick": 1, "username": 5, "password": "short", "bio": [], "display_name": "", "born": {} });
    let answer = app.post("/v1/users").json(sign_up).problem(422, "validation_failed").await;
    let expected = [
        "bio: invalid_type",
        "born: unknown_field",
        "display_name: too_short",
        "nick: unknown_field",
        "password: too_short",
        "username: invalid_type",
    ];
    assert_eq!(answer.field_errors(), expected);

    let ada = app.sign_up("ada").await;
    let body = r#"{"contents": 1, "content": 5, "content": "x", "parent_id": "none"}"#;
    let post = ada.publish("hello").await;
    let comment = ada.post(&format!("/v1/posts/{post}/comments")).body("application/json", body).expect(422).await;
    let expected =
        ["content: duplicate_field", "content: invalid_type", "contents: unknown_field", "parent_id: invalid_id"];
    assert_eq!(comment.field_errors(), expected);

    let log_in = app.post("/v1/sessions").json(json!({ "user": "ada", "name": "ada", "password": 1 }));
    let expected = ["name: unknown_field", "password: invalid_type", "user: unknown_field", "username: required"];
    assert_eq!(log_in.problem(422, "validation_failed").await.field_errors(), expected);
    let unknown =
        ada.post("/v1/posts").json(json!({ "content": "x", "a": 1, "b": 2 })).problem(422, "unknown_field").await;
    assert_eq!(unknown.field_errors(), ["a: unknown_field", "b: unknown_field"]);

    // The response stays small, however many fields there are.
    let fields: Vec<String> = (0..6000).map(|number| format!("\"f{number}\":0")).collect();
    let many = ada.post("/v1/posts").body("application/json", format!("{{{}}}", fields.join(","))).expect(422).await;
    assert!(many.field_errors().len() >= 32 && many.body.len() < 8192, "{}", many.body.len());
    let query = app.get("/v1/posts?limit=0&limit=x&cursor=a&cursor=b").problem(422, "validation_failed").await;
    assert_eq!(query.field_errors(), ["cursor: duplicate_field", "limit: duplicate_field", "limit: out_of_range"]);
}

async fn other_content_types_are_rejected(app: TestApp) {
    let (ada, calls) = calls(&app).await;
    for call in calls {
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", "", "*/*"]
        {
            let answer = call.clone().body(content_type, "{}").send().await;
            assert_eq!((answer.status, &answer["code"]), (415, &json!("unsupported_media_type")), "{content_type:?}");
        }
        call.problem(415, "unsupported_media_type").await;
    }
    for content_type in ["application/json", "APPLICATION/JSON", "application/json;charset=utf-8", " application/json "]
    {
        ada.post("/v1/posts").body(content_type, r#"{"content": "x"}"#).expect(201).await;
    }
}

async fn the_server_survives_deep_nesting(app: TestApp) {
    let (ada, _) = calls(&app).await;
    // Nested deeper than a recursive parser's stack allows, but within the size limit.
    for bracket in ["[", "{\"a\":"] {
        let deep = bracket.repeat(65_000 / bracket.len());
        ada.post("/v1/posts").body("application/json", deep).problem(400, "malformed_body").await;
    }
    let deeper = "[".repeat(100_000);
    ada.post("/v1/posts").body("application/json", deeper).problem(413, "body_too_large").await;
    assert_eq!(app.get("/health/ready").expect(200).await["status"], "ready");
    ada.publish("still here").await;
    app.database().assert_counters_exact().await;
}
