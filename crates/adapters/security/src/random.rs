//! Cryptographically secure random bytes.

use std::thread;

use aws_lc_rs::rand;

/// `N` random bytes from the generator of AWS-LC, which the operating system seeds.
///
/// Without entropy, AWS-LC ends the process, so an error is not expected here. If there is one, this function
/// retries: it never returns predictable bytes.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    while rand::fill(&mut bytes).is_err() {
        thread::yield_now();
    }
    bytes
}

#[cfg(test)]
mod tests {
    mod random_bytes {
        use super::super::*;

        #[test]
        fn fills_every_byte() {
            // A byte is zero in one of 256 draws, and in 64 draws in a row practically never.
            let mut seen = [0_u8; 32];
            for _ in 0..64 {
                for (seen, byte) in seen.iter_mut().zip(random_bytes::<32>()) {
                    *seen |= byte;
                }
            }
            assert!(seen.iter().all(|byte| *byte != 0));
        }
    }
}
