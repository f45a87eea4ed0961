//! A known finding that somebody answers for until a date. It stays what it is; it only does not fail the run.

use serde::{Deserialize, Serialize};
use time::Date;

/// Who accepted a finding, why, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Why it is tolerated for now.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day (UTC) on which it is tolerated: `2026-12-31`.
    #[serde(with = "day")]
    pub until: Date,
}

time::serde::format_description!(day, Date, "[year]-[month]-[day]");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_written_as_iso_8601() {
        let accepted = Accepted { reason: "r".into(), owner: "o".into(), until: time::macros::date!(2026 - 12 - 31) };
        let text = serde_json::to_string(&accepted).unwrap_or_default();
        assert_eq!(text, r#"{"reason":"r","owner":"o","until":"2026-12-31"}"#);
        assert_eq!(serde_json::from_str::<Accepted>(&text).ok(), Some(accepted));
    }
}
