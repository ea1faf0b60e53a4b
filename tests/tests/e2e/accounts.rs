//! Accounts: `/v1/users` and `/v1/sessions`.

mod erasure;
mod guessing;
mod me;
mod refresh;
mod revocation;
mod sessions;
mod sign_up;
mod users;
