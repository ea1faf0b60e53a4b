//! A signed-in user of the API.

use anyhow::Result;
use serde_json::json;

use super::{Api, Call};

/// The password of all users.
pub(crate) const PASSWORD: &str = "a password for tests";

/// An account with the tokens of a session.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

impl User {
    /// Signs up and logs in.
    pub(crate) async fn sign_up(api: &Api, username: &str) -> Result<Self> {
        api.succeed(&Call::post("/v1/users", json!({ "username": username, "password": PASSWORD }))).await?;
        Self::log_in(api, username).await
    }

    pub(crate) async fn log_in(api: &Api, username: &str) -> Result<Self> {
        let reply =
            api.succeed(&Call::post("/v1/sessions", json!({ "username": username, "password": PASSWORD }))).await?;
        Ok(Self {
            id: reply.text("/user/id").to_owned(),
            username: username.to_owned(),
            token: reply.text("/access_token").to_owned(),
            refresh_token: reply.text("/refresh_token").to_owned(),
        })
    }
}
