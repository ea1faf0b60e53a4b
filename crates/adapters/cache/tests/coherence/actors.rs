//! Actors that read and write at random, and check what they see.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use accounts::ports::{KeptName, NameHash, NameHashes, PasswordHash, ProfileChanges, UserRepository};
use cache::{CachedPosts, CachedTimelines, CachedUsers};
use domain::{
    Bio, CommentId, Content, Cursor, DisplayName, PageRequest, PageSize, PostId, RepositoryError, Timestamp, UserId,
    UserRef, Username,
};
use feed::ports::TimelineRepository;
use posts::ports::{CommentRepository, Edit, NewComment, NewPost, PostRepository};
use removals::ports::{Progress, RemovalRepository};
use removals::{Removal, RemovalKind};
use social::ports::FollowRepository;
use testkit::{NOW, a_user, acting, id};
use tokio::time::{sleep, timeout};

use crate::repositories::{Reads, Repository};
use crate::state::{Answer, Query};
use crate::world::World;

/// The ports of one instance.
pub(crate) struct Ports {
    instance: usize,
    world: Arc<World>,
    posts: CachedPosts,
    users: CachedUsers,
    timelines: CachedTimelines,
    /// The ports that are not cached.
    plain: Arc<Repository>,
}

impl Ports {
    pub(crate) fn new(world: &Arc<World>, instance: usize) -> Self {
        let cache = &world.caches()[instance];
        let inner = Arc::new(Repository { world: world.clone(), instance, reads: Reads::Own });
        let loader = Arc::new(Repository { reads: Reads::Received, ..Repository::clone(&inner) });
        Self {
            instance,
            world: world.clone(),
            posts: CachedPosts::new(inner.clone(), loader.clone(), inner.clone(), cache.clone()),
            users: CachedUsers::new(inner.clone(), loader.clone(), inner.clone(), cache.clone()),
            timelines: CachedTimelines::new(inner.clone(), loader, inner.clone(), cache.clone()),
            plain: inner,
        }
    }

    pub(crate) async fn ask(&self, query: &Query, reader: Option<UserId>) -> Result<Answer, RepositoryError> {
        let strip = |page: domain::PostPage| (*page.page).clone();
        Ok(match query {
            Query::Post(id) => Answer::Post(self.posts.find(*id, reader).await?.map(|post| (*post.subject).clone())),
            Query::User(user) => Answer::User(self.users.find(user, reader).await?.map(|user| (*user.subject).clone())),
            Query::Feed(page) => Answer::Posts(Some(strip(self.timelines.public(*page, reader).await?))),
            Query::PostsOf(user, page) => Answer::Posts(self.posts.list_by_user(user, *page, reader).await?.map(strip)),
        })
    }

    /// Reads, and checks that the answer shows every required write.
    async fn read(&self, query: &Query, reader: Option<UserId>) {
        let required = self.world.required(self.instance, reader);
        let Ok(answer) = self.ask(query, reader).await else {
            return;
        };
        let mut position = self.world.latest();
        // The oldest required write so far that the answer misses.
        let mut missed = None;
        loop {
            let shown = self.world.at(position).answer(query);
            if shown == answer && missed.is_none() {
                return;
            }
            assert!(
                position > 0,
                "{reader:?} at {} asks for {query:?} and gets {answer:#?}, which misses {missed:?}",
                self.instance
            );
            if self.world.at(position - 1).answer(query) != shown {
                // A write that is not yet required may hide later ones. For example, the name of the author of a post
                // that is not shown.
                missed = required.binary_search(&position).ok().map(|_| position);
            }
            position -= 1;
        }
    }
}

/// Numbers posts, including deleted ones and ones not yet published.
pub(crate) struct Names(AtomicUsize);

