//! The workloads, their ceilings and their targets.

/// One kind of request or a mix, and its ceilings.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// The name in every table.
    pub name: &'static str,
    pub what: What,
    /// The ceilings that it is compared with.
    pub ceilings: &'static [Ceiling],
}

/// The requests of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The first page of the public feed, anonymous.
    PublicFeed,
    /// The same by many signed-in users.
    SignedInFeed,
    /// A page in the middle of the public feed, anonymous.
    DeepFeed,
    /// One post.
    Post,
    /// Many posts.
    Posts,
    /// One post with `If-None-Match`, answered 304.
    PostUnchanged,
    /// The comments of many posts.
    Comments,
    /// A post and its comments, pipelined.
    PostWithComments,
    /// Accounts by user name.
    UserByName,
    /// The home timeline of a user who follows this many others.
    Home(usize),
    /// New posts by many users.
    Publish,
    /// New comments by many users.
    Comment {
        /// Number of posts that are commented on.
        posts: usize,
    },
    /// Likes by many users, given and removed.
    Like {
        /// Number of posts that are liked.
        posts: usize,
    },
    /// Of a hundred requests, 80 read feeds, 15 read one resource, 5 write.
    Mixed,
}

impl What {
    /// The requests that are pipelined together.
    pub fn parts(self) -> &'static [Self] {
        match self {
            Self::PostWithComments => &[Self::Posts, Self::Comments],
            _ => &[],
        }
    }

    /// Whether it only reads.
    pub fn is_read(self) -> bool {
        !matches!(self, Self::Publish | Self::Comment { .. } | Self::Like { .. } | Self::Mixed)
    }
}

/// A ceiling of a workload.
#[derive(Debug, Clone, Copy)]
pub struct Ceiling {
    /// The program that runs the minimum work.
    pub by: By,
    /// The target ratio of the server's rate to the ceiling's.
    pub target: Option<f64>,
}

/// A program that runs the minimum work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Nginx, with the same bytes from a file.
    Nginx,
    /// A bare actix-web handler, with the same bytes from memory.
    Bare,
    /// `pgbench`, with the same statements.
    Pgbench,
    /// The same server with unpipelined requests. Two pipelined requests should take no longer than both alone.
    Singles,
}

impl By {
    /// The name in every table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "Nginx, static",
            Self::Bare => "bare actix-web",
            Self::Pgbench => "pgbench",
            Self::Singles => "one by one",
        }
    }
}

const fn over(by: By, target: f64) -> Ceiling {
    Ceiling { by, target: Some(target) }
}

const fn beside(by: By) -> Ceiling {
    Ceiling { by, target: None }
}

const fn workload(name: &'static str, what: What, ceilings: &'static [Ceiling]) -> Workload {
    Workload { name, what, ceilings }
}

/// Number of posts in a spread.
const SPREAD: usize = 1000;

use By::{Bare, Nginx, Pgbench, Singles};

/// All workloads in the order of measurement. Writes come last, because they change the database.
pub const WORKLOADS: &[Workload] = &[
    workload("public feed, anonymous", What::PublicFeed, &[over(Nginx, 0.6), over(Bare, 0.8)]),
    workload("public feed, signed in", What::SignedInFeed, &[over(Pgbench, 0.5)]),
    workload("public feed, deep page", What::DeepFeed, &[beside(Bare), beside(Pgbench)]),
    workload("one post", What::Post, &[over(Bare, 0.8)]),
    workload("one post, 304", What::PostUnchanged, &[over(Bare, 0.8)]),
    workload("user by name", What::UserByName, &[beside(Bare)]),
    workload("comments of a post", What::Comments, &[over(Pgbench, 0.6)]),
    workload("a post and its comments, pipelined", What::PostWithComments, &[over(Singles, 0.95)]),
    workload("home timeline, 10 followed", What::Home(10), &[beside(Pgbench)]),
    workload("home timeline, 200 followed", What::Home(200), &[over(Pgbench, 0.6)]),
    workload("home timeline, 1000 followed", What::Home(1000), &[beside(Pgbench)]),
    workload("publish a post", What::Publish, &[over(Pgbench, 1.5)]),
    workload("comment, many posts", What::Comment { posts: SPREAD }, &[beside(Pgbench)]),
    workload("comment, one hot post", What::Comment { posts: 1 }, &[over(Pgbench, 3.0)]),
    workload("like, many posts", What::Like { posts: SPREAD }, &[beside(Pgbench)]),
    workload("like, one hot post", What::Like { posts: 1 }, &[over(Pgbench, 3.0)]),
    workload("mixed", What::Mixed, &[]),
];

/// The workloads whose names contain `part`.
pub fn named(part: Option<&str>) -> Vec<Workload> {
    let part = part.unwrap_or_default().to_lowercase();
    WORKLOADS.iter().filter(|workload| workload.name.contains(&part)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let names: std::collections::HashSet<_> = WORKLOADS.iter().map(|workload| workload.name).collect();
        assert_eq!(names.len(), WORKLOADS.len());
    }

    #[test]
    fn reads_come_first() {
        assert!(WORKLOADS.is_sorted_by_key(|workload| !workload.what.is_read()));
    }

    #[test]
    fn are_selected_by_a_part_of_their_names() {
        let names: Vec<_> = named(Some("HOT")).iter().map(|workload| workload.name).collect();
        assert_eq!(names, ["comment, one hot post", "like, one hot post"]);
        assert_eq!(named(None).len(), WORKLOADS.len());
    }
}
