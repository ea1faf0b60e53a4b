//! Operating the server: health, metrics, documentation, timeouts, shutdown.

mod connections;
mod documentation;
mod flood;
mod full_database;
mod health;
mod lost_database;
mod metrics;
mod overload;
mod shutdown;
mod slow_clients;
mod timeout;
