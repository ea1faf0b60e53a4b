//! Refresh tokens: random bytes, stored as a fast hash.

use accounts::ports::{RefreshTokenHash, RefreshTokens};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random::random_bytes;

/// Makes refresh tokens of 32 random bytes, written as 43 characters of base64url without padding.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomRefreshTokens;

impl RefreshTokens for RandomRefreshTokens {
    fn generate(&self) -> (String, RefreshTokenHash) {
        let token = URL_SAFE_NO_PAD.encode(random_bytes::<32>());
        let hash = self.hash(&token);
        (token, hash)
    }

    /// SHA-256 of the text of the token, which may be anything that a client sends.
    fn hash(&self, token: &str) -> RefreshTokenHash {
        let mut hash = [0; 32];
        // A SHA-256 digest has exactly 32 bytes.
        let digest = digest::digest(&digest::SHA256, token.as_bytes());
        hash.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        RefreshTokenHash(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    mod generate {
        use super::*;
        use std::collections::HashSet;

        #[test]
        fn makes_43_url_safe_characters() {
            let (token, _) = RandomRefreshTokens.generate();
            assert_eq!(token.len(), 43);
            assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{token}");
        }

        #[test]
        fn never_makes_the_same_twice() {
            let tokens: HashSet<String> = (0..1_000).map(|_| RandomRefreshTokens.generate().0).collect();
            assert_eq!(tokens.len(), 1_000);
        }

        #[test]
        fn returns_the_hash_of_the_token() {
            let (token, hash) = RandomRefreshTokens.generate();
            assert_eq!(RandomRefreshTokens.hash(&token), hash);
        }
    }

    mod hash {
        use super::*;

        #[test]
        fn is_sha_256() {
            // FIPS 180-2, appendix B.1.
            let hash = RandomRefreshTokens.hash("abc").0.map(|byte| format!("{byte:02x}")).concat();
            assert_eq!(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        }
    }
}
