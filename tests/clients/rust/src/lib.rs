//! The client that `build.rs` generates from `openapi.json`.

include!(concat!(env!("OUT_DIR"), "/client.rs"));
