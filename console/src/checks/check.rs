//! What a check is: its card in the catalogue and the function that asks it.

use std::fmt;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{
    Context, Outcome, configuration, cors, docs, headers, health, isolation, jwt, procfile, release, robustness, secrets, tls,
};
use crate::http::Trouble;
use crate::run::Severity;

/// What asking a check brings: an outcome, or the trouble that kept it from one.
pub type Checked = Result<Outcome, Trouble>;

/// A family of checks that share a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suite {
    /// Liveness, deep health, freshness.
    Health,
    /// Which release answers.
    Release,
    /// The transport: certificate, protocol versions, what plain HTTP answers (RFC 9325).
    Tls,
    /// Cross-origin resource sharing (Fetch standard).
    Cors,
    /// Bearer tokens (RFC 7515, 7519, 8725).
    Jwt,
    /// One user's data and another's (OWASP API1:2023).
    Isolation,
    /// Security headers of an API.
    Headers,
    /// Interactive docs and other exposed paths (OWASP API9:2023).
    Docs,
    /// How odd, oversized and malformed requests are answered (RFC 9110, RFC 9112).
    Robustness,
    /// What the service's own `check-config` and the platform say of the configuration.
    Configuration,
    /// Secrets in the tree and its history.
    Secrets,
    /// How the platform starts the service.
    Procfile,
}

impl Suite {
    /// Every suite, in the order of reports.
    pub const ALL: [Self; 12] = [
        Self::Health,
        Self::Release,
        Self::Tls,
        Self::Cors,
        Self::Jwt,
        Self::Isolation,
        Self::Headers,
        Self::Docs,
        Self::Robustness,
        Self::Configuration,
        Self::Secrets,
        Self::Procfile,
    ];

    /// Its word: the first part of every check id in it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Release => "release",
            Self::Tls => "tls",
            Self::Cors => "cors",
            Self::Jwt => "jwt",
            Self::Isolation => "isolation",
            Self::Headers => "headers",
            Self::Docs => "docs",
            Self::Robustness => "robustness",
            Self::Configuration => "configuration",
            Self::Secrets => "secrets",
            Self::Procfile => "procfile",
        }
    }

    /// The suite of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.word() == word)
    }

    /// Its checks, in order. The first may be the control: the one whose id ends in `.control`.
    pub const fn checks(self) -> &'static [Check] {
        match self {
            Self::Health => health::CHECKS,
            Self::Release => release::CHECKS,
            Self::Tls => tls::CHECKS,
            Self::Cors => cors::CHECKS,
            Self::Jwt => jwt::CHECKS,
            Self::Isolation => isolation::CHECKS,
            Self::Headers => headers::CHECKS,
            Self::Docs => docs::CHECKS,
            Self::Robustness => robustness::CHECKS,
            Self::Configuration => configuration::CHECKS,
            Self::Secrets => secrets::CHECKS,
            Self::Procfile => procfile::CHECKS,
        }
    }

    /// The positive control: proves that the good case works, before and after the others.
    pub fn control(self) -> Option<&'static Check> {
        self.checks().iter().find(|check| check.is_control())
    }

    /// The control as it is asked once more at this moment: briefer where the whole makes, changes and lists objects.
    pub fn control_again(self, moment: Moment) -> Option<&'static Check> {
        match (self, moment) {
            (Self::Isolation, Moment::Between) => Some(&isolation::STILL),
            (Self::Isolation, Moment::Last) => Some(&isolation::ANEW),
            _ => self.control(),
        }
    }
}

/// When a control is asked once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When half of the checks have ended.
    Between,
    /// When all of them have.
    Last,
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// An input without which a check cannot be asked. What is missing makes it SKIP, with [`Need::reason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// At least one declared allowed origin.
    Origins,
    /// A token of user A.
    Token,
    /// Tokens of two different users.
    TwoUsers,
    /// A token in JWS compact form (three dot-separated parts).
    Jwt,
    /// The signing key, to mint tokens.
    SigningKey,
    /// Consent to create objects.
    Writes,
    /// A route that reads one object.
    GetRoute,
    /// A route that lists objects.
    ListRoute,
    /// A route that reads one object, or one that lists them.
    SightRoute,
    /// Reads that not everybody may have.
    OwnReads,
    /// A route that changes an object.
    UpdateRoute,
    /// A route that deletes an object.
    DeleteRoute,
    /// Consent to intrusive requests.
    Intrusive,
    /// A declared deep health path.
    HealthPath,
    /// A declared liveness path.
    LivePath,
    /// An https target.
    Https,
    /// A directory with the repository.
    Repository,
    /// A declared rate limit.
    RateLimit,
    /// A declared time-out of the header section.
    HeaderTimeout,
    /// A declared time-out of the body.
    BodyTimeout,
    /// A declared idempotency header.
    Idempotency,
    /// The names of the secrets that the service reads, and their values in the environment of the console.
    DeclaredSecrets,
    /// What the service says of its own configuration.
    Configuration,
    /// Consent to look at the declared origins, which are other hosts than the target.
    AskOrigins,
    /// A declared CSRF token.
    CsrfToken,
}

