//! `GET /v1/users` and `GET /v1/users/{user}`.

use serde_json::{Value, json};
use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![
    are_listed_newest_first,
    are_found_by_id_and_by_name_in_any_case,
    unknown_names_are_not_found,
    show_a_signed_in_reader_the_relationship,
];

async fn are_listed_newest_first(app: TestApp) {
    let [ada, _, _] = app.sign_up_all(["ada", "bob", "cyd"]).await;
    let list = app.get("/v1/users").expect(200).await;
    assert_eq!(list.each("username"), ["cyd", "bob", "ada"]);
    assert_eq!(list["next_cursor"], Value::Null);
    assert_eq!(list["items"][0]["viewer"], Value::Null);
    let seen = ada.get("/v1/users").expect(200).await;
    assert_eq!(seen["items"][1]["viewer"], json!({ "following": false, "followed_by": false }));
}

async fn are_found_by_id_and_by_name_in_any_case(app: TestApp) {
    let ada = app.sign_up("ada_1").await;
    for name in [ada.id.as_str(), "@ada_1", "@ADA_1", "%40Ada_1"] {
        let found = app.get(&format!("/v1/users/{name}")).expect(200).await;
        assert_eq!(found["id"], ada.id, "{name}");
    }
    app.get("/v1/users/@Ada_1/posts").expect(200).await;
    app.get("/v1/users/@Ada_1/followers").expect(200).await;
    app.get("/v1/users/@Ada_1/following").expect(200).await;
}

async fn unknown_names_are_not_found(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let almost = ada.id.to_uppercase();
    for name in ["ada", "@bob", "@", "@a", "tz4a98xxat96iws9zmbrgj3a", &almost, "%00", "%FF", "@ada%00", "1 or 1=1"] {
        for rest in ["", "/posts", "/followers", "/following"] {
            let path = format!("/v1/users/{}{rest}", name.replace(' ', "%20"));
            app.get(&path).problem(404, "not_found").await;
        }
    }
}

async fn show_a_signed_in_reader_the_relationship(app: TestApp) {
    let [ada, bob, cyd] = app.sign_up_all(["ada", "bob", "cyd"]).await;
    ada.follow(&bob).await;
    cyd.follow(&ada).await;
    ada.follow(&cyd).await;
    let cases = [
        (&ada, &bob, json!({ "following": true, "followed_by": false })),
        (&bob, &ada, json!({ "following": false, "followed_by": true })),
        (&ada, &cyd, json!({ "following": true, "followed_by": true })),
        (&bob, &cyd, json!({ "following": false, "followed_by": false })),
        (&ada, &ada, json!({ "following": false, "followed_by": false })),
    ];
    for (reader, user, expected) in cases {
        let seen = reader.get(&format!("/v1/users/{}", user.id)).expect(200).await;
        assert_eq!(seen["viewer"], expected, "{} sees {}", reader.username, user.username);
        let list = reader.get("/v1/users").expect(200).await;
        let listed = list.items().iter().find(|item| item["id"] == user.id).unwrap();
        assert_eq!(listed["viewer"], expected, "{} sees {} listed", reader.username, user.username);
    }
    let anonymous = app.get(&format!("/v1/users/{}", bob.id)).expect(200).await;
    assert!(anonymous.json.get("viewer").is_none());
}
