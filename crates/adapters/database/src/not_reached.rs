//! Says why a server was not reached, without repeating its address.
//!
//! An address without a server may be mistaken, and its user, host or database may be part of a password. Servers and
//! drivers repeat these names in their messages. So the message is derived from the code of the error. The log of the
//! server has the details.

use std::error::Error;
use std::io;

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Why no server was reached. It contains no secrets, so every log may have it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotReached(String);

impl NotReached {
    pub(super) fn because(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// From an error of SQLite, whose addresses contain no secrets.
    pub(super) fn file(error: &DbErr) -> Self {
        Self(match error {
            DbErr::Custom(said) => said.clone(),
            other => other.to_string(),
        })
    }

    /// From the SQLSTATE of a server that rejected the connection.
    fn refused(code: &str) -> Self {
        let meaning = match code {
            "28000" | "28P01" => "the server refuses the user or the password",
            "3D000" => "the server has no database of this name",
            "42501" => "the user may not connect to the database",
            "53300" => "the server has no connection left",
            "57P01" | "57P02" | "57P03" => "the server is starting or stopping",
            _ => "the server refuses the connection",
        };
        Self(format!("{meaning} (SQLSTATE {code})"))
    }

    /// From an error of the operating system or of TLS, which contain no address. The exception is a certificate for
    /// another name: its error contains the expected host.
    fn io(error: &io::Error) -> Self {
        let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        Self(match of_tls {
            Some(rustls::Error::InvalidCertificate(
                rustls::CertificateError::NotValidForName | rustls::CertificateError::NotValidForNameContext { .. },
            )) => "the server's certificate is for another name".to_owned(),
            _ => error.to_string(),
        })
    }
}

impl From<&sqlx::Error> for NotReached {
    fn from(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(refusal) => Self::refused(refusal.code().as_deref().unwrap_or("unknown")),
            sqlx::Error::Io(error) => Self::io(error),
            sqlx::Error::Tls(_) => Self("TLS is not supported by the server, or a certificate is invalid".to_owned()),
            sqlx::Error::Configuration(_) => Self("the address cannot be used".to_owned()),
            sqlx::Error::PoolTimedOut => Self("no connection came about in time".to_owned()),
            _ => Self("the driver does not understand the server".to_owned()),
        }
    }
}

impl From<&DbErr> for NotReached {
    fn from(error: &DbErr) -> Self {
        match error {
            DbErr::Conn(RuntimeErr::SqlxError(error))
            | DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error)) => Self::from(&**error),
            _ => Self("no connection came about".to_owned()),
        }
    }
}

impl From<&tokio_postgres::Error> for NotReached {
    fn from(error: &tokio_postgres::Error) -> Self {
        if let Some(code) = error.code() {
            return Self::refused(code.code());
        }
        let mut cause = error.source();
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                return Self::io(error);
            }
            cause = error.source();
        }
        Self("the driver does not understand the server".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Refusal;

    #[test]
    fn describes_a_rejection_by_its_code() {
        let said = |code: &str| {
            let said = "password authentication failed for user \"HUSH\"".to_owned();
            let refusal = Refusal { code: code.to_owned(), said, routine: None };
            NotReached::from(&sqlx::Error::Database(Box::new(refusal))).to_string()
        };
        assert_eq!(said("28P01"), "the server refuses the user or the password (SQLSTATE 28P01)");
        assert_eq!(said("XX000"), "the server refuses the connection (SQLSTATE XX000)");
    }

    #[test]
    fn leaves_out_the_name_that_a_certificate_lacks() {
        let expected = rustls::pki_types::ServerName::try_from("hush").unwrap();
        let wrong = rustls::CertificateError::NotValidForNameContext { expected, presented: Vec::new() };
        let error = sqlx::Error::Io(io::Error::other(rustls::Error::InvalidCertificate(wrong)));
        assert_eq!(NotReached::from(&error).to_string(), "the server's certificate is for another name");
    }

    #[test]
    fn keeps_errors_of_the_operating_system() {
        let error = sqlx::Error::Io(io::ErrorKind::ConnectionRefused.into());
        assert_eq!(NotReached::from(&error).to_string(), "connection refused");
    }
}
