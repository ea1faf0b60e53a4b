//! Users of a server under test.

use serde_json::json;

use super::{Http, TestApp, TestRequest, TestResponse};

/// The password of all test users.
pub const PASSWORD: &str = "correct horse battery";

/// An account with the tokens of a session.
#[derive(Clone)]
pub struct TestUser {
    /// Id of the account.
    pub id: String,
    /// User name as given at sign-up.
    pub username: String,
    /// Access token of the session.
    pub access_token: String,
    /// Refresh token of the session.
    pub refresh_token: String,
    http: Http,
}

impl TestUser {
    /// Signs up and logs in.
    pub async fn sign_up(http: &Http, username: &str) -> Self {
        let body = json!({ "username": username, "password": PASSWORD });
        http.post("/v1/users").json(body).expect(201).await;
        Self::log_in(http, username, PASSWORD).await
    }

    /// Opens another session of the account.
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

    /// The same user on another instance.
    #[must_use]
    pub fn at(&self, app: &TestApp) -> Self {
        Self { http: app.http().clone(), ..self.clone() }
    }

    /// `GET` with the access token.
    pub fn get(&self, path: &str) -> TestRequest {
        self.http.get(path).as_user(self)
    }

    /// `POST` with the access token.
    pub fn post(&self, path: &str) -> TestRequest {
        self.http.post(path).as_user(self)
    }

    /// `PUT` with the access token.
    pub fn put(&self, path: &str) -> TestRequest {
        self.http.put(path).as_user(self)
    }

    /// `PATCH` with the access token.
    pub fn patch(&self, path: &str) -> TestRequest {
        self.http.patch(path).as_user(self)
    }

    /// `DELETE` with the access token.
    pub fn delete(&self, path: &str) -> TestRequest {
        self.http.delete(path).as_user(self)
    }

    /// Publishes a post and returns its id.
    pub async fn publish(&self, content: &str) -> String {
        self.post("/v1/posts").json(json!({ "content": content })).expect(201).await.id()
    }

    /// Comments on a post and returns the comment's id.
    pub async fn comment(&self, post: &str, content: &str) -> String {
        let path = format!("/v1/posts/{post}/comments");
        self.post(&path).json(json!({ "content": content })).expect(201).await.id()
    }

    /// Replies to a comment on a post and returns the reply's id.
    pub async fn reply(&self, post: &str, parent: &str, content: &str) -> String {
        let path = format!("/v1/posts/{post}/comments");
        self.post(&path).json(json!({ "content": content, "parent_id": parent })).expect(201).await.id()
    }

    /// Likes the post with the id `post`.
    pub async fn like(&self, post: &str) {
        self.put(&format!("/v1/posts/{post}/like")).expect(204).await;
    }

    /// Bookmarks the post with the id `post`.
    pub async fn bookmark(&self, post: &str) {
        self.put(&format!("/v1/posts/{post}/bookmark")).expect(204).await;
    }

    /// Likes the comment with the id `comment`.
    pub async fn like_comment(&self, comment: &str) {
        self.put(&format!("/v1/comments/{comment}/like")).expect(204).await;
    }

    /// Follows `other`.
    pub async fn follow(&self, other: &Self) {
        self.put(&format!("/v1/users/{}/follow", other.id)).expect(204).await;
    }

    /// Erases the account, confirmed with [`PASSWORD`].
    pub async fn erase(&self) {
        self.post("/v1/users/me/erasure").json(json!({ "password": PASSWORD })).expect(204).await;
    }

    /// The user's own account.
    pub async fn me(&self) -> TestResponse {
        self.get("/v1/users/me").expect(200).await
    }
}
