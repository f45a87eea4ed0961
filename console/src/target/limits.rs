//! How much traffic a target bears: what its own rate limit allows, and what the operator does not want exceeded.

use std::num::NonZero;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::http::{Limits, Window};

/// `[targets.NAME.limits]`, as written and as used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetLimits {
    /// Requests at most within [`Self::per`], preflights included.
    pub requests: Option<NonZero<u32>>,
    /// The window that `requests` counts in; a minute where it is not said.
    #[serde(default, deserialize_with = "duration")]
    pub per: Option<Duration>,
    /// Requests at most a second, evenly spread.
    pub rate: Option<NonZero<u32>>,
    /// Requests at most in one run.
    pub budget: Option<u64>,
    /// Requests at most in flight at once.
    pub concurrency: Option<NonZero<usize>>,
}

impl TargetLimits {
    /// `given` with what it leaves open filled from the target. What the command line says goes before what the file says.
    pub fn fill(self, given: Limits) -> Limits {
        let window =
            self.requests.map(|requests| Window { requests: requests.get(), per: self.per.unwrap_or(Duration::from_mins(1)) });
        let paced = given.rate.is_some() || given.window.is_some();
        Limits {
            window: given.window.or(window.filter(|_| !paced)),
            rate: given.rate.or(self.rate.map(NonZero::get).filter(|_| !paced)),
            budget: given.budget.or(self.budget),
            connections: given.connections.or(self.concurrency.map(NonZero::get)),
            ..given
        }
    }
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    match humantime::parse_duration(&text) {
        Ok(duration) if !duration.is_zero() => Ok(Some(duration)),
        _ => Err(D::Error::custom(format!("`{text}` is no length of time; write it like \"1m\" or \"1h\""))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_fills_what_the_command_line_leaves_open() {
        let file: TargetLimits = toml::from_str("requests = 100\nper = \"1h\"\nbudget = 80\nconcurrency = 4\n").unwrap();
        let filled = file.fill(Limits::default());
        assert_eq!(filled.window, Some(Window { requests: 100, per: Duration::from_hours(1) }));
        assert_eq!((filled.budget, filled.connections), (Some(80), Some(4)));
        let given = file.fill(Limits { rate: Some(5), budget: Some(7), ..Limits::default() });
        assert_eq!((given.window, given.rate, given.budget), (None, Some(5), Some(7)));
    }

    #[rstest::rstest]
    #[case("per = \"soon\"", "`soon` is no length of time; write it like \"1m\" or \"1h\"")]
    #[case("requests = 0", "expected a nonzero u32")]
    #[case("request = 5", "unknown field `request`")]
    fn a_mistake_says_what_to_write(#[case] text: &str, #[case] message: &str) {
        let error = toml::from_str::<TargetLimits>(text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}
