//! Rules of texts, end to end. The rules themselves are tested in `domain`.

use serde_json::{Value, json};
use testkit::app::{PASSWORD, TestApp};
use testkit::on_both_databases;
use testkit::operations::entries;

use crate::fixtures::{Scene, calls};

on_both_databases![
    invisible_text_is_rejected,
    a_name_has_one_line_and_closes_its_directions,
    visible_text_is_stored_as_written,
];

async fn invisible_text_is_rejected(app: TestApp) {
    let scene = Scene::new(&app).await;
    for blank in
        ["\u{200b}", "\u{200e}", "\u{2060}", "\u{3164}", "\u{2800}", "\u{feff}", "\u{ad}", "\u{2063}\u{e0020} \u{180e}"]
    {
        let said = json!({ "content": blank });
        for operation in calls(|operation| operation.takes_field("content")) {
            let answer = scene.request(&app, &operation).json(said.clone()).expect(422).await;
            assert_eq!(answer.field_errors(), ["content: blank"], "{operation} {}", blank.escape_unicode());
        }
        let bodies = [
            ("editMe", json!({ "display_name": blank })),
            ("signUp", json!({ "username": "bob", "password": PASSWORD, "display_name": blank })),
        ];
        let operations = calls(|operation| operation.takes_field("display_name"));
        for (operation, body) in entries(operations, bodies, "a body with a blank name") {
            let answer = scene.request(&app, &operation).json(body).expect(422).await;
            assert_eq!(answer.field_errors(), ["display_name: blank"], "{operation} {}", blank.escape_unicode());
        }
    }
}

async fn a_name_has_one_line_and_closes_its_directions(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let cases = [
        ("a\u{2028}b", "display_name: line_break"),
        ("a\u{2029}b", "display_name: line_break"),
        ("a\u{202e}b", "display_name: unclosed_direction"),
        ("a\u{2066}b", "display_name: unclosed_direction"),
        ("a\u{2069}b", "display_name: unclosed_direction"),
    ];
    for (name, error) in cases {
        let answer = ada.patch("/v1/users/me").json(json!({ "display_name": name })).expect(422).await;
        assert_eq!(answer.field_errors(), [error], "{}", name.escape_unicode());
    }
    let closed = "Ada \u{2067}שלום\u{2069}";
    let answer = ada.patch("/v1/users/me").json(json!({ "display_name": closed })).expect(200).await;
    assert_eq!(answer["display_name"], closed);
}

async fn visible_text_is_stored_as_written(app: TestApp) {
    let ada = app.sign_up("ada").await;
    for content in ["👩\u{200d}👧 ❤\u{fe0f}", "می\u{200c}خواهم", "one\u{2028}two", "\u{301}", "\u{6dd}"] {
        let post = ada.post("/v1/posts").json(json!({ "content": content })).expect(201).await;
        let found = app.get(post.header("location")).expect(200).await;
        assert_eq!([&post["content"], &found["content"]], [&Value::from(content); 2]);
    }
    let open = ada.post("/v1/posts").json(json!({ "content": "a\u{202e}b\nc\u{2069}" })).expect(201).await;
    assert_eq!(open["content"], "a\u{202e}b\u{202c}\nc");
}
