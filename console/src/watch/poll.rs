//! One poll: what was asked, what came back, and what that says of the service. One NDJSON line.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::release_of;
use crate::http::{Answer, Trouble};
use crate::run::{ReleaseSeen, Source};

/// Which of the two questions a poll asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asked {
    /// Liveness: cheap, asked often.
    Live,
    /// Deep health: wakes the database, asked rarely.
    Health,
}

/// What a poll says of the service. Ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// The service answers, and well.
    Up,
    /// The service answers, but says that something is wrong.
    Degraded,
    /// Only the platform answers: the service is not deployed, asleep or crashing.
    Edge,
    /// Nothing answers, or an error of the service's own.
    Down,
}

impl Condition {
    /// The word on screen and in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Edge => "edge",
            Self::Down => "down",
        }
    }

    /// Whether users are served.
    pub const fn serves(self) -> bool {
        matches!(self, Self::Up | Self::Degraded)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One answer, or its absence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Poll {
    /// When it was sent (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What was asked.
    pub asked: Asked,
    /// Status code; `None` when no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// From sending to the last byte, in milliseconds; `None` when no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// Who answered.
    pub source: Source,
    /// What the answer says of the release; empty where it says nothing.
    pub release: ReleaseSeen,
    /// What it says of the service.
    pub condition: Condition,
    /// Why, in a few words, cleaned.
    pub note: String,
}

impl Poll {
    /// A poll from what came of it.
    pub fn of(at: OffsetDateTime, asked: Asked, result: &Result<Answer, Trouble>) -> Self {
        match result {
            Ok(answer) => Self::answered(at, asked, answer),
            Err(trouble) => Self {
                at,
                asked,
                status: None,
                latency_ms: None,
                source: Source::Unknown,
                release: ReleaseSeen::default(),
                condition: Condition::Down,
                note: trouble.to_string(),
            },
        }
    }

    fn answered(at: OffsetDateTime, asked: Asked, answer: &Answer) -> Self {
        let (condition, note) = condition(answer);
        Self {
            at,
            asked,
            status: Some(answer.status),
            latency_ms: Some(answer.elapsed.as_secs_f64() * 1e3),
            source: if condition == Condition::Edge { Source::Edge } else { answer.source },
            release: release_of(answer),
            condition,
            note,
        }
    }
}

/// Bodies that platforms send in the name of an application that does not answer, in lower case.
const EDGE_TEXTS: [&str; 8] = [
    "application failed to respond",
    "application not found",
    "deployment_not_found",
    "function_invocation_failed",
    "no such app",
    "error 1016",
    "503 service temporarily unavailable",
    "502 bad gateway",
];

fn condition(answer: &Answer) -> (Condition, String) {
    let status = answer.status;
    let text = edge_text(answer);
    match status {
        200..=299 if answer.source != Source::Edge => (Condition::Up, format!("{status}")),
        _ if answer.source == Source::Edge => (Condition::Edge, format!("{status} by the platform's edge")),
        _ if text.is_some() => (Condition::Edge, format!("{status} by the platform's edge: {}", text.unwrap_or_default())),
        // Deep health that says 503, a rate limit, a guard: the service itself speaks.
        503 | 300..=499 => (Condition::Degraded, format!("{status}")),
        _ => (Condition::Down, format!("{status}")),
    }
}

/// What a platform says of itself, where no header of the application tells the two apart.
fn edge_text(answer: &Answer) -> Option<&'static str> {
    if answer.source == Source::App || !matches!(answer.status, 404 | 500..=599) {
        return None;
    }
    let body = answer.raw_text().to_ascii_lowercase();
    EDGE_TEXTS.into_iter().find(|text| body.contains(text))
}
