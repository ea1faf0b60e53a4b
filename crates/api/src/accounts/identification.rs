//! How the sender of a request is recognised: by the use case that checks access tokens.

use std::sync::Arc;

use accounts::Accounts;
use domain::Principal;
use http_kit::identity::Identify;
use http_kit::problem::Problem;

/// Recognises senders by the access tokens of the accounts.
pub struct ByAccessToken(pub Arc<Accounts>);

impl Identify for ByAccessToken {
    fn identify(&self, access_token: &str) -> Result<Principal, Problem> {
        self.0.authenticate.execute(access_token).map_err(Problem::invalid_token)
    }
}
