//! The marker that every object of a run carries in its title, so that any later run can recognise and remove it.

use time::OffsetDateTime;
use uuid::Uuid;

const PREFIX: &str = "postflight-";
const RUN_DIGITS: usize = 32;

/// What a marker tells: which run made the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// The run's id (`UUIDv7`).
    pub(super) run: Uuid,
}

impl Marker {
    /// The marker text of `run`, made unique by `nonce`: `postflight-<run>-<nonce>`.
    pub(super) fn text(run: Uuid, nonce: &str) -> String {
        format!("{PREFIX}{}-{nonce}", run.simple())
    }

    /// Finds a marker anywhere in `title`. Only the exact form counts: prefix, 32 lower-case digits of a `UUIDv7`, a hyphen.
    pub(super) fn find(title: &str) -> Option<Self> {
        title.match_indices(PREFIX).find_map(|(at, _)| Self::at(title.get(at + PREFIX.len()..)?))
    }

    fn at(rest: &str) -> Option<Self> {
        let (digits, rest) = rest.split_at_checked(RUN_DIGITS)?;
        let run = Uuid::try_parse(digits).ok().filter(|run| run.get_version_num() == 7)?;
        rest.starts_with('-').then_some(Self { run })
    }

    /// When the run began, from its id.
    pub(super) fn began(self) -> Option<OffsetDateTime> {
        let (seconds, _) = self.run.get_timestamp()?.to_unix();
        OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_inside_a_title_and_nothing_else_is_taken_for_one() {
        let run = Uuid::now_v7();
        let title = format!("renamed {} by A", Marker::text(run, "abc"));
        assert_eq!(Marker::find(&title), Some(Marker { run }));
        assert!(Marker { run }.began().is_some_and(|at| (OffsetDateTime::now_utc() - at).whole_seconds() < 5));
        for other in ["postflight", "postflight-notes for monday", "postflight-00000000000000000000000000000000-x", ""] {
            assert_eq!(Marker::find(other), None, "{other}");
        }
    }
}
