//! `/v1/users/me`.

use accounts::ports::PasswordHasher as _;
use security::{Argon2Hasher, HashingCost, HashingLimits};
use serde_json::json;
use testkit::app::{PASSWORD, TestApp, TestUser};
use testkit::on_both_databases;

use super::refresh::refresh;

mod show {
    use super::*;

    on_both_databases![is_the_account_of_the_token];

    async fn is_the_account_of_the_token(app: TestApp) {
        let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
        assert_eq!(ada.me().await["id"], ada.id);
        assert_eq!(bob.me().await["username"], "bob");
        assert_eq!(ada.me().await["viewer"], json!({ "following": false, "followed_by": false }));
        app.get("/v1/users/me").problem(401, "unauthenticated").await;
    }
}

mod edit {
    use super::*;

    on_both_databases![
        changes_only_the_given_fields,
        equal_values_change_nothing,
        lists_every_invalid_field,
        a_stale_if_match_is_rejected,
        a_new_password_ends_all_other_sessions,
        a_wrong_current_password_changes_nothing,
        a_password_older_than_the_rules_is_accepted,
    ];

    async fn changes_only_the_given_fields(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let edit = json!({ "display_name": "Ada", "bio": "Poetical science." });
        let edited = ada.patch("/v1/users/me").json(edit).expect(200).await;
        assert_eq!((&edited["display_name"], &edited["bio"]), (&json!("Ada"), &json!("Poetical science.")));

        let edited = ada.patch("/v1/users/me").json(json!({ "bio": "" })).expect(200).await;
        assert_eq!((&edited["display_name"], &edited["bio"]), (&json!("Ada"), &json!("")));

        let same = ada.patch("/v1/users/me").json(json!({})).expect(200).await;
        assert_eq!(same.json, edited.json);
        let me = ada.me().await;
        assert_eq!((&me.json, me.header("etag")), (&edited.json, same.header("etag")));

        let post = ada.publish("by whom?").await;
        let post = app.get(&format!("/v1/posts/{post}")).expect(200).await;
        assert_eq!(post["author"], json!({ "id": ada.id, "username": "ada", "display_name": "Ada" }));
    }

    async fn equal_values_change_nothing(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let edit = |edit: serde_json::Value| ada.patch("/v1/users/me").json(edit).expect(200);
        let before = edit(json!({ "display_name": "\u{e9}", "bio": "a" })).await;
        for same in [
            json!({ "display_name": "e\u{301}" }),
            json!({ "bio": "a" }),
            json!({ "display_name": "\u{e9}", "bio": "a" }),
        ] {
            let answer = edit(same).await;
            assert_eq!((&answer.json, answer.header("etag")), (&before.json, before.header("etag")));
        }
        let revision = |etag: &str| etag.trim_matches('"').split('-').next().unwrap_or_default().to_owned();
        assert_eq!(revision(before.header("etag")), "1");
        assert_eq!(revision(edit(json!({ "display_name": "\u{e9}", "bio": "b" })).await.header("etag")), "2");
        let password = json!({ "password": "another password", "current_password": PASSWORD });
        assert_eq!(revision(edit(password).await.header("etag")), "3");
    }

    async fn lists_every_invalid_field(app: TestApp) {
        let ada = app.sign_up("ada_lovelace").await;
        let cases = [
            (json!({ "display_name": "" }), "display_name: too_short"),
            (json!({ "display_name": null }), "display_name: invalid_type"),
            (json!({ "bio": "x".repeat(301) }), "bio: too_long"),
            (json!({ "password": "short", "current_password": PASSWORD }), "password: too_short"),
            (json!({ "password": "long enough" }), "current_password: required"),
            (json!({ "bio": "changed", "current_password": PASSWORD }), "password: required"),
            (json!({ "password": "qwertyuiop", "current_password": PASSWORD }), "password: too_common"),
            (json!({ "password": "\u{3164}".repeat(8), "current_password": PASSWORD }), "password: blank"),
            (json!({ "password": "Ada_Lovelace", "current_password": PASSWORD }), "password: is_name"),
            (
                json!({ "password": "countess ada", "display_name": "Countess Ada", "current_password": PASSWORD }),
                "password: is_name",
            ),
            (json!({ "username": "bob" }), "username: unknown_field"),
        ];
        for (edit, error) in cases {
            let answer = ada.patch("/v1/users/me").json(edit).expect(422).await;
            assert_eq!(answer.field_errors(), [error]);
        }
    }

    async fn a_stale_if_match_is_rejected(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let seen = ada.me().await;
        let edit = |bio: &str| ada.patch("/v1/users/me").json(json!({ "bio": bio }));
        edit("first").header("if-match", seen.header("etag")).expect(200).await;
        edit("second").header("if-match", seen.header("etag")).problem(412, "precondition_failed").await;
        assert_eq!(ada.me().await["bio"], "first");
        edit("third").header("if-match", "*").expect(200).await;
    }

    async fn a_new_password_ends_all_other_sessions(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let elsewhere = TestUser::log_in(app.http(), "ada", PASSWORD).await;
        let bob = app.sign_up("bob").await;
        let edit = json!({ "password": "a brand new one", "current_password": PASSWORD });
        ada.patch("/v1/users/me").json(edit).expect(200).await;

        refresh(&app, &elsewhere.refresh_token).await.problem(401, "invalid_refresh_token");
        refresh(&app, &ada.refresh_token).await.expect(200);
        refresh(&app, &bob.refresh_token).await.expect(200);
        TestUser::log_in(app.http(), "ada", "a brand new one").await;
        let old = json!({ "username": "ada", "password": PASSWORD });
        app.post("/v1/sessions").json(old).problem(401, "invalid_credentials").await;
    }

    async fn a_password_older_than_the_rules_is_accepted(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let common = domain::Password::parse("password").unwrap();
        let hash = argon2_hash(&common).await;
        app.database().execute(&format!("UPDATE users SET password_hash = '{hash}' WHERE id = '{}'", ada.id)).await;

        let ada = TestUser::log_in(app.http(), "ada", "password").await;
        let edit = json!({ "password": "a brand new one", "current_password": "password" });
        ada.patch("/v1/users/me").json(edit).expect(200).await;
    }

    async fn argon2_hash(password: &domain::Password) -> String {
        let hasher = Argon2Hasher::new(HashingCost::MINIMAL_FOR_TESTS, HashingLimits::default());
        hasher.hash(password).await.unwrap().0
    }

    async fn a_wrong_current_password_changes_nothing(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let elsewhere = TestUser::log_in(app.http(), "ada", PASSWORD).await;
        for wrong in ["not this one", "short", ""] {
            let edit = json!({ "password": "a brand new one", "current_password": wrong, "bio": "changed" });
            ada.patch("/v1/users/me").json(edit).problem(403, "wrong_password").await;
        }
        assert_eq!(ada.me().await["bio"], "");
        refresh(&app, &elsewhere.refresh_token).await.expect(200);
        TestUser::log_in(app.http(), "ada", PASSWORD).await;
    }
}
