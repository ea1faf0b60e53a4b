//! A check that the Redis user has the rights that an instance needs.

use std::sync::LazyLock;

use redis::Script;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

static TRY: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/try_rights.lua")));

impl Redis {
    /// Tries every command that the adapter uses, on a temporary key. Without this check, a missing right would look
    /// like an outage of Redis.
    ///
    /// # Errors
    /// [`Unavailable`] with the command that is not allowed, or if Redis fails or is unreachable.
    pub async fn try_rights(&self) -> Result<(), Unavailable> {
        const NAME: &str = "try_rights";
        let key = self.key("check");
        let () = self.query(NAME, Request::Script(TRY.prepare_invoke().key(&key))).await?;
        let mut read = redis::cmd("XREAD");
        read.arg("STREAMS").arg(&key).arg("$");
        let mut info = redis::cmd("INFO");
        info.arg("server");
        for command in [read, info] {
            let _: redis::Value = self.query(NAME, Request::Command(&command)).await?;
        }
        Ok(())
    }
}
