//! `POST /v1/users`.

use serde_json::{Value, json};
use testkit::app::{PASSWORD, TestApp, TestUser};
use testkit::on_both_databases;

on_both_databases![
    makes_an_account,
    folds_letter_case_and_gives_a_name_once,
    stores_and_counts_text_as_nfc,
    accepts_values_at_the_bounds,
    names_the_error_of_each_field,
    lists_all_errors_at_once,
];

async fn makes_an_account(app: TestApp) {
    let body = json!({ "username": "ada", "password": PASSWORD, "display_name": "Ada Lovelace", "bio": "One\n\tTwo" });
    let made = app.post("/v1/users").json(body).expect(201).await;

    assert_eq!(made.header("location"), format!("/v1/users/{}", made.id()));
    let found = app.get(made.header("location")).expect(200).await;
    assert_eq!(found.json, made.json);
    assert_eq!(found.header("etag"), made.header("etag"));
    let mut rest = made.json.clone();
    for changing in ["id", "created_at"] {
        assert!(rest.as_object_mut().unwrap().remove(changing).is_some());
    }
    let counts = json!({ "post_count": 0, "follower_count": 0, "following_count": 0 });
    let mut expected = json!({ "username": "ada", "display_name": "Ada Lovelace", "bio": "One\n\tTwo" });
    expected.as_object_mut().unwrap().extend(counts.as_object().unwrap().clone());
    assert_eq!(rest, expected);
    assert_time(&made["created_at"]);

    let plain = json!({ "username": "bob", "password": PASSWORD });
    let plain = app.post("/v1/users").json(plain).expect(201).await;
    assert_eq!((&plain["display_name"], &plain["bio"]), (&json!("bob"), &json!("")));
}

/// RFC 3339 in UTC with microseconds: `2026-11-22T04:16:00.123456Z`.
fn assert_time(time: &Value) {
    let shape: String = time.as_str().unwrap().chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000Z");
}

async fn folds_letter_case_and_gives_a_name_once(app: TestApp) {
    let made = app.post("/v1/users").json(json!({ "username": "Ada_9", "password": PASSWORD })).expect(201).await;
    assert_eq!(made["username"], "ada_9");
    for same in ["ada_9", "ADA_9"] {
        let again = json!({ "username": same, "password": PASSWORD });
        app.post("/v1/users").json(again).problem(409, "username_taken").await;
    }
    TestUser::log_in(app.http(), "aDa_9", PASSWORD).await;
    assert_eq!(app.database().count("users").await, 1);
}

async fn stores_and_counts_text_as_nfc(app: TestApp) {
    let (decomposed, composed) = ("e\u{301}", "\u{e9}");
    let body = json!({
        "username": "ada",
        "password": decomposed.repeat(128),
        "display_name": decomposed.repeat(50),
        "bio": decomposed.repeat(300),
    });
    let made = app.post("/v1/users").json(body).expect(201).await;
    assert_eq!(made["display_name"], composed.repeat(50));
    assert_eq!(made["bio"], composed.repeat(300));
    TestUser::log_in(app.http(), "ada", &composed.repeat(128)).await;
}

async fn accepts_values_at_the_bounds(app: TestApp) {
    let longest = format!("a{}", "_".repeat(29));
    let bodies = [
        json!({ "username": "abc", "password": "8 chars!" }),
        json!({ "username": longest, "password": "é".repeat(128) }),
        json!({ "username": "a_1", "password": PASSWORD, "display_name": "x", "bio": "" }),
        json!({ "username": "a_2", "password": PASSWORD, "display_name": "🦀".repeat(50), "bio": "é".repeat(300) }),
    ];
    for body in bodies {
        app.post("/v1/users").json(body).expect(201).await;
    }
}

async fn names_the_error_of_each_field(app: TestApp) {
    let cases = [
        ("username", json!("ab"), "too_short"),
        ("username", json!("a".repeat(31)), "too_long"),
        ("username", json!("ada lovelace"), "invalid_characters"),
        ("username", json!("añez"), "invalid_characters"),
        ("username", json!("ada\u{0}"), "invalid_characters"),
        ("username", json!("\u{212a}elvin"), "invalid_characters"),
        ("username", json!("_ada"), "invalid_first_character"),
        ("username", json!("9ada"), "invalid_first_character"),
        ("username", json!("Admin"), "reserved"),
        ("username", json!("thoughts"), "reserved"),
        ("username", json!(17), "invalid_type"),
        ("username", Value::Null, "invalid_type"),
        ("password", json!("7 chars"), "too_short"),
        ("password", json!("x".repeat(129)), "too_long"),
        ("password", json!("12345678\u{0}"), "control_character"),
        ("password", json!(["12345678"]), "invalid_type"),
        ("password", json!("password"), "too_common"),
        ("password", json!("12345678"), "too_common"),
        ("password", json!("PASSWORD "), "too_common"),
        ("password", json!(" ".repeat(8)), "blank"),
        ("password", json!("\u{200b}".repeat(8)), "blank"),
        ("password", json!("ada_lovelace"), "is_name"),
        ("password", json!("Ada Lovelace"), "is_name"),
        ("display_name", json!(""), "too_short"),
        ("display_name", json!("x".repeat(51)), "too_long"),
        ("display_name", json!(" \u{3000}"), "blank"),
        ("display_name", json!("one\ntwo"), "control_character"),
        ("display_name", Value::Null, "invalid_type"),
        ("bio", json!("x".repeat(301)), "too_long"),
        ("bio", json!("\u{7}"), "control_character"),
        ("bio", json!({}), "invalid_type"),
        ("admin", json!(true), "unknown_field"),
    ];
    for (field, value, code) in cases {
        let mut body = json!({ "username": "ada_lovelace", "display_name": "Ada Lovelace", "password": PASSWORD });
        body[field] = value;
        let answer = app.post("/v1/users").json(body.clone()).expect(422).await;
        assert_eq!(answer.field_errors(), [format!("{field}: {code}")], "{body}");
        assert_eq!(answer["code"], if code == "unknown_field" { code } else { "validation_failed" });
    }
    for missing in ["username", "password"] {
        let mut body = json!({ "username": "ada", "password": PASSWORD });
        body.as_object_mut().unwrap().remove(missing);
        let answer = app.post("/v1/users").json(body).problem(422, "validation_failed").await;
        assert_eq!(answer.field_errors(), [format!("{missing}: required")]);
    }
    assert_eq!(app.database().count("users").await, 0);
}

async fn lists_all_errors_at_once(app: TestApp) {
    let body = json!({ "username": "1ada", "display_name": "", "bio": "\u{7f}" });
    let answer = app.post("/v1/users").json(body).problem(422, "validation_failed").await;
    let mut errors = answer.field_errors();
    errors.sort();
    let expected = [
        "bio: control_character",
        "display_name: too_short",
        "password: required",
        "username: invalid_first_character",
    ];
    assert_eq!(errors, expected);
}
