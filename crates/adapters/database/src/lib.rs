//! The engine under the repositories: connections to SQLite or PostgreSQL, transactions, batches, and the meaning of
//! rows and errors. Of the
//! tables it knows only those of the migrations and of the log.
//!
//! **Connecting.** [`location`] parses addresses. [`open`] opens connections, [`pools`] configures them, and
//! [`new_file`] creates the SQLite file. [`not_reached`] says why a server was out of reach, without its address.
//! [`schema`] runs migrations. [`mod@inspect`] examines a server without changing it.
//!
//! **Reading.** [`mod@reading`] chooses a server for each read. [`node`] is one server, with its [`role`] and its state,
//! which [`probe`] keeps current. [`position`] compares the positions of servers in the log. [`pipeline`] carries most
//! reads on PostgreSQL. [`planned_once`] makes statements that are planned once for all values. [`plans`] invalidates
//! prepared statements. [`fields`] reads rows, and [`keyset`] cuts pages.
//!
//! **Writing.** [`transaction`] begins and commits. [`batch`] lets writes of many requests share a transaction.
//! [`mod@log`] stores what they changed, in one order.
//! [`operation`] retries writes that lost a conflict. [`release`] keeps connections with an open transaction out of
//! the pool. [`storage`] tracks whether writes are stored.

mod batch;
mod database;
mod error;
mod fields;
mod file;
mod inspect;
pub mod keyset;
mod location;
mod log;
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
mod refusal;
mod release;
mod role;
mod schema;
mod storage;
mod transaction;

pub use batch::{BatchWrite, set};
pub use database::{ConnectError, Database, DatabaseOptions};
pub use error::{corrupt, lacks_reference};
pub use fields::{Fields, Row};
pub use inspect::{Inspection, inspect};
pub use location::{Location, ParseLocationError};
pub use log::{Entries, Entry, EventLog, LogState, Pass, Sequencer, Sequencing};
pub use node::ServerStatus;
pub use not_reached::NotReached;
pub use observer::{Observer, StatementEvent, Way};
pub use operation::{reading, retrying};
pub use pools::PLANNER_SETTINGS;
pub use position::{Noted, Positions, WalPosition, Watermark};
pub use reading::{Reading, Select};
pub use role::Role;
pub use schema::MigrateError;
pub use sea_orm::Values;
pub use storage::StorageStatus;
pub use transaction::Transaction;

pub(crate) use database::{Freshness, Inner};
