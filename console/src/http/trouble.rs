//! Why a probe brought no answer that could be judged.

use std::time::Duration;

use thiserror::Error;

use super::patience::LONGEST_WAIT;

/// No judgement is possible. A check that ends in trouble is INCONCLUSIVE, or SKIP where nothing was asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Trouble {
    /// The connection failed, broke, or brought something that is not HTTP.
    #[error("no answer: {0}")]
    Transport(String),
    /// One request took longer than it may.
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// The deadline of the whole run cut it off.
    #[error("cut off by the deadline of the run")]
    Deadline,
    /// Still 429 after waiting as asked, or for longer each time where nothing was asked.
    #[error("still rate limited (429) after waiting; declare a limit of the whole service under `limits` in postflight.toml")]
    RateLimited,
    /// A 429 that asks to wait until after the end of the run.
    #[error("rate limited (429, or 503 with Retry-After), and asked to wait {} s, longer than the run has left; {}{said}", wait.as_secs(), advice(*wait))]
    AskedToWait {
        /// How long.
        wait: Duration,
        /// What the answer says of the limit, as a sentence; empty where it says nothing.
        said: String,
    },
    /// The request budget is spent.
    #[error("the request budget of {0} is spent")]
    Budget(u64),
    /// The operator stopped the run.
    #[error("interrupted")]
    Interrupted,
    /// The target got worse during the run.
    #[error("stopped: target degraded ({0})")]
    Degraded(String),
    /// A user's list was answered so: the token is not let in.
    #[error("GET {path} was answered {status} without a list")]
    NoList {
        /// The path.
        path: String,
        /// The status.
        status: u16,
    },
    /// The answer was not what the next step needs.
    #[error("{0}")]
    Unexpected(String),
    /// What the check needs was not given.
    #[error("{0}")]
    NotGiven(String),
}

impl Trouble {
    /// Whether a limit of the service kept it from being asked.
    pub const fn is_limit(&self) -> bool {
        matches!(self, Self::RateLimited | Self::AskedToWait { .. })
    }

    /// Whether nothing took the connection: what was to be sent never reached the service.
    pub fn is_closed_door(&self) -> bool {
        matches!(self, Self::Transport(cause) if is_refused(cause) || is_unsettled(cause))
    }
}

/// What helps where a limit asks to wait so long.
fn advice(wait: Duration) -> &'static str {
    if wait <= LONGEST_WAIT {
        "a longer `--deadline` waits it out; declare a limit of the whole service under `limits` in postflight.toml."
    } else {
        "declare a limit of the whole service under `limits` in postflight.toml, or let this host past one of single routes, such as the sign-in."
    }
}

/// Whether the cause is that no TLS connection came about: a certificate that is not trusted, or nothing that both sides speak.
fn is_unsettled(cause: &str) -> bool {
    ["invalid peer certificate", "fatal alert: ProtocolVersion", "fatal alert: HandshakeFailure"]
        .iter()
        .any(|words| cause.contains(words))
}

/// Whether the cause of a broken exchange is that the connection was refused.
pub(super) fn is_refused(cause: &str) -> bool {
    cause.to_ascii_lowercase().contains("refused")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::nobody_listens("Connection refused (os error 111)", true)]
    #[case::untrusted("invalid peer certificate: UnknownIssuer", true)]
    #[case::too_old("received fatal alert: ProtocolVersion", true)]
    #[case::on_the_way("connection reset by peer", false)]
    fn what_never_reached_the_service_made_nothing_there(#[case] cause: &str, #[case] closed: bool) {
        assert_eq!(Trouble::Transport(cause.to_owned()).is_closed_door(), closed);
    }
}
