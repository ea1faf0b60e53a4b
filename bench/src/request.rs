//! One request, and its bytes on the wire.

use std::fmt::Write as _;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// Names and values, without the headers of every request.
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<String>,
    /// Requests that are pipelined right after it.
    pub followed_by: Vec<Self>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: None, followed_by: Vec::new() }
    }

    /// A `GET` without a body.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// A `POST` with a JSON body.
    pub fn post(path: impl Into<String>, body: impl Into<String>) -> Self {
        let mut request = Self::new("POST", path).with("Content-Type", "application/json");
        request.body = Some(body.into());
        request
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds an access token.
    #[must_use]
    pub fn by(self, token: &str) -> Self {
        self.with("Authorization", format!("Bearer {token}"))
    }

    /// The bytes to send.
    pub fn on_the_wire(&self, host: &str) -> String {
        let mut text = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            // Writing to a string cannot fail.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        if let Some(body) = &self.body {
            let _ = write!(text, "Content-Length: {}\r\n", body.len());
        }
        text.push_str("\r\n");
        text.push_str(self.body.as_deref().unwrap_or_default());
        self.followed_by.iter().for_each(|next| text.push_str(&next.on_the_wire(host)));
        text
    }
}

/// The input file of the load generator.
pub fn file(requests: &[Request], host: &str) -> String {
    let mut text = String::new();
    for request in requests {
        let wire = request.on_the_wire(host);
        // Writing to a string cannot fail.
        let _ = write!(text, "{}\n{wire}", wire.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_serialised_as_http() {
        let request = Request::post("/v1/posts", "{\"é\":1}").by("t");
        let expected = "POST /v1/posts HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/json\r\n\
                        Authorization: Bearer t\r\nContent-Length: 8\r\n\r\n{\"é\":1}";
        assert_eq!(request.on_the_wire("h:1"), expected);
    }

    #[test]
    fn pipelined_requests_are_one_piece() {
        let pair = Request { followed_by: vec![Request::get("/b")], ..Request::get("/a") };
        assert_eq!(pair.on_the_wire("h"), "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n");
    }

    #[test]
    fn the_file_contains_the_length_of_each_request() {
        let file = file(&[Request::get("/a"), Request::get("/bc")], "h");
        let one = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
        let two = "GET /bc HTTP/1.1\r\nHost: h\r\n\r\n";
        assert_eq!(file, format!("{}\n{one}{}\n{two}", one.len(), two.len()));
    }
}
