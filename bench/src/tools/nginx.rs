//! Nginx, configured to send the same response to every request.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use super::answer::Answer;
use super::{free_port, listening};

/// A running Nginx. Dropping it stops it.
pub struct Nginx {
    child: Child,
    /// Host and port.
    pub host: String,
    _folder: TempDir,
}

impl Nginx {
    /// Starts Nginx with the response `answer`.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start(program: &Path, answer: &Answer) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("thoughts-nginx-").tempdir()?;
        let port = free_port()?;
        std::fs::write(folder.path().join("body"), &answer.body)?;
        let configuration = configuration(answer, folder.path(), port, geteuid().is_root());
        std::fs::write(folder.path().join("nginx.conf"), configuration)?;
        let child = Command::new(program)
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let nginx = Self { child, host: format!("127.0.0.1:{port}"), _folder: folder };
        listening(port).await.context("Nginx does not start")?;
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers exit only after SIGTERM to the master.
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        if let Err(error) = self.child.wait() {
            eprintln!("cannot stop Nginx: {error}");
        }
    }
}

/// Headers that Nginx configures differently or generates itself.
const SPECIAL: [&str; 2] = ["content-type", "server"];

fn configuration(answer: &Answer, folder: &Path, port: u16, is_root: bool) -> String {
    let folder = folder.display();
    let user = if is_root { "user root;\n" } else { "" };
    let mut headers = String::new();
    for (name, value) in answer.headers.iter().filter(|(name, _)| !SPECIAL.contains(&name.as_str())) {
        let _ = writeln!(headers, "    add_header {name} {};", quoted(value));
    }
    let kind = answer.header("content-type").unwrap_or("application/json");
    format!(
        "{user}daemon off;\nworker_processes auto;\npid {folder}/pid;\nevents {{ worker_connections 4096; }}\n\
         http {{\n  access_log off;\n  server_tokens off;\n  etag off;\n  if_modified_since off;\n  sendfile off;\n  \
         tcp_nodelay on;\n  keepalive_requests 1000000000;\n  open_file_cache max=16 inactive=1h;\n  \
         open_file_cache_valid 1h;\n  client_body_temp_path {folder}/body_temp;\n  proxy_temp_path {folder}/proxy_temp;\n  \
         fastcgi_temp_path {folder}/fastcgi_temp;\n  uwsgi_temp_path {folder}/uwsgi_temp;\n  \
         scgi_temp_path {folder}/scgi_temp;\n  types {{}}\n  default_type {};\n  server {{\n    \
         listen 127.0.0.1:{port} backlog=1024;\n    root {folder};\n    rewrite ^ /body break;\n    \
         add_header Last-Modified \"\";\n{headers}  }}\n}}\n",
        quoted(kind)
    )
}

/// A quoted string for Nginx' configuration. A dollar cannot be escaped, so it is dropped; none of our headers has
/// one.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_every_header() {
        let headers = [("content-type", "application/json"), ("etag", "W/\"a\"")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let text = configuration(&Answer { status: 200, headers, body: String::new() }, Path::new("/f"), 81, true);
        assert!(text.contains("add_header etag \"W/\\\"a\\\"\";"), "{text}");
        assert!(text.contains("default_type \"application/json\";") && !text.contains("add_header content-type"));
        assert!(text.starts_with("user root;"));
    }
}
