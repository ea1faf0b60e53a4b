//! TLS of pipelined connections, with the trust settings of the pool.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sea_orm::sqlx::postgres::PgSslMode;

/// Root certificates to trust besides the bundled ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// A file of certificates, as PEM.
    File(PathBuf),
    /// The certificates, as PEM.
    Pem(String),
}

impl From<String> for Roots {
    /// Distinguishes the two as the pool's driver does.
    fn from(text: String) -> Self {
        let trimmed = text.trim();
        if trimmed.starts_with("-----BEGIN") && trimmed.ends_with("-----") {
            Self::Pem(text)
        } else {
            Self::File(text.into())
        }
    }
}

/// Root certificates or TLS settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("cannot read the CA certificates: {0}")]
    File(#[from] std::io::Error),
    #[error("the CA certificates are invalid: {0}")]
    Pem(#[from] pem::Error),
    #[error(transparent)]
    Rustls(#[from] Error),
    #[error(transparent)]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// The TLS configuration for `mode`: the roots, and what of the server's certificate is verified.
pub(super) async fn config(mode: PgSslMode, roots: Option<&Roots>) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    Ok(match mode {
        PgSslMode::VerifyFull => builder.with_root_certificates(trusted(roots).await?),
        PgSslMode::VerifyCa => {
            let roots = Arc::new(trusted(roots).await?);
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build()?;
            let lenient = Lenient { authorities: Some(verifier), provider };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(lenient))
        }
        // Encrypted, without verification of the server.
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer | PgSslMode::Require => {
            let lenient = Lenient { authorities: None, provider };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(lenient))
        }
    }
    .with_no_client_auth())
}

/// Read at every connection, as the file may be replaced.
async fn trusted(roots: Option<&Roots>) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let pem = match roots {
        Some(Roots::File(path)) => tokio::fs::read(path).await?,
        Some(Roots::Pem(text)) => text.clone().into_bytes(),
        None => Vec::new(),
    };
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        store.add(certificate?)?;
    }
    Ok(store)
}

/// Accepts a certificate under any host name if it chains to `authorities`; without authorities, any certificate.
#[derive(Debug)]
struct Lenient {
    authorities: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authorities) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        match authorities.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
