//! Somebody who uses a server under test.

use serde_json::json;

use super::{Http, TestApp, TestRequest, TestResponse};

/// The password of everybody.
pub const PASSWORD: &str = "correct horse battery";

/// An account, logged in.
#[derive(Clone)]
pub struct TestUser {
    /// The account's id.
    pub id: String,
    /// The name it signed up with.
    pub username: String,
    /// What it calls with.
    pub access_token: String,
    /// What gets it the next tokens.
    pub refresh_token: String,
    http: Http,
}

impl TestUser {
    /// A new account, logged in.
    pub async fn sign_up(http: &Http, username: &str) -> Self {
        let body = json!({ "username": username, "password": PASSWORD });
        http.post("/v1/users").json(body).expect(201).await;
        Self::log_in(http, username, PASSWORD).await
    }

    /// One more session of an account.
    pub async fn log_in(http: &Http, username: &str, password: &str) -> Self {
        let body = json!({ "username": username, "password": password });
        let session = http.post("/v1/sessions").json(body).expect(201).await;
        Self {
            id: session["user"]["id"].as_str().unwrap().to_owned(),
            username: username.to_owned(),
            access_token: session.str("access_token").to_owned(),
            refresh_token: session.str("refresh_token").to_owned(),
            http: http.clone(),
        }
    }

    /// The same user at another instance.
    #[must_use]
    pub fn at(&self, app: &TestApp) -> Self {
        Self { http: app.http().clone(), ..self.clone() }
    }

    /// `GET`, signed in.
    pub fn get(&self, path: &str) -> TestRequest {
        self.http.get(path).as_user(self)
    }

    /// `POST`, signed in.
    pub fn post(&self, path: &str) -> TestRequest {
        self.http.post(path).as_user(self)
    }

    /// `PUT`, signed in.
    pub fn put(&self, path: &str) -> TestRequest {
        self.http.put(path).as_user(self)
    }

    /// `PATCH`, signed in.
    pub fn patch(&self, path: &str) -> TestRequest {
        self.http.patch(path).as_user(self)
    }

    /// `DELETE`, signed in.
    pub fn delete(&self, path: &str) -> TestRequest {
        self.http.delete(path).as_user(self)
    }

    /// Publishes a post; answers its id.
    pub async fn publish(&self, content: &str) -> String {
        self.post("/v1/posts").json(json!({ "content": content })).expect(201).await.id()
    }

    /// Comments on a post; answers the comment's id.
    pub async fn comment(&self, post: &str, content: &str) -> String {
        let path = format!("/v1/posts/{post}/comments");
        self.post(&path).json(json!({ "content": content })).expect(201).await.id()
    }

    /// Replies to a comment on a post; answers the reply's id.
    pub async fn reply(&self, post: &str, parent: &str, content: &str) -> String {
        let path = format!("/v1/posts/{post}/comments");
        self.post(&path).json(json!({ "content": content, "parent_id": parent })).expect(201).await.id()
    }

    /// Likes a post.
    pub async fn like(&self, post: &str) {
        self.put(&format!("/v1/posts/{post}/like")).expect(204).await;
    }

    /// Likes a comment.
    pub async fn like_comment(&self, comment: &str) {
        self.put(&format!("/v1/comments/{comment}/like")).expect(204).await;
    }

    /// Follows somebody.
    pub async fn follow(&self, other: &Self) {
        self.put(&format!("/v1/users/{}/follow", other.id)).expect(204).await;
    }

    /// Erases the account.
    pub async fn erase(&self) {
        self.post("/v1/users/me/erasure").json(json!({ "password": PASSWORD })).expect(204).await;
    }

    /// The account as it sees itself.
    pub async fn me(&self) -> TestResponse {
        self.get("/v1/users/me").expect(200).await
    }
}
