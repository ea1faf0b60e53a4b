//! Running the server: health, metrics, documentation, limits of time, the end.

mod documentation;
mod flood;
mod health;
mod lost_database;
mod metrics;
mod shutdown;
mod timeout;
