//! The address of a server and the settings of its sessions, derived from the options of the pool.

use std::env;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Error, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use super::tls::{self, Roots};
use crate::not_reached::NotReached;

/// TCP keepalive: after how long of silence, how often, and how many times a connection is probed.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_PATIENCE: Duration = Duration::from_secs(5);
const KEEPALIVE_ATTEMPTS: u32 = 3;
/// How long sent data may stay unacknowledged. Pipelined connections are not pinged before use, as pooled ones are.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// The future that drives a connection.
pub(super) type Driver = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// The address of a server, and how to connect to it.
pub(crate) struct Address {
    config: Config,
    mode: PgSslMode,
    roots: Option<Roots>,
    limit: Duration,
}

/// What the pool supports and a pipeline does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsupported {
    /// The client authenticates with a certificate.
    #[error("client certificates")]
    ClientCertificates,
    /// Another parameter of the address.
    #[error("an unknown parameter of the address")]
    Parameter,
}

impl Address {
    /// The address of the pool, from its `url` and the `options` made of it. Opening a connection may take up to
    /// `limit`.
    pub(crate) fn of(url: &str, options: &PgConnectOptions, limit: Duration) -> Result<Self, Unsupported> {
        Self::with(&Secrets::of(url, |name| env::var(name).ok())?, options, limit)
    }

    fn with(secrets: &Secrets, options: &PgConnectOptions, limit: Duration) -> Result<Self, Unsupported> {
        let mut config = Config::new();
        config
            .port(options.get_port())
            .user(options.get_username())
            .keepalives_idle(KEEPALIVE)
            .keepalives_interval(KEEPALIVE_PATIENCE)
            .keepalives_retries(KEEPALIVE_ATTEMPTS)
            .tcp_user_timeout(UNACKNOWLEDGED)
            .connect_timeout(limit);
        match options.get_socket() {
            Some(folder) => config.host(folder.to_str().ok_or(Unsupported::Parameter)?),
            // The driver, too, takes a host that begins with a slash for the folder of a socket.
            None => config.host(options.get_host().trim_start_matches('[').trim_end_matches(']')),
        };
        if let Some(password) = &secrets.password {
            config.password(password);
        }
        if let Some(database) = options.get_database() {
            config.dbname(database);
        }
        if let Some(name) = options.get_application_name() {
            config.application_name(name);
        }
        if let Some(settings) = options.get_options() {
            config.options(settings);
        }
        let mode = options.get_ssl_mode();
        config.ssl_mode(match mode {
            // The pool treats `Allow` as `Disable`.
            PgSslMode::Disable | PgSslMode::Allow => SslMode::Disable,
            PgSslMode::Prefer => SslMode::Prefer,
            PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => SslMode::Require,
        });
        Ok(Self { config, mode, roots: secrets.roots.clone(), limit })
    }

    /// Opens a connection, and returns the client and the future that drives it.
    pub(super) async fn connect(&self) -> Result<(Client, Driver), ConnectError> {
        let tls = MakeRustlsConnect::new(tls::config(self.mode, self.roots.as_ref()).await?);
        match tokio::time::timeout(self.limit, self.config.connect(tls)).await {
            Ok(connected) => Ok(connected?),
            Err(_) => Err(ConnectError::TimedOut),
        }
    }
}

/// Why a connection could not be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("{}", NotReached::from(.0))]
    Driver(#[from] Error),
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    #[error("no answer in time")]
    TimedOut,
}

/// The settings that the pool's options do not expose.
#[derive(Debug, Default, PartialEq, Eq)]
struct Secrets {
    password: Option<String>,
    roots: Option<Roots>,
}

