//! Runs each test on both databases.

use super::{Engine, TestDatabase};

/// Creates two tests for each named function, `sqlite::…` and `postgres::…`.
///
/// A function takes the test database, or any type that implements `From<TestDatabase>`:
///
/// ```text
/// mod publish {
///     use testkit::{TestDatabase, on_both_databases};
///
///     on_both_databases![begins_with_nothing];
///
///     async fn begins_with_nothing(db: TestDatabase) {
///         assert_eq!(db.count("posts").await, 0);
///     }
/// }
/// ```
///
/// A function that is not named is dead code, which the compiler reports.
#[macro_export]
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[test]
                fn $test() {
                    $crate::run($crate::Engine::Sqlite, super::$test);
                }
            )+
        }
        mod postgres {
            $(
                #[test]
                fn $test() {
                    $crate::run($crate::Engine::Postgres, super::$test);
                }
            )+
        }
    };
}

/// Runs a test on a new database; [`on_both_databases!`](crate::on_both_databases!) expands to it.
pub fn run<S, T, F>(engine: Engine, test: T)
where
    S: From<TestDatabase>,
    T: FnOnce(S) -> F,
    F: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(Box::pin(async {
        let database = TestDatabase::on(engine).await;
        test(S::from(database)).await;
    }));
}
