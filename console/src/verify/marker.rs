//! The marker that every object of a run carries in its title, so that any later run can recognise and remove it.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

const PREFIX: &str = "postflight-";
const RUN_DIGITS: usize = 32;
/// How long a run may live whose marker does not say so.
const UNSAID: Duration = Duration::from_hours(1);
/// What may come on top of a run's own lifetime: its clean-up, and clocks that differ.
const MARGIN: Duration = Duration::from_mins(2);

/// What a marker tells: which run made the object, and how long that run may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// The run's id (`UUIDv7`).
    pub(super) run: Uuid,
    /// The run's deadline, from its beginning.
    lives: Duration,
}

impl Marker {
    /// The marker text of `run`, which ends within `lives`, made unique by `nonce`: `postflight-<run>-<seconds>-<nonce>`.
    pub(super) fn text(run: Uuid, lives: Duration, nonce: &str) -> String {
        format!("{PREFIX}{}-{}-{nonce}", run.simple(), lives.as_secs())
    }

    /// Finds a marker anywhere in `title`. Only the exact form counts: prefix (some services begin every title with a capital), 32 lower-case
    /// digits of a `UUIDv7`, a hyphen.
    pub(super) fn find(title: &str) -> Option<Self> {
        title.to_ascii_lowercase().match_indices(PREFIX).find_map(|(at, _)| Self::at(title.get(at + PREFIX.len()..)?))
    }

    /// The words of the first marker in a text, up to what cannot belong to it.
    pub(super) fn in_text(text: &str) -> Option<&str> {
        let is_marker = |at: &usize| text.get(at + PREFIX.len()..).is_some_and(|rest| Self::at(rest).is_some());
        let marker = text.get(text.match_indices(PREFIX).map(|(at, _)| at).find(is_marker)?..)?;
        let end = marker.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(marker.len());
        marker.get(..end)
    }

    fn at(rest: &str) -> Option<Self> {
        let (digits, rest) = rest.split_at_checked(RUN_DIGITS)?;
        let lower = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let run = Uuid::try_parse(digits).ok().filter(|run| lower && run.get_version_num() == 7)?;
        let lives = rest.strip_prefix('-')?.split_once('-').and_then(|(seconds, _)| seconds.parse().ok());
        Some(Self { run, lives: lives.map_or(UNSAID, Duration::from_secs) })
    }

    /// Whether the run must be over by `now`, however it ended.
    pub(super) fn is_over(self, now: OffsetDateTime) -> bool {
        let end = self.began().and_then(|began| began.checked_add((self.lives + MARGIN).try_into().ok()?));
        end.is_some_and(|end| now > end)
    }

    /// When the run began, from its id.
    fn began(self) -> Option<OffsetDateTime> {
        let (seconds, _) = self.run.get_timestamp()?.to_unix();
        OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_inside_a_title_and_nothing_else_is_taken_for_one() {
        let (run, lives) = (Uuid::now_v7(), Duration::from_mins(1));
        let title = format!("renamed {} by A", Marker::text(run, lives, "abc"));
        assert_eq!(Marker::find(&title), Some(Marker { run, lives }));
        let capital = Marker::text(run, lives, "abc").replacen('p', "P", 1);
        assert_eq!(Marker::find(&capital), Some(Marker { run, lives }), "a title that begins with a capital");
        assert!(Marker { run, lives }.began().is_some_and(|at| (OffsetDateTime::now_utc() - at).whole_seconds() < 5));
        let body = format!("{{\"owner\":\"postflight-user-a\",\"title\":\"{} new\"}}", Marker::text(run, lives, "a0001"));
        assert_eq!(Marker::in_text(&body).map(str::to_owned), Some(Marker::text(run, lives, "a0001")));
        let of_another_version = format!("postflight-{}-60-a0001", Uuid::new_v4().simple());
        let upper_case = Marker::text(run, lives, "abc").to_uppercase().replace("POSTFLIGHT", "postflight");
        for other in [
            "postflight",
            "postflight-notes for monday",
            "postflight-00000000000000000000000000000000-x",
            &of_another_version,
            &upper_case,
            "",
        ] {
            assert_eq!(Marker::find(other), None, "{other}");
        }
    }

    #[test]
    fn a_run_is_over_when_its_own_lifetime_and_a_margin_have_passed() {
        let (run, now) = (Uuid::now_v7(), OffsetDateTime::now_utc());
        let marker = |lives: u64| Marker::find(&Marker::text(run, Duration::from_secs(lives), "a0001")).unwrap();
        for (marker, seconds, over) in [
            (marker(60), 60, false),
            (marker(60), 200, true),
            (marker(3_000), 200, false),
            (Marker::find(&format!("postflight-{}-a0001", run.simple())).unwrap(), 200, false),
        ] {
            assert_eq!(marker.is_over(now + time::Duration::seconds(seconds)), over, "{marker:?} after {seconds} s");
        }
    }
}
