//! What a driver's error means: whose fault it is, and whether the connection survived it.

use sqlx::Error;

use crate::tasks::StoreError;

/// What a driver error means for the caller.
pub(crate) fn failure(error: Error) -> StoreError {
    match &error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => {
            StoreError::Unavailable(error)
        }
        Error::Database(cause) => match cause.code().as_deref().map(Meaning::of).unwrap_or_default() {
            Meaning::Unavailable => StoreError::Unavailable(error),
            Meaning::Schema => StoreError::Schema(error),
            Meaning::Bug if cause.message().contains("no such table") => StoreError::Schema(error),
            Meaning::Bug => StoreError::Internal(error),
        },
        _ => StoreError::Internal(error),
    }
}

/// What an SQLSTATE means (PostgreSQL manual, appendix A), or a result code of SQLite.
#[derive(Debug, Default, PartialEq, Eq)]
enum Meaning {
    Unavailable,
    Schema,
    #[default]
    Bug,
}

impl Meaning {
    /// Unavailable: 08 connection, 25006 read-only (failing over), 28 and 3D refused logins, 40 deadlocks, 53 resources, 55P03 lock not available,
    /// 57 operator intervention (57P01 when Neon suspends), 58 system, XX what Neon's proxy says while a compute starts.
    /// The numbers are SQLite's: busy, locked, input/output, full.
    /// Schema: 42P01 no such table, 42703 no such column, 3F000 no such schema.
    fn of(code: &str) -> Self {
        match code {
            "42P01" | "42703" | "3F000" => Self::Schema,
            "25006" | "55P03" | "5" | "6" | "10" | "13" | "261" | "517" => Self::Unavailable,
            _ => match code.get(..2) {
                Some("08" | "28" | "3D" | "40" | "53" | "57" | "58" | "XX") => Self::Unavailable,
                _ => Self::Bug,
            },
        }
    }
}

/// The connection is gone, which says nothing about the next one. A time-out of the pool is not that.
pub(super) fn dead(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Protocol(_) | Error::Tls(_) => true,
        Error::Database(cause) => cause.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("57P01", Meaning::Unavailable)]
    #[case("53300", Meaning::Unavailable)]
    #[case("08006", Meaning::Unavailable)]
    #[case("28P01", Meaning::Unavailable)]
    #[case("XX000", Meaning::Unavailable)]
    #[case("5", Meaning::Unavailable)]
    #[case("42P01", Meaning::Schema)]
    #[case("42703", Meaning::Schema)]
    #[case("42601", Meaning::Bug)]
    #[case("23514", Meaning::Bug)]
    #[case("", Meaning::Bug)]
    fn an_sqlstate_says_whose_fault_it_is(#[case] code: &str, #[case] meaning: Meaning) {
        assert_eq!(Meaning::of(code), meaning);
    }
}
