//! The requests of each workload.

use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom as _;

use crate::request::Request;
use crate::workloads::What;
use crate::world::World;

/// Contents of usual length.
const THOUGHT: &str =
    r#"{"content":"A thought that is about as long as most thoughts are, so that the rows have their usual size."}"#;
const REMARK: &str = r#"{"content":"A remark of the usual length, which is not long at all."}"#;

/// The requests of `what`, which are sent repeatedly in this order.
pub fn of(what: What, world: &World) -> Vec<Request> {
    let readers = world.readers.iter();
    let writers = || world.writers.iter().enumerate();
    match what {
        What::PublicFeed => vec![Request::get("/v1/posts")],
        What::SignedInFeed => readers.map(|reader| Request::get("/v1/posts").by(&reader.token)).collect(),
        What::DeepFeed => vec![Request::get(format!("/v1/posts?cursor={}", world.deep.cursor))],
        What::Post => vec![Request::get(format!("/v1/posts/{}", world.post))],
        What::Posts => world.spread().map(|post| Request::get(format!("/v1/posts/{post}"))).collect(),
        What::PostWithComments => {
            let together = of(What::Posts, world).into_iter().zip(of(What::Comments, world));
            together.map(|(post, comments)| Request { followed_by: vec![comments], ..post }).collect()
        }
        What::PostUnchanged => {
            vec![Request::get(format!("/v1/posts/{}", world.post)).with("If-None-Match", world.post_tag.as_str())]
        }
        What::Comments => world.spread().map(|post| Request::get(format!("/v1/posts/{post}/comments"))).collect(),
        What::UserByName => vec![Request::get(format!("/v1/users/@{}", world.username))],
        What::Home(followed) => {
            let follower = world.followers.iter().find(|(count, _)| *count == followed);
            follower.map(|(_, user)| Request::get("/v1/feed").by(&user.token)).into_iter().collect()
        }
        What::Publish => writers().map(|(_, writer)| Request::post("/v1/posts", THOUGHT).by(&writer.token)).collect(),
        What::Comment { posts } => writers()
            .map(|(number, writer)| {
                let path = format!("/v1/posts/{}/comments", world.open_posts[number % posts]);
                Request::post(path, REMARK).by(&writer.token)
            })
            .collect(),
        What::Like { posts } => ["PUT", "DELETE"]
            .into_iter()
            .flat_map(|method| {
                writers().map(move |(number, writer)| {
                    let path = format!("/v1/posts/{}/like", world.open_posts[number % posts]);
                    Request::new(method, path).by(&writer.token)
                })
            })
            .collect(),
        What::Mixed => mixed(world),
    }
}

/// A thousand requests, shuffled in the same way in every run.
fn mixed(world: &World) -> Vec<Request> {
    let take = |what, count| of(what, world).into_iter().cycle().take(count);
    let posts = world.spread().cycle().take(100).map(|post| Request::get(format!("/v1/posts/{post}")));
    // Users who like a post also remove the like, so that every request changes something.
    let (put, delete) = (take(What::Like { posts: 1000 }, 8), of(What::Like { posts: 1000 }, world));
    let likes = put.chain(delete.into_iter().skip(world.writers.len()).take(7));
    let mut requests: Vec<_> = take(What::PublicFeed, 400)
        .chain(take(What::SignedInFeed, 300))
        .chain(take(What::Home(200), 100))
        .chain(posts)
        .chain(take(What::UserByName, 50))
        .chain(take(What::Publish, 20))
        .chain(take(What::Comment { posts: 1000 }, 15))
        .chain(likes)
        .collect();
    requests.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(42));
    requests
}
