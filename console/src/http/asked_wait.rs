//! How long an answer asks to wait: by `Retry-After`, or by what limiters say of when their window ends.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::Answer;
use super::answer::Headers;

/// The headers that name the end of a window, in seconds from now or since 1970: drafts of the IETF, then what most send.
const RESETS: [&str; 3] = ["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"];
/// From here on a number of seconds is a moment, and not a span.
const OF_A_MOMENT: u64 = 1_000_000_000;

/// How long `Retry-After` asks to wait: a number of seconds, or a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.headers.text("retry-after")?;
    let text = text.trim();
    text.parse().map(Duration::from_secs).ok().or_else(|| until(OffsetDateTime::parse(text, &Rfc2822).ok()?, answer.received_at))
}

/// The same, else when a window of the service's limits ends, where it says so.
pub(super) fn told(answer: &Answer) -> Option<Duration> {
    retry_after(answer).or_else(|| reset(&answer.headers, answer.received_at))
}

fn reset(headers: &Headers, now: OffsetDateTime) -> Option<Duration> {
    let plain = RESETS.iter().find_map(|name| headers.text(name)?.trim().parse::<u64>().ok());
    let seconds = plain.or_else(|| parameter(&headers.text("ratelimit")?))?;
    if seconds < OF_A_MOMENT {
        return Some(Duration::from_secs(seconds));
    }
    until(OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?, now)
}

/// The seconds in `limit=100, remaining=0, reset=50`, and in `"default";r=0;t=50` (drafts 7 and 8 of the rate limit header fields).
fn parameter(field: &str) -> Option<u64> {
    let mut members = field.split([',', ';']).filter_map(|member| member.trim().split_once('='));
    members.find(|(name, _)| matches!(*name, "reset" | "t"))?.1.parse().ok()
}

/// The time from `now` to a moment that is still to come.
fn until(moment: OffsetDateTime, now: OffsetDateTime) -> Option<Duration> {
    (moment - now).try_into().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::seconds(&[("retry-after", "7"), ("ratelimit-reset", "30")], Some(7))]
    #[case::a_date(&[("retry-after", "Thu, 01 Jan 1970 00:01:05 GMT")], Some(65))]
    #[case::a_date_that_is_past(&[("retry-after", "Wed, 31 Dec 1969 23:59:00 GMT")], None)]
    #[case::draft_6(&[("ratelimit-reset", "30")], Some(30))]
    #[case::draft_7(&[("ratelimit", "limit=100, remaining=0, reset=50")], Some(50))]
    #[case::draft_8(&[("ratelimit", "\"sign-ins\";r=0;t=40")], Some(40))]
    #[case::seconds_of_no_draft(&[("x-ratelimit-reset", "20")], Some(20))]
    #[case::nothing(&[("x-ratelimit-limit", "100")], None)]
    fn what_limiters_say_of_their_end_is_understood(#[case] headers: &[(&str, &str)], #[case] seconds: Option<u64>) {
        let answer = Answer { received_at: OffsetDateTime::UNIX_EPOCH, ..Answer::canned(429, headers, "") };
        assert_eq!(told(&answer).map(|wait| wait.as_secs()), seconds);
    }

    #[test]
    fn a_moment_since_1970_is_told_from_a_span() {
        let now = OffsetDateTime::from_unix_timestamp(1_900_000_000).unwrap();
        let answer = Answer { received_at: now, ..Answer::canned(429, &[("x-ratelimit-reset", "1900000033")], "") };
        assert_eq!(told(&answer), Some(Duration::from_secs(33)));
    }
}
