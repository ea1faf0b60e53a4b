//! Load and comparison benchmarks: how fast the server is, compared with the limits of the machine.
//!
//! Absolute times mean little on a machine that others use too. Every figure is compared with a ceiling measured in
//! the same run. A ceiling is `pgbench` with the statements of the request, or a static response with the same bytes.
//!
//! - [`workloads`] lists what is measured; [`requests`] and [`ceilings`] define it in HTTP and SQL. [`request`]
//!   serialises one request.
//! - [`world`] creates the data, [`server`] starts the measured server, [`tools`] are the external programs.
//! - [`statements`] are captured from the repositories; `pgbench` runs them as a [`script`].
//! - [`measure`] runs a workload and its ceilings in turn; [`growth`], [`pressure`] and [`footprint`] measure the
//!   rest.
//! - [`report`] contains every figure; [`table`], [`markdown`], [`compare`] and [`plots`] show them.

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
pub mod request;
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