impl Need {
    /// Why the check is skipped when this is missing, and what to give.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Origins => "no allowed origin is declared; list them under `origins` in postflight.toml",
            Self::Token => "no token was given; name the variables that hold two under `tokens` in postflight.toml",
            Self::TwoUsers => "two tokens of different users are needed; name both under `tokens` in postflight.toml",
            Self::Jwt => "the tokens of this service are opaque, not JWTs",
            Self::SigningKey => "minting needs the signing key; name its variable under `tokens.mint` in postflight.toml",
            Self::Writes => {
                "making objects on this host needs `allow_writes = true` in postflight.toml, and a run without `--read-only`"
            }
            Self::GetRoute => "the target declares no route that reads one object (`task.get = false`)",
            Self::ListRoute => "the target declares no route that lists objects (`task.list = false`)",
            Self::SightRoute => "the target declares no route that shows an object (`task.get = false`, `task.list = false`)",
            Self::OwnReads => {
                "other users may read the collection on purpose (`policy.public` or `policy.shared` names it), so who reads what is no finding"
            }
            Self::UpdateRoute => "the target declares no route that changes an object (`task.update = \"none\"`)",
            Self::DeleteRoute => "the target declares no route that deletes an object (`task.delete = false`)",
            Self::Intrusive => "intrusive; run with --allow-intrusive on a target that may be disturbed",
            Self::HealthPath => "no deep health path is declared; set `paths.health` in postflight.toml",
            Self::LivePath => "no liveness path is declared; set `paths.live` in postflight.toml",
            Self::Https => "the target is not https",
            Self::Repository => "not inside a git repository; run from the checkout that was deployed",
            Self::RateLimit => "no rate limit is declared; set `policy.rate_limit` in postflight.toml",
            Self::HeaderTimeout => "no time-out of the header section is declared; set `policy.header_timeout` in postflight.toml",
            Self::BodyTimeout => "no time-out of the body is declared; set `policy.body_timeout` in postflight.toml",
            Self::Idempotency => "no idempotency header is declared; set `policy.idempotency_header` in postflight.toml",
            Self::DeclaredSecrets => "no secret is declared with its value; list variable names under `secrets` and set them",
            Self::AskOrigins => {
                "looking at the declared origins leaves the target; allow it with `ask_origins = true` in postflight.toml"
            }
            Self::CsrfToken => "no CSRF token is declared (`tokens.csrf`), as a service with its token in a cookie may have one",
            Self::Configuration => {
                "no report of the configuration is declared; name the output of `server check-config --format json` under `configuration`"
            }
        }
    }
}

/// Where a rule is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `RFC 8725, 2.1`, `Fetch standard`, `OWASP API1:2023`, `CWE-942`.
    pub name: &'static str,
    /// Its address.
    pub url: &'static str,
}

/// How to mend a failure in the common stacks; one or two sentences or a line of code each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// axum with tower-http.
    pub axum: &'static str,
    /// FastAPI with Starlette.
    pub fastapi: &'static str,
    /// Express.
    pub express: &'static str,
}

/// One check of the catalogue.
#[derive(Clone, Copy)]
pub struct Check {
    /// Stable id in words; begins with the suite's word: `cors.origin.null`.
    pub id: &'static str,
    /// The suite it belongs to.
    pub suite: Suite,
    /// What is asked, in one line.
    pub title: &'static str,
    /// Why it matters: one paragraph.
    pub why: &'static str,
    /// What a secure service answers: one or two sentences.
    pub expectation: &'static str,
    /// How bad a failure is, by effect.
    pub severity: Severity,
    /// Where the rule is written down.
    pub references: &'static [Reference],
    /// Requirement ids that the check speaks for.
    pub requirements: &'static [&'static str],
    /// How to mend it.
    pub remedy: Remedy,
    /// What it needs to be asked at all.
    pub needs: &'static [Need],
    /// Asks and judges.
    pub run: fn(Context) -> BoxFuture<'static, Checked>,
}

impl Check {
    /// Whether this is its suite's positive control.
    pub fn is_control(&self) -> bool {
        self.id.ends_with(".control")
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Check({})", self.id)
    }
}
