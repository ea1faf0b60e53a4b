//! Access tokens: JSON Web Tokens signed with HMAC-SHA256.

use std::fmt;

use accounts::ports::{AccessTokens, SigningError};
use domain::{Principal, SessionId, Timestamp, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use crate::signing_keys::SigningKeys;

/// The only algorithm for signing and verification, whatever the header of a token says.
const ALGORITHM: Algorithm = Algorithm::HS256;
const ISSUER: &str = "thoughts";
/// The audience of tokens: this API. Tokens for another service with the same key are rejected.
const AUDIENCE: &str = "thoughts";

/// The claims of a token (RFC 7519). Times are whole seconds since 1970.
#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    /// Always [`ISSUER`].
    iss: &'a str,
    /// Always [`AUDIENCE`].
    aud: &'a str,
    /// The id of the account.
    sub: &'a str,
    /// The id of the session.
    sid: &'a str,
    /// The time of signing.
    iat: i64,
    /// The first second in which the token is expired.
    exp: i64,
}

/// The claims of a token that a client presents.
#[derive(Deserialize)]
struct PresentedClaims {
    iss: String,
    /// Missing in tokens of the previous version, which live for minutes.
    aud: Option<String>,
    sub: String,
    sid: String,
    exp: i64,
}

/// Signs and verifies access tokens.
pub struct JwtAccessTokens {
    header: Header,
    encoding: EncodingKey,
    /// The keys for verification, by key id. The signing key comes first.
    decoding: Vec<(String, DecodingKey)>,
    validation: Validation,
}

impl JwtAccessTokens {
    /// Signs with the first of `keys`, and accepts tokens signed with any of them.
    pub fn new(keys: &SigningKeys) -> Self {
        let mut validation = Validation::new(ALGORITHM);
        validation.set_required_spec_claims(&["iss", "sub", "exp"]);
        validation.set_issuer(&[ISSUER]);
        // The crate would use the system's clock with a minute of leeway. `verify` uses the caller's clock without
        // leeway.
        validation.validate_exp = false;
        // `verify` checks the audience itself, because a token may lack one.
        validation.validate_aud = false;
        Self {
            header: Header { kid: Some(keys.first().id()), ..Header::new(ALGORITHM) },
            encoding: EncodingKey::from_secret(keys.first().expose()),
            decoding: keys.iter().map(|key| (key.id(), DecodingKey::from_secret(key.expose()))).collect(),
            validation,
        }
    }

    /// The claims of a token that was signed with one of the keys.
    fn claims(&self, token: &str) -> Option<PresentedClaims> {
        let claims = |key| decode::<PresentedClaims>(token, key, &self.validation).ok().map(|token| token.claims);
        // With a single key, the usual case, the key id in the header is ignored.
        if let [(_, key)] = self.decoding.as_slice() {
            return claims(key);
        }
        // A token of the previous version has no key id.
        match decode_header(token).ok()?.kid {
            Some(id) => claims(self.decoding.iter().find(|(its, _)| *its == id).map(|(_, key)| key)?),
            None => self.decoding.iter().find_map(|(_, key)| claims(key)),
        }
    }
}

impl AccessTokens for JwtAccessTokens {
    /// Rounds the expiry up to a whole second: a token never lives shorter than announced to its client.
    fn sign(&self, principal: &Principal, issued_at: Timestamp, expires_at: Timestamp) -> Result<String, SigningError> {
        let claims = Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: principal.user_id.as_str(),
            sid: principal.session_id.as_str(),
            iat: issued_at.as_seconds(),
            exp: seconds_rounded_up(expires_at),
        };
        encode(&self.header, &claims, &self.encoding).map_err(|e| SigningError(e.into()))
    }

    fn verify(&self, token: &str, now: Timestamp) -> Option<Principal> {
        let claims = self.claims(token)?;
        // Checked again: the crate accepts a list of issuers that contains the right one.
        if claims.iss != ISSUER || now.as_seconds() >= claims.exp {
            return None;
        }
        if claims.aud.is_some_and(|audience| audience != AUDIENCE) {
            return None;
        }
        Some(Principal { user_id: UserId::parse(&claims.sub).ok()?, session_id: SessionId::parse(&claims.sid).ok()? })
    }
}

impl fmt::Debug for JwtAccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtAccessTokens").finish_non_exhaustive()
    }
}

