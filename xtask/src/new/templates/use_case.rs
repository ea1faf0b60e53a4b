//! <<Verbs>> a <<noun>>, and takes the <<verb>> back.

use std::sync::Arc;

use domain::{Clock, <<Type>>, Principal, RepositoryError};

use crate::ports::{Add<<Verb>>, <<Verb>>Repository, Remove<<Verb>>};

/// Why a <<verb>> was not stored or removed.
#[derive(Debug, thiserror::Error)]
pub enum <<UseCase>>Error {
    /// The <<noun>> does not exist.
    #[error("there is no such <<noun>>")]
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    #[error("the session has ended")]
    SessionEnded,
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// <<Verbs>> a <<noun>>, or takes the <<verb>> back. Both are idempotent.
pub struct <<UseCase>> {
    <<verbs>>: Arc<dyn <<Verb>>Repository>,
    clock: Arc<dyn Clock>,
}

impl <<UseCase>> {
    /// Creates the use case.
    pub fn new(<<verbs>>: Arc<dyn <<Verb>>Repository>, clock: Arc<dyn Clock>) -> Self {
        Self { <<verbs>>, clock }
    }

    /// Stores the <<verb>> of `actor`.
    pub async fn execute(&self, <<noun>>: <<Argument>>, actor: Principal) -> Result<(), <<UseCase>>Error> {
        match self.<<verbs>>.add(<<noun>>, actor, self.clock.now()).await? {
            Add<<Verb>>::Added | Add<<Verb>>::Already => Ok(()),
            Add<<Verb>>::NotFound => Err(<<UseCase>>Error::NotFound),
            Add<<Verb>>::SessionEnded => Err(<<UseCase>>Error::SessionEnded),
        }
    }

    /// Removes the <<verb>> of `actor`, if there is one.
    pub async fn undo(&self, <<noun>>: <<Argument>>, actor: Principal) -> Result<(), <<UseCase>>Error> {
        match self.<<verbs>>.remove(<<noun>>, actor).await? {
            Remove<<Verb>>::Removed | Remove<<Verb>>::Nothing => Ok(()),
            Remove<<Verb>>::NotFound => Err(<<UseCase>>Error::NotFound),
            Remove<<Verb>>::SessionEnded => Err(<<UseCase>>Error::SessionEnded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Mock<<Verb>>Repository;
    use crate::test_support::{FixedClock, NOW, id, principal};

    fn over(<<verbs>>: Mock<<Verb>>Repository) -> <<UseCase>> {
        <<UseCase>>::new(Arc::new(<<verbs>>), Arc::new(FixedClock))
    }

    mod execute {
        use super::*;

        fn adding(outcome: Add<<Verb>>) -> <<UseCase>> {
            let mut <<verbs>> = Mock<<Verb>>Repository::new();
            <<verbs>>.expect_add().returning(move |_, _, _| Ok(outcome));
            over(<<verbs>>)
        }

        #[tokio::test]
        async fn stores_the_user_and_the_time() {
            let mut <<verbs>> = Mock<<Verb>>Repository::new();
            <<verbs>>
                .expect_add()
                .withf(|<<noun>>, by, at| *<<noun>> == <<example>> && *by == principal(7) && *at == NOW)
                .once()
                .returning(|_, _, _| Ok(Add<<Verb>>::Added));
            assert!(over(<<verbs>>).execute(<<borrow>><<example>>, principal(7)).await.is_ok());
        }

        #[tokio::test]
        async fn accepts_a_second_<<verb>>() {
            assert!(adding(Add<<Verb>>::Already).execute(<<borrow>><<example>>, principal(7)).await.is_ok());
        }

        #[tokio::test]
        async fn rejects_a_missing_<<noun>>() {
            let result = adding(Add<<Verb>>::NotFound).execute(<<borrow>><<example>>, principal(7)).await;
            assert!(matches!(result, Err(<<UseCase>>Error::NotFound)));
        }

        #[tokio::test]
        async fn rejects_an_ended_session() {
            let result = adding(Add<<Verb>>::SessionEnded).execute(<<borrow>><<example>>, principal(7)).await;
            assert!(matches!(result, Err(<<UseCase>>Error::SessionEnded)));
        }
    }

    mod undo {
        use super::*;

        fn removing(outcome: Remove<<Verb>>) -> <<UseCase>> {
            let mut <<verbs>> = Mock<<Verb>>Repository::new();
            <<verbs>>
                .expect_remove()
                .withf(|<<noun>>, by| *<<noun>> == <<example>> && *by == principal(7))
                .once()
                .returning(move |_, _| Ok(outcome));
            over(<<verbs>>)
        }

        #[tokio::test]
        async fn accepts_a_<<noun>>_without_<<verb>>() {
            for outcome in [Remove<<Verb>>::Removed, Remove<<Verb>>::Nothing] {
                assert!(removing(outcome).undo(<<borrow>><<example>>, principal(7)).await.is_ok());
            }
        }

        #[tokio::test]
        async fn rejects_a_missing_<<noun>>() {
            let result = removing(Remove<<Verb>>::NotFound).undo(<<borrow>><<example>>, principal(7)).await;
            assert!(matches!(result, Err(<<UseCase>>Error::NotFound)));
        }

        #[tokio::test]
        async fn rejects_an_ended_session() {
            let result = removing(Remove<<Verb>>::SessionEnded).undo(<<borrow>><<example>>, principal(7)).await;
            assert!(matches!(result, Err(<<UseCase>>Error::SessionEnded)));
        }
    }
}
