//! What is measured, against what, and what it is to reach.

/// A request, or a mixture of them, and what it is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// What it is called in every table.
    pub name: &'static str,
    /// What is asked for.
    pub what: What,
    /// What it is compared with.
    pub ceilings: &'static [Ceiling],
}

/// What is asked of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The first page of the public feed, by nobody.
    PublicFeed,
    /// The same by many, who see what they like.
    SignedInFeed,
    /// A page of the public feed half-way to its end, by nobody.
    DeepFeed,
    /// One post.
    Post,
    /// Many posts.
    Posts,
    /// One post that the client has already.
    PostUnchanged,
    /// The comments of many posts.
    Comments,
    /// A post and its comments, sent together.
    PostWithComments,
    /// Accounts by name.
    UserByName,
    /// The home timeline of somebody who follows so many.
    Home(usize),
    /// New posts by many.
    Publish,
    /// New comments by many, on so many posts.
    Comment {
        /// How many posts.
        posts: usize,
    },
    /// Likes by many, and their taking back, of so many posts.
    Like {
        /// How many posts.
        posts: usize,
    },
    /// Of a hundred requests 80 for the feed, 15 for one thing, 5 that write.
    Mixed,
}

impl What {
    /// The requests that it sends together.
    pub fn parts(self) -> &'static [Self] {
        match self {
            Self::PostWithComments => &[Self::Posts, Self::Comments],
            _ => &[],
        }
    }

    /// Whether it changes nothing.
    pub fn is_read(self) -> bool {
        !matches!(self, Self::Publish | Self::Comment { .. } | Self::Like { .. } | Self::Mixed)
    }
}

/// What a workload is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Ceiling {
    /// Who does the least that has to be done.
    pub by: By,
    /// The ratio of the server's rate to the ceiling's that it is to reach.
    pub target: Option<f64>,
}

/// Who does the least that has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Nginx, with the same bytes from a file.
    Nginx,
    /// One handler of actix-web, with the same bytes from memory.
    Bare,
    /// `pgbench`, with the same statements.
    Pgbench,
    /// The same server, asked for one after the other: two requests that are sent together should take as long as both.
    Singles,
}

impl By {
    /// What it is called in every table.
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

/// A spread of posts is so many.
const SPREAD: usize = 1000;

use By::{Bare, Nginx, Pgbench, Singles};

/// Everything, in the order in which it is measured: what writes comes last, since it makes the database another one.
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
    fn are_chosen_by_a_part_of_their_names() {
        let names: Vec<_> = named(Some("HOT")).iter().map(|workload| workload.name).collect();
        assert_eq!(names, ["comment, one hot post", "like, one hot post"]);
        assert_eq!(named(None).len(), WORKLOADS.len());
    }
}
