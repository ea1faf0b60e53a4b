//! [`<<Verb>>Repository`].

use ::<<context>>::ports::{Add<<Verb>>, <<Verb>>Repository, Remove<<Verb>>};
use domain::Principal;
use testkit::{NOW, acting, id, on_both_databases};

use crate::scene::Scene;

mod add {
    use super::*;

    on_both_databases![stores_it_once, rejects_a_missing_<<noun>>_and_an_ended_session];

    async fn stores_it_once(s: Scene) {
        let ada = s.user("ada").await;
        let <<noun>> = <<stored>>;
        for outcome in [Add<<Verb>>::Added, Add<<Verb>>::Already] {
            assert_eq!(s.<<verbs>>.add(<<borrow>><<noun>>, acting(ada), NOW).await.unwrap(), outcome);
        }
        assert_eq!(s.db.count("<<verbs>>").await, 1);
    }

    async fn rejects_a_missing_<<noun>>_and_an_ended_session(s: Scene) {
        let ada = s.user("ada").await;
        let (<<noun>>, missing) = (<<stored>>, <<missing>>);
        assert_eq!(s.<<verbs>>.add(<<borrow>>missing, acting(ada), NOW).await.unwrap(), Add<<Verb>>::NotFound);
        let ended = Principal { user_id: ada, session_id: id("ended") };
        assert_eq!(s.<<verbs>>.add(<<borrow>><<noun>>, ended, NOW).await.unwrap(), Add<<Verb>>::SessionEnded);
        assert_eq!(s.db.count("<<verbs>>").await, 0);
    }
}

mod remove {
    use super::*;

    on_both_databases![removes_it_once, rejects_a_missing_<<noun>>_and_an_ended_session];

    async fn removes_it_once(s: Scene) {
        let ada = s.user("ada").await;
        let <<noun>> = <<stored>>;
        s.<<verbs>>.add(<<borrow>><<noun>>, acting(ada), NOW).await.unwrap();
        for outcome in [Remove<<Verb>>::Removed, Remove<<Verb>>::Nothing] {
            assert_eq!(s.<<verbs>>.remove(<<borrow>><<noun>>, acting(ada)).await.unwrap(), outcome);
        }
        assert_eq!(s.db.count("<<verbs>>").await, 0);
    }

    async fn rejects_a_missing_<<noun>>_and_an_ended_session(s: Scene) {
        let ada = s.user("ada").await;
        let (<<noun>>, missing) = (<<stored>>, <<missing>>);
        s.<<verbs>>.add(<<borrow>><<noun>>, acting(ada), NOW).await.unwrap();
        assert_eq!(s.<<verbs>>.remove(<<borrow>>missing, acting(ada)).await.unwrap(), Remove<<Verb>>::NotFound);
        let ended = Principal { user_id: ada, session_id: id("ended") };
        assert_eq!(s.<<verbs>>.remove(<<borrow>><<noun>>, ended).await.unwrap(), Remove<<Verb>>::SessionEnded);
        assert_eq!(s.db.count("<<verbs>>").await, 1);
    }
}
