//! Load and comparison benchmarks: how fast the server is, against what the machine it runs on can do at best.
//!
//! Absolute times say little on a machine that others use too. Every figure here stands beside a ceiling that was
//! measured in the same run: `pgbench` with the statements that the request needs, or a static answer of the same bytes.
//!
//! - [`workloads`] is the table of what is measured; [`requests`] and [`ceilings`] say what that is on the wire and in SQL.
//! - [`world`] makes the data, [`server`] starts what is measured, [`tools`] are the programs of others.
//! - [`statements`] are captured from the repositories, a [`script`] lets `pgbench` run them.
//! - [`measure`] runs a workload and its ceilings by turns; [`growth`], [`pressure`] and [`footprint`] measure the rest.
//! - [`report`] holds every figure; [`table`], [`markdown`], [`compare`] and [`plots`] show them.

pub mod admin;
pub mod bare;
pub mod ceilings;
pub mod compare;
pub mod footprint;
pub mod growth;
pub mod machine;
pub mod markdown;
pub mod measure;
pub mod options;
pub mod plots;
pub mod pressure;
pub mod report;
pub mod requests;
pub mod run;
pub mod script;
pub mod server;
pub mod statements;
pub mod statistics;
pub mod table;
pub mod tools;
pub mod workloads;
pub mod world;
