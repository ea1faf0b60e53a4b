//! Whether the user at the address may do what an instance needs.

use std::sync::LazyLock;

use redis::Script;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

static TRY: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/try_rights.lua")));

impl Redis {
    /// Tries every command that the adapter uses, on a key that nobody else has and that is gone when this ends. A user
    /// that may not do one of them would pass for a Redis that is lost.
    ///
    /// # Errors
    /// [`Unavailable`] with what Redis does not allow, or when it does not answer.
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
