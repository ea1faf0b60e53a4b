//! The feed context has no errors of its own.

http_kit::codes! {}