impl Names {
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn post_id(number: usize) -> PostId {
    id(&format!("post{number}"))
}

fn comment_id(number: usize) -> CommentId {
    id(&format!("comment{number}"))
}

pub(crate) const PEOPLE: [&str; 4] = ["ada", "bob", "cyd", "dan"];

/// A person's account, with a new id after each erasure.
fn account(name: &str, life: usize) -> UserId {
    id(&format!("{name}{life}"))
}

fn some_account(world: &World) -> UserId {
    account(PEOPLE[world.below(PEOPLE.len())], world.below(3))
}

pub(crate) fn queries(world: &World, names: &Names) -> Vec<Query> {
    let mut users: Vec<_> = PEOPLE.iter().map(|name| UserRef::Username(Username::parse(name).unwrap())).collect();
    users.extend(PEOPLE.iter().flat_map(|name| (0..4).map(|life| account(name, life).into())));
    let first = PageRequest { size: PageSize::new(4).unwrap(), after: None };
    let mut pages = vec![first];
    let state = world.now();
    pages.extend(
        state
            .posts
            .iter()
            .map(|(id, (_, _, at, _))| PageRequest { after: Some(Cursor { at: *at, id: id.cuid() }), ..first }),
    );
    let mut queries: Vec<_> = (0..names.count() + 2).map(|number| Query::Post(post_id(number))).collect();
    queries.extend(users.iter().cloned().map(Query::User));
    queries.extend(pages.iter().copied().map(Query::Feed));
    queries.extend(users.iter().map(|user| Query::PostsOf(user.clone(), first)));
    queries
}

fn some_query(world: &World, names: &Names) -> Query {
    // Most reads are of new posts.
    let newest = names.count().saturating_sub(world.below(6));
    match world.below(4) {
        0 => Query::Post(post_id(newest)),
        1 => Query::Feed(PageRequest { size: PageSize::new(4).unwrap(), after: None }),
        _ => {
            let mut all = queries(world, names);
            all.swap_remove(world.below(all.len()))
        }
    }
}

/// An anonymous reader: reads at random until aborted.
pub(crate) async fn stranger(world: Arc<World>, ports: Arc<Vec<Ports>>, names: Arc<Names>) {
    loop {
        ports[world.below(ports.len())].read(&some_query(&world, &names), None).await;
        world.pause(30).await;
    }
}

/// A signed-in user: reads and writes at random until aborted.
pub(crate) async fn person(world: Arc<World>, ports: Arc<Vec<Ports>>, names: Arc<Names>, name: &'static str) {
    let mut life = 0;
    sign_up(&world, &ports[0], name, life).await;
    loop {
        let ports = &ports[world.below(ports.len())];
        let me = account(name, life);
        if world.below(3) > 0 {
            ports.read(&some_query(&world, &names), Some(me)).await;
        } else if world.below(120) == 0 && life < 3 {
            world.begins(me);
            let erased = ports
                .users
                .erase(
                    acting(me),
                    &PasswordHash(String::new()).into(),
                    &KeptName { hash: NameHash([0; 32]), until: NOW },
                )
                .await;
            if erased.is_ok() {
                world.answered(ports.instance, me);
                remove(&world, ports, me).await;
                life += 1;
                sign_up(&world, ports, name, life).await;
            }
        } else {
            world.begins(me);
            let write = write(&world, ports, &names, me);
            let is_done = if world.happens(world.plan.lost_writes) {
                matches!(timeout(Duration::from_millis(6), write).await, Ok(true))
            } else {
                write.await
            };
            if is_done {
                world.answered(ports.instance, me);
            }
        }
        world.pause(30).await;
    }
}

/// Removes rows of an erased account until done, or until a removal fails.
async fn remove(world: &World, ports: &Ports, account: UserId) {
    let removal = Removal { kind: RemovalKind::Account, id: account.cuid() };
    while let Ok(progress) = ports.plain.remove_some(removal, 1).await {
        world.answered(ports.instance, account);
        if progress == Progress::Done {
            return;
        }
        world.pause(20).await;
    }
}

async fn sign_up(world: &World, ports: &Ports, name: &str, life: usize) {
    let user = domain::User { id: account(name, life), ..a_user(name).build() };
    // The name is free once the removal of the old account is complete.
    let names = NameHashes { current: NameHash([0; 32]), older: Vec::new() };
    while ports.users.insert(&user, &PasswordHash(String::new()), &names).await.is_err() {
        sleep(Duration::from_millis(50)).await;
    }
    world.answered(ports.instance, user.id);
}

async fn write(world: &World, ports: &Ports, names: &Names, me: UserId) -> bool {
    let state = world.now();
    let post = post_id(names.count().saturating_sub(world.below(8)));
    let mine: Vec<_> = state.posts.iter().filter(|(_, (author, ..))| *author == me).map(|(id, _)| *id).collect();
    let own = mine.get(world.below(mine.len())).copied().unwrap_or(post);
    let at = Timestamp::from_micros(i64::try_from(world.milliseconds()).unwrap());
    let content = Content::parse(&format!("says {}", world.latest())).unwrap();
    match world.below(11) {
        0 | 1 => {
            let new = NewPost {
                id: post_id(names.next()),
                author_id: me,
                session_id: acting(me).session_id,
                content,
                created_at: at,
            };
            ports.posts.publish(&new, None).await.is_ok()
        }
        2 => ports.posts.edit(own, &Edit { content, at, expected: None }, acting(me)).await.is_ok(),
        3 if mine.contains(&own) => ports.posts.delete(own, acting(me), None).await.is_ok(),
        4 | 5 => ports.posts.like(post, acting(me), at).await.is_ok(),
        6 => ports.posts.unlike(post, acting(me)).await.is_ok(),
        7 => {
            let number = world.below(200);
            if let Some((_, author)) = state.comments.get(&comment_id(number)).filter(|(_, author)| *author == me) {
                return CommentRepository::delete(&*ports.plain, comment_id(number), acting(*author), None)
                    .await
                    .is_ok();
            }
            let new = NewComment {
                id: comment_id(number),
                post_id: post,
                parent_id: None,
                author_id: me,
                session_id: acting(me).session_id,
                content,
                created_at: at,
                deepest: domain::Comment::DEEPEST,
            };
            !state.comments.contains_key(&new.id) && ports.plain.add(&new, None).await.is_ok()
        }
        8 => ports.plain.follow(acting(me), some_account(world), at).await.is_ok(),
        9 => ports.plain.unfollow(acting(me), some_account(world)).await.is_ok(),
        _ => {
            let display_name = DisplayName::parse(&format!("name {}", world.latest())).unwrap();
            let changes = ProfileChanges {
                display_name: (world.below(2) == 0).then_some(display_name),
                bio: Some(Bio::parse(&format!("bio {}", world.latest())).unwrap()),
                ..ProfileChanges::default()
            };
            ports.users.update(acting(me), &changes, None).await.is_ok()
        }
    }
}
