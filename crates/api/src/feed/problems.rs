//! Problem codes of the feed context: none.

http_kit::codes! {}