fn seconds_rounded_up(time: Timestamp) -> i64 {
    let seconds = time.as_seconds();
    if time.as_micros() % 1_000_000 == 0 { seconds } else { seconds.saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing_key::SigningKey;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::from_micros(1_795_320_960_000_000);
    const LIFETIME: Duration = Duration::from_mins(15);
    const USER: &str = "tz4a98xxat96iws9zmbrgj3a";
    const SESSION: &str = "pfh0haxfpzowht3oi213cqos";

    fn key(byte: u8) -> SigningKey {
        SigningKey::new([byte; 32]).unwrap()
    }

    fn keys(bytes: &[u8]) -> SigningKeys {
        let keys: Vec<_> = bytes.iter().map(|byte| char::from(*byte).to_string().repeat(32)).collect();
        SigningKeys::parse(&keys.join(",")).unwrap()
    }

    fn tokens() -> JwtAccessTokens {
        JwtAccessTokens::new(&keys(b"k"))
    }

    fn principal() -> Principal {
        Principal { user_id: UserId::parse(USER).unwrap(), session_id: SessionId::parse(SESSION).unwrap() }
    }

    fn token() -> String {
        tokens().sign(&principal(), NOW, NOW.after(LIFETIME)).unwrap()
    }

    fn claims() -> Value {
        json!({ "iss": "thoughts", "aud": "thoughts", "sub": USER, "sid": SESSION, "iat": 1_795_320_960, "exp": 1_795_321_860 })
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn read(token: &str, part: usize) -> Value {
        let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(part).unwrap()).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// `claims` signed with the right key, with an algorithm of the same family.
    fn signed(algorithm: Algorithm, claims: &Value) -> String {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(key(b'k').expose())).unwrap()
    }

    mod sign {
        use super::*;

        #[test]
        fn sets_the_key_id_and_the_claims() {
            assert_eq!(read(&token(), 0), json!({ "typ": "JWT", "alg": "HS256", "kid": key(b'k').id() }));
            assert_eq!(read(&token(), 1), claims());
        }

        #[test]
        fn never_shortens_the_life_of_a_token() {
            let end = NOW.after(Duration::from_micros(1));
            let token = tokens().sign(&principal(), NOW, end).unwrap();
            assert_eq!(read(&token, 1)["exp"], 1_795_320_961);
        }
    }

    mod verify {
        use super::*;

        #[test]
        fn returns_the_signed_principal() {
            assert_eq!(tokens().verify(&token(), NOW), Some(principal()));
            assert_eq!(tokens().verify(&signed(ALGORITHM, &claims()), NOW), Some(principal()));
        }

        #[test]
        fn rejects_a_token_from_the_very_moment_it_expires() {
            let (end, microsecond) = (NOW.after(LIFETIME), Duration::from_micros(1));
            assert_eq!(tokens().verify(&token(), end.before(microsecond)), Some(principal()));
            assert_eq!(tokens().verify(&token(), end), None);
            assert_eq!(tokens().verify(&token(), end.after(LIFETIME)), None);
        }

        #[test]
        fn uses_the_given_time() {
            let past = Timestamp::from_micros(1_000_000_000_000);
            let token = tokens().sign(&principal(), past, past.after(LIFETIME)).unwrap();
            assert_eq!(tokens().verify(&token, past), Some(principal()));
        }

        #[test]
        fn accepts_tokens_of_any_key_and_signs_with_the_first() {
            let (before, both, after) =
                (tokens(), JwtAccessTokens::new(&keys(b"lk")), JwtAccessTokens::new(&keys(b"l")));
            assert_eq!(both.verify(&token(), NOW), Some(principal()));
            // As the previous version signed: without a key id.
            assert_eq!(both.verify(&signed(ALGORITHM, &claims()), NOW), Some(principal()));
            let new = both.sign(&principal(), NOW, NOW.after(LIFETIME)).unwrap();
            let verified = [&before, &both, &after].map(|tokens| tokens.verify(&new, NOW));
            assert_eq!(verified, [None, Some(principal()), Some(principal())]);
        }

        #[test]
        fn rejects_a_token_with_an_unknown_key_id() {
            let header = Header { kid: Some("cafecafe".to_owned()), ..Header::new(ALGORITHM) };
            let foreign = encode(&header, &claims(), &EncodingKey::from_secret(key(b'k').expose())).unwrap();
            assert_eq!(JwtAccessTokens::new(&keys(b"lk")).verify(&foreign, NOW), None);
        }

        #[test]
        fn accepts_a_token_without_an_audience() {
            let mut before = claims();
            before.as_object_mut().unwrap().remove("aud");
            assert_eq!(tokens().verify(&signed(ALGORITHM, &before), NOW), Some(principal()));
        }

        #[test]
        fn rejects_another_key() {
            assert_eq!(JwtAccessTokens::new(&keys(b"l")).verify(&token(), NOW), None);
        }

        #[test]
        fn rejects_no_signature() {
            let unsigned = format!("{}.{}", part(&json!({ "typ": "JWT", "alg": "none" })), part(&claims()));
            let signature = token().rsplit_once('.').unwrap().1.to_owned();
            let header_kept = token().rsplit_once('.').unwrap().0.to_owned();
            for token in [unsigned.clone(), format!("{unsigned}."), format!("{unsigned}.{signature}"), header_kept] {
                assert_eq!(tokens().verify(&token, NOW), None, "{token}");
                assert_eq!(tokens().verify(&format!("{token}."), NOW), None, "{token}.");
            }
        }

        #[test]
        fn rejects_other_algorithms_even_with_the_right_key() {
            for algorithm in [Algorithm::HS384, Algorithm::HS512] {
                assert_eq!(tokens().verify(&signed(algorithm, &claims()), NOW), None, "{algorithm:?}");
            }
        }

        #[test]
        fn rejects_a_header_that_names_another_algorithm_than_signed() {
            let good = token();
            let (_, rest) = good.split_once('.').unwrap();
            for algorithm in ["RS256", "ES256", "EdDSA", "HS512", "hs256", "none", ""] {
                let header = part(&json!({ "typ": "JWT", "alg": algorithm }));
                assert_eq!(tokens().verify(&format!("{header}.{rest}"), NOW), None, "{algorithm}");
            }
        }

        #[test]
        fn rejects_a_changed_payload() {
            let good = token();
            let parts: Vec<&str> = good.split('.').collect();
            let mut changed = claims();
            changed["sub"] = json!("a".repeat(24));
            assert_eq!(tokens().verify(&format!("{}.{}.{}", parts[0], part(&changed), parts[2]), NOW), None);
        }

        #[test]
        fn rejects_a_change_of_any_character() {
            let good = token();
            for index in 0..good.len() {
                let mut changed = good.clone().into_bytes();
                changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).unwrap();
                assert_eq!(tokens().verify(&changed, NOW), None, "{index}");
            }
        }

        #[test]
        fn rejects_claims_that_are_foreign_missing_or_malformed() {
            let foreign = [
                ("iss", json!("others")),
                ("iss", json!(["thoughts"])),
                ("iss", json!(["thoughts", "others"])),
                ("iss", json!(1)),
                ("iss", Value::Null),
                ("sub", json!("42")),
                ("sub", json!("TZ4A98XXAT96IWS9ZMBRGJ3A")),
                ("sub", json!("' OR 1=1")),
                ("sub", Value::Null),
                ("sid", json!("")),
                ("sid", json!(7)),
                ("sid", Value::Null),
                ("exp", json!("1795321860")),
                ("exp", json!(-1)),
                ("exp", json!(1e300)),
                ("exp", Value::Null),
                ("aud", json!("others")),
                ("aud", json!(["thoughts"])),
                ("aud", json!("")),
            ];
            for (name, value) in foreign {
                let mut changed = claims();
                changed[name] = value.clone();
                if value.is_null() {
                    changed.as_object_mut().unwrap().remove(name);
                }
                assert_eq!(tokens().verify(&signed(ALGORITHM, &changed), NOW), None, "{name}: {value}");
            }
        }

        #[test]
        fn rejects_garbage() {
            let long = "a".repeat(100_000);
            let empty_object = format!("{0}.{0}.", URL_SAFE_NO_PAD.encode("{}"));
            for garbage in ["", ".", "..", "...", "a.b.c", "Bearer x", "é.é.é", "\0", &long, &empty_object] {
                assert_eq!(tokens().verify(garbage, NOW), None, "{garbage:.20}");
            }
        }
    }

    mod debug {
        use super::*;

        #[test]
        fn hides_the_key() {
            assert_eq!(format!("{:?}", tokens()), "JwtAccessTokens { .. }");
        }
    }
}
