//! The engine under the repositories: connections to SQLite or PostgreSQL, transactions, batches, and what rows and errors
//! mean. Knows no table but that of the migrations.
//!
//! **Where it is.** [`location`] parses addresses. [`open`] opens the connections, [`pools`] says how each behaves, [`new_file`]
//! makes the file of SQLite, and [`not_reached`] says why a server was not reached without naming its address. [`schema`] runs
//! migrations, and [`inspect`] looks at a server without changing it.
//!
//! **Reading.** [`reading`] chooses a server for each read. [`node`] is what is known of a server, [`probe`] finds it out, and
//! [`position`] compares how far each has come. [`pipeline`] carries most reads of PostgreSQL, which plans some of them for all
//! values ([`planned_once`]); [`plans`] says since when prepared statements are good. [`fields`] reads rows, [`keyset`] cuts pages.
//!
//! **Writing.** [`transaction`] begins and commits, [`batch`] has writes of many requests share transactions, [`operation`] begins
//! again what lost to another. [`release`] keeps connections with an open transaction out of the pool, and [`storage`] knows
//! whether writes are stored.

mod batch;
mod database;
mod error;
mod fields;
mod file;
mod inspect;
pub mod keyset;
mod location;
mod new_file;
mod node;
mod not_reached;
mod observer;
mod open;
mod operation;
mod pipeline;
mod planned_once;
mod plans;
mod pools;
mod position;
mod probe;
mod reading;
mod release;
mod schema;
mod storage;
mod transaction;

pub use batch::{BatchWrite, set};
pub use database::{ConnectError, Database, DatabaseOptions};
pub use error::{corrupt, lacks_reference};
pub use fields::{Fields, Row};
pub use inspect::{Inspection, inspect};
pub use location::{Location, ParseLocationError};
pub use node::{Role, ServerStatus};
pub use not_reached::NotReached;
pub use observer::{Observer, StatementEvent, Way};
pub use operation::{reading, retrying};
pub use pools::PLANNER_SETTINGS;
pub use position::{Noted, Positions, WalPosition, Watermark};
pub use reading::{Reading, Select};
pub use schema::MigrateError;
pub use sea_orm::Values;
pub use storage::StorageStatus;
pub use transaction::Transaction;

pub(crate) use database::{Freshness, Inner};
