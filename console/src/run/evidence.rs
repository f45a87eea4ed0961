//! Evidence: what was sent and what came back, already redacted and cleaned, with the class that says how much it can carry.

use serde::{Deserialize, Serialize};

/// Where a piece of evidence comes from. A report may never claim more than the class can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceClass {
    /// An answer over the network.
    Live,
    /// Files of the tree or commits of its history.
    Repository,
    /// What `server check-config --format json` or the platform said of the configuration.
    Configuration,
    /// What the service says of itself, such as the commit in `/health`.
    SelfReported,
}

/// Who wrote a live answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The platform's edge, a content network or a firewall: no evidence about the application.
    Edge,
    /// The application itself.
    App,
    /// Nothing in the answer tells.
    Unknown,
}

/// What one piece of evidence says about the expectation. Ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finding {
    /// As a secure service answers.
    Held,
    /// Tolerable, but not as it should be.
    Weak,
    /// Cannot be judged.
    Unclear,
    /// The flaw, seen.
    Broken,
}

/// One observation that a verdict rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was asked, in a few words: `GET /api/tasks with Origin: null`.
    pub label: String,
    /// What this observation says.
    pub finding: Finding,
    /// What kind of evidence it is.
    pub class: EvidenceClass,
    /// Who answered, for live evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What was seen, in words; cleaned of control and direction characters.
    pub observed: String,
    /// The request and its answer, for live evidence that is worth repeating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
}

impl Evidence {
    /// An observation made in files rather than on the wire.
    pub fn repository(label: impl Into<String>, finding: Finding, observed: impl Into<String>) -> Self {
        Self::of(EvidenceClass::Repository, label, finding, observed)
    }

    /// An observation of the given class that has no exchange.
    pub fn of(class: EvidenceClass, label: impl Into<String>, finding: Finding, observed: impl Into<String>) -> Self {
        Self { label: label.into(), finding, class, source: None, observed: observed.into(), exchange: None }
    }
}

/// A request and its answer as they may be shown: secrets replaced by their names, hostile text made harmless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// What was sent.
    pub request: RequestRecord,
    /// What came back; absent when nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<ResponseRecord>,
    /// A shell line that repeats the request; tokens are named variables such as `$POSTFLIGHT_TOKEN_A`.
    pub curl: String,
}

/// The request of an [`Exchange`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// The method as sent.
    pub method: String,
    /// The absolute URL as sent.
    pub url: String,
    /// Header names and redacted values, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body, when there was one; at most 4 KiB of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// The response of an [`Exchange`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResponseRecord {
    /// The status code.
    pub status: u16,
    /// Header names and cleaned values, in the order received.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body, cleaned; at most 2 KiB.
    pub body: String,
    /// Whether more of the body existed than is shown.
    pub truncated: bool,
    /// From the first byte sent to the last byte read, in milliseconds.
    pub elapsed_ms: f64,
}
