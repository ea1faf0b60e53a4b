//! Command line arguments.

use clap::Parser;

use crate::test_users::TEST_USERS;
use crate::world::Numbers;

/// Fills the database with sample users, posts and comments.
///
/// `DATABASE_URL` names the database, in the environment or in `.env`; `DATABASE_URL_FILE` names a file with the URL.
/// The default is the embedded database in `data/`. The same random seed and numbers produce the same rows, so
/// running twice adds nothing.
#[derive(Debug, Clone, Parser)]
#[command(name = "seed", version)]
pub struct Arguments {
    /// Number of accounts, including the three test users
    #[arg(long, value_name = "N", default_value = "100", value_parser = users)]
    pub users: usize,
    /// Number of posts
    #[arg(long, value_name = "N", default_value = "2000", value_parser = number)]
    pub posts: usize,
    /// Number of comments and replies
    #[arg(long, value_name = "N", default_value = "5000", value_parser = number)]
    pub comments: usize,
    /// Number of follows; at most every account follows every other
    #[arg(long, value_name = "N", default_value = "1000", value_parser = number)]
    pub follows: usize,
    /// Number of likes of posts and comments; at most every account likes everything
    #[arg(long, value_name = "N", default_value = "10000", value_parser = number)]
    pub likes: usize,
    /// Random seed; another one produces other users and texts
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub random_seed: u64,
    /// Remove ALL data first, seeded or not
    #[arg(long)]
    pub reset: bool,
    /// Do not ask for confirmation before removing data from a database other than the embedded one
    #[arg(long)]
    pub yes: bool,
}

impl Arguments {
    /// The requested numbers of rows.
    pub fn numbers(&self) -> Numbers {
        let Self { users, posts, comments, follows, likes, .. } = *self;
        Numbers { users, posts, comments, follows, likes }
    }
}

/// Maximum of each number; a world of that size fits into a laptop's memory.
const MOST: usize = 10_000_000;

fn number(raw: &str) -> Result<usize, String> {
    // Accepts 100000, 100_000 and 100,000.
    let digits = raw.replace(['_', ','], "");
    let number = digits.parse().map_err(|_| "expected a whole number".to_owned())?;
    if number > MOST { Err(format!("expected at most {MOST}")) } else { Ok(number) }
}

fn users(raw: &str) -> Result<usize, String> {
    let users = number(raw)?;
    let least = TEST_USERS.len();
    if users < least { Err(format!("expected at least {least}, for the test users")) } else { Ok(users) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(["seed"].into_iter().chain(arguments.split_whitespace()))
    }

    #[test]
    fn parses_every_option() {
        let all = "--users 1000 --posts 100_000 --comments 300,000 --follows 50000 --likes 200000 --random-seed 7 --reset --yes";
        let parsed = parse(all).unwrap();
        let numbers = Numbers { users: 1_000, posts: 100_000, comments: 300_000, follows: 50_000, likes: 200_000 };
        assert_eq!((parsed.numbers(), parsed.random_seed, parsed.reset, parsed.yes), (numbers, 7, true, true));
    }

    #[test]
    fn has_a_default_for_everything() {
        let parsed = parse("").unwrap();
        assert_eq!((parsed.users, parsed.random_seed, parsed.reset, parsed.yes), (100, 42, false, false));
    }

    #[test]
    fn rejects_invalid_arguments() {
        for wrong in ["--users 2", "--posts -1", "--posts many", "--likes 10000001", "--random-seed x", "more"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
