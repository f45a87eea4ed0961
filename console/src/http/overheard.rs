//! Errors of the run that give a program's inside away, whoever asked for what.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Answer;
use super::inside::inside;

/// Answers that are kept.
const KEPT: usize = 6;

/// The first such errors, one of each status and kind.
#[derive(Debug, Default)]
pub(super) struct Overheard(Mutex<Vec<(&'static str, Answer)>>);

impl Overheard {
    /// Keeps an error that gives something away which the request did not bring itself.
    pub(super) fn note(&self, answer: &Answer) {
        if answer.status < 400 {
            return;
        }
        let Some(kind) = inside(&answer.raw_text().to_ascii_lowercase()).filter(|_| !repeats(answer)) else { return };
        let mut kept = self.open();
        let known = kept.iter().any(|(known, other)| *known == kind && other.status == answer.status);
        if kept.len() < KEPT && !known {
            kept.push((kind, answer.clone()));
        }
    }

    pub(super) fn all(&self) -> Vec<Answer> {
        self.open().iter().map(|(_, answer)| answer.clone()).collect()
    }

    fn open(&self) -> MutexGuard<'_, Vec<(&'static str, Answer)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the request has such words itself: many say of what they do not have which path that was.
fn repeats(answer: &Answer) -> bool {
    let request = &answer.exchange.request;
    let said = format!("{} {}", request.url, request.body.as_deref().unwrap_or_default()).to_ascii_lowercase();
    inside(&said).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(url: &str, status: u16, body: &str) -> Answer {
        let mut answer = Answer::canned(status, &[], body);
        answer.exchange.request.url = url.into();
        answer
    }

    #[test]
    fn the_first_of_each_kind_is_kept_and_no_success_and_no_echo() {
        let overheard = Overheard::default();
        let trace = "Traceback (most recent call last):\n File";
        for (url, status, body) in [
            ("http://a/tasks", 200, trace),
            ("http://a/node_modules/x", 404, "Cannot GET /node_modules/x"),
            ("http://a/tasks", 413, trace),
            ("http://a/tasks?again", 413, trace),
            ("http://a/tasks", 500, "(sqlite3.OperationalError) no such table"),
        ] {
            overheard.note(&asked(url, status, body));
        }
        let kept: Vec<_> = overheard.all().iter().map(|answer| (answer.exchange.request.url.clone(), answer.status)).collect();
        assert_eq!(kept, [("http://a/tasks".into(), 413), ("http://a/tasks".into(), 500)]);
    }
}
