//! Identifies the sender of a request by its access token.

use std::sync::Arc;

use accounts::Accounts;
use domain::Principal;
use http_kit::identity::Identify;
use http_kit::problem::Problem;

/// Identifies senders through the use case [`accounts::Authenticate`].
pub struct ByAccessToken(pub Arc<Accounts>);

impl Identify for ByAccessToken {
    fn identify(&self, access_token: &str) -> Result<Principal, Problem> {
        self.0.authenticate.execute(access_token).map_err(Problem::invalid_token)
    }
}
