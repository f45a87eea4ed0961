//! `watch`: a line for each poll and each change, until it is interrupted or has seen enough.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;

use super::{Exit, selected, stop_signal};
use crate::cli::{Format, WatchArgs};
use crate::output::say;
use crate::run::ReleaseSeen;
use crate::watch::{Asked, Change, Condition, History, Pace, Poll, Watcher};

/// Watches the target that `args` names. Ends well unless the last of a given number of polls found no service.
pub(super) async fn run(args: WatchArgs) -> anyhow::Result<Exit> {
    let target = Arc::new(selected(&args.target)?);
    let stop = stop_signal();
    let (sender, mut polls) = tokio::sync::mpsc::channel(16);
    let pace = Pace { live: args.every, ..Pace::default() };
    tokio::spawn(Watcher::new(target, pace).run(sender, stop.clone()));
    let mut history = History::new(1);
    let mut last = None;
    while let Some(poll) = polls.recv().await {
        last = Some(poll.condition);
        let read = show(&poll, &history.record(poll.clone()), args.format);
        if !read || args.count.is_some_and(|count| history.polls() >= count) {
            break;
        }
    }
    eprintln!("{}", summary(&history, OffsetDateTime::now_utc()));
    let found = stop.is_cancelled() || last.is_some_and(Condition::serves);
    Ok(if found { Exit::Pass } else { Exit::Findings })
}

/// Prints a poll and what it changed; whether anybody still reads.
fn show(poll: &Poll, changes: &[Change], format: Format) -> bool {
    if format != Format::Human {
        return say(&format!("{}\n", serde_json::to_string(poll).unwrap_or_default()));
    }
    let told: String = changes.iter().map(|change| format!("         {}\n", told(change))).collect();
    say(&format!("{}\n{told}", line(poll)))
}

/// `12:30:05 up       200    3.1 ms live   `
fn line(poll: &Poll) -> String {
    let clock = poll.at.format(format_description!("[hour]:[minute]:[second]")).unwrap_or_default();
    let latency = poll.latency_ms.map_or_else(|| "        -".to_owned(), |ms| format!("{ms:6.1} ms"));
    let asked = if poll.asked == Asked::Live { "live" } else { "health" };
    let commit = poll.release.commit.as_deref().unwrap_or_default();
    format!("{clock} {:8} {latency} {asked:6} {} {commit}", poll.condition, poll.note).trim_end().to_owned()
}

fn told(change: &Change) -> String {
    match change {
        Change::Release { from, to } => format!("release changed from {} to {}", name(from), name(to)),
        Change::Restarted { release } => format!("{} started anew", name(release)),
        Change::WentDown { .. } => "users are no longer served".to_owned(),
        Change::CameBack { after } => format!("users are served again, after {}", seconds(*after)),
    }
}

fn name(release: &ReleaseSeen) -> &str {
    [&release.commit, &release.version, &release.deployment]
        .into_iter()
        .find_map(|name| name.as_deref())
        .unwrap_or("an unnamed release")
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn summary(history: &History, now: OffsetDateTime) -> String {
    let latencies = history
        .percentiles()
        .map_or_else(String::new, |at| format!(", p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms", at.p50_ms, at.p95_ms, at.p99_ms));
    let cold = history.cold_ms().map_or_else(String::new, |ms| format!(", first answer {ms:.1} ms"));
    let plural = if history.polls() == 1 { "" } else { "s" };
    format!("{} poll{plural}{latencies}{cold}, {} without service", history.polls(), seconds(history.downtime(now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Source;

    fn poll(condition: Condition, latency_ms: Option<f64>, note: &str) -> Poll {
        let release = ReleaseSeen { commit: Some("3f9d1c2".into()), ..ReleaseSeen::default() };
        Poll {
            at: OffsetDateTime::UNIX_EPOCH,
            asked: Asked::Health,
            status: None,
            latency_ms,
            source: Source::App,
            release,
            condition,
            note: note.into(),
        }
    }

    #[test]
    fn a_poll_is_a_line_whose_columns_stay_in_place() {
        let polls = [poll(Condition::Degraded, Some(1234.56), "503"), poll(Condition::Down, None, "no answer: closed")];
        insta::assert_snapshot!(polls.iter().map(line).collect::<Vec<_>>().join("\n"), @r"
        00:00:00 degraded 1234.6 ms health 503 3f9d1c2
        00:00:00 down             - health no answer: closed 3f9d1c2
        ");
    }

    #[test]
    fn the_last_line_sums_up() {
        let mut history = History::new(1);
        history.record(poll(Condition::Up, Some(3.04), "200"));
        insta::assert_snapshot!(summary(&history, OffsetDateTime::UNIX_EPOCH), @"1 poll, first answer 3.0 ms, 0.0 s without service");
    }
}
