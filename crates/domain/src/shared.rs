//! Values that several readers share.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A value that is read by many and changed by nobody, together with what was made of it.
///
/// Whoever has to say the same thing in another form again and again, such as encoded, makes that form once and leaves
/// it with the value: it goes when the value goes, and can never be of another one.
pub struct Shared<T>(Arc<Inner<T>>);

struct Inner<T> {
    value: T,
    form: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl<T> Shared<T> {
    /// Shares `value`.
    pub fn new(value: T) -> Self {
        Self(Arc::new(Inner { value, form: OnceLock::new() }))
    }

    /// The value in the form `F`: made now, or left by an earlier reader. A value keeps one form; `None` if that is
    /// another one.
    pub fn form<F: Any + Send + Sync>(&self, make: impl FnOnce(&T) -> F) -> Option<&F> {
        self.0.form.get_or_init(|| Box::new(make(&self.0.value))).downcast_ref()
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

// Written out because a derive would ask for a `T` that can be cloned.
impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Doubled(u32);

    #[test]
    fn a_form_is_made_once_for_all_who_share_the_value() {
        let one = Shared::new(21);
        let other = one.clone();
        assert_eq!(one.form(|value| Doubled(value * 2)), Some(&Doubled(42)));
        assert_eq!(other.form(|_| -> Doubled { unreachable!("it is there") }), Some(&Doubled(42)));
    }

    #[test]
    fn one_form_is_not_taken_for_another() {
        let value = Shared::new(21);
        assert!(value.form(|value| Doubled(*value)).is_some());
        assert_eq!(value.form(ToString::to_string), None);
    }

    #[test]
    fn values_are_the_same_if_they_say_the_same() {
        let (one, other) = (Shared::new(1), Shared::new(1));
        one.form(ToString::to_string);
        assert!(one == other && one != Shared::new(2));
    }
}