impl Secrets {
    /// Reads them where the pool's driver does: from the address, and else from the environment.
    fn of(url: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, Unsupported> {
        let url = Url::parse(url).map_err(|_| Unsupported::Parameter)?;
        if environment("PGSSLCERT").is_some() || environment("PGSSLKEY").is_some() {
            return Err(Unsupported::ClientCertificates);
        }
        let mut secrets =
            Self { password: environment("PGPASSWORD"), roots: environment("PGSSLROOTCERT").map(Roots::from) };
        if let Some(password) = url.password() {
            let password = percent_decode_str(password).decode_utf8().map_err(|_| Unsupported::Parameter)?;
            secrets.password = Some(password.into_owned());
        }
        for (name, value) in url.query_pairs() {
            match &*name {
                "password" => secrets.password = Some(value.into_owned()),
                // The pool takes this one for the name of a file, whatever it contains.
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => {
                    secrets.roots = Some(Roots::File(value.into_owned().into()));
                }
                "sslcert" | "ssl-cert" | "sslkey" | "ssl-key" => return Err(Unsupported::ClientCertificates),
                "sslmode"
                | "ssl-mode"
                | "statement-cache-capacity"
                | "host"
                | "hostaddr"
                | "port"
                | "dbname"
                | "user"
                | "application_name"
                | "options" => {}
                name if name.starts_with("options[") => {}
                _ => return Err(Unsupported::Parameter),
            }
        }
        Ok(secrets)
    }
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::Host;

    use super::*;

    fn secrets(url: &str) -> Result<Secrets, Unsupported> {
        Secrets::of(url, |_| None)
    }

    fn config(url: &str) -> Config {
        let options: PgConnectOptions = url.parse().unwrap();
        Address::with(&secrets(url).unwrap(), &options, KEEPALIVE).unwrap().config
    }

    #[test]
    fn copies_the_settings_of_the_address() {
        let config = config("postgres://me:p%40ss%25@db.example:5433/thoughts?sslmode=require&options[work_mem]=8MB");
        assert_eq!(config.get_hosts(), [Host::Tcp("db.example".to_owned())]);
        assert_eq!((config.get_ports(), config.get_user()), (&[5433][..], Some("me")));
        assert_eq!((config.get_password(), config.get_dbname()), (Some(&b"p@ss%"[..]), Some("thoughts")));
        assert_eq!((config.get_ssl_mode(), config.get_options()), (SslMode::Require, Some("-c work_mem=8MB")));
    }

    #[test]
    fn finds_sockets() {
        for url in ["postgres://me@%2Frun%2Fpostgresql/thoughts", "postgres://me@x/thoughts?host=/run/postgresql"] {
            assert_eq!(config(url).get_hosts(), [Host::Unix("/run/postgresql".into())], "{url}");
        }
    }

    #[test]
    fn requires_tls_where_the_pool_does() {
        let modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
        let modes = modes.map(|mode| config(&format!("postgres://me@db/x?sslmode={mode}")).get_ssl_mode());
        let (off, on) = (SslMode::Disable, SslMode::Require);
        assert_eq!(modes, [off, off, SslMode::Prefer, on, on, on]);
    }

    #[test]
    fn takes_secrets_from_the_address_and_then_from_the_environment() {
        let environment = |name: &str| (name == "PGPASSWORD").then(|| "theirs".to_owned());
        let password = |url| Secrets::of(url, environment).unwrap().password.unwrap();
        assert_eq!(password("postgres://me:own@db/x"), "own");
        assert_eq!(password("postgres://me:own@db/x?password=other"), "other");
        assert_eq!(password("postgres://me@db/x"), "theirs");
    }

    #[test]
    fn rejects_what_it_does_not_support() {
        assert_eq!(secrets("postgres://db/x?sslcert=a.pem&sslkey=b.pem"), Err(Unsupported::ClientCertificates));
        assert_eq!(secrets("postgres://db/x?target_session_attrs=any"), Err(Unsupported::Parameter));
        let environment = |name: &str| (name == "PGSSLCERT").then(|| "a.pem".to_owned());
        assert_eq!(Secrets::of("postgres://db/x", environment), Err(Unsupported::ClientCertificates));
    }
}
