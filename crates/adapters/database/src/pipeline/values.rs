//! The values of statements, as the pipelined driver takes them.

use sea_orm::{Value, Values};
use tokio_postgres::types::{ToSql, Type};

/// The values of one statement, in order.
pub(super) struct Parameters<'v>(Vec<Parameter<'v>>);

/// One value. It has the same type as over the pool, so both make the same plans.
enum Parameter<'v> {
    Borrowed(&'v (dyn ToSql + Sync), Type),
    /// PostgreSQL has no unsigned numbers.
    Number(i64),
}

impl<'v> Parameters<'v> {
    /// `None` if there is a value of a type that reads do not use.
    pub(super) fn of(values: Option<&'v Values>) -> Option<Self> {
        let values = values.map_or(&[][..], |values| &values.0);
        values.iter().map(Parameter::of).collect::<Option<_>>().map(Self)
    }

    /// The values for the driver.
    pub(super) fn borrowed(&self) -> Vec<&(dyn ToSql + Sync)> {
        let borrowed = |parameter| match parameter {
            &Parameter::Borrowed(value, _) => value,
            Parameter::Number(number) => number as &(dyn ToSql + Sync),
        };
        self.0.iter().map(borrowed).collect()
    }

    /// The types to prepare the statement with.
    pub(super) fn types(&self) -> Vec<Type> {
        let type_of = |parameter: &Parameter<'_>| match parameter {
            Parameter::Borrowed(_, its) => its.clone(),
            Parameter::Number(_) => Type::INT8,
        };
        self.0.iter().map(type_of).collect()
    }
}

impl<'v> Parameter<'v> {
    fn of(value: &'v Value) -> Option<Self> {
        Some(match value {
            Value::Bool(value) => Self::Borrowed(value, Type::BOOL),
            Value::SmallInt(value) => Self::Borrowed(value, Type::INT2),
            Value::Int(value) => Self::Borrowed(value, Type::INT4),
            Value::BigInt(value) => Self::Borrowed(value, Type::INT8),
            Value::BigUnsigned(Some(value)) => Self::Number(i64::try_from(*value).ok()?),
            Value::String(value) => Self::Borrowed(value, Type::TEXT),
            Value::Bytes(value) => Self::Borrowed(value, Type::BYTEA),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn have_the_types_that_the_pool_gives_them() {
        let values = Values(vec!["text".into(), 7_i64.into(), 7_i32.into(), 20_u64.into(), true.into()]);
        let types = Parameters::of(Some(&values)).unwrap().types();
        assert_eq!(types, [Type::TEXT, Type::INT8, Type::INT4, Type::INT8, Type::BOOL]);
    }

    #[test]
    fn of_other_types_are_left_to_the_pool() {
        for value in [Value::Double(Some(0.5)), Value::BigUnsigned(Some(u64::MAX))] {
            assert!(Parameters::of(Some(&Values(vec![value]))).is_none());
        }
    }
}
