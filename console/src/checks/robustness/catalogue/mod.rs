//! The cards of the robustness suite, in files of two kinds; this one says what is in it.

mod common;
mod requests;
mod wire;

use futures::future::BoxFuture;

use super::super::{Check, Checked, Context, Need, Reference, Remedy, Suite};
use crate::run::Severity;

/// The checks of this suite, control first. What takes longest begins first.
pub const CHECKS: &[Check] = &[
    requests::CONTROL,
    wire::SLOW_HEADERS,
    wire::SLOW_BODY,
    wire::RATE_LIMIT,
    wire::FRAMING,
    wire::BODY,
    requests::JSON_MALFORMED,
    requests::JSON_SHAPE,
    requests::JSON_EXTREME,
    requests::MEDIA_TYPE,
    requests::IDS,
    requests::QUOTES,
    requests::METHOD_UNKNOWN,
    requests::METHOD_ALLOW,
    requests::METHOD_TRACE,
    requests::METHOD_CONNECT,
    requests::METHOD_HEAD,
    wire::HOST_FORWARDED,
    wire::HOST_FOREIGN,
    wire::PATH_FILES,
    wire::PATH_DOOR,
    wire::SYNTAX,
    requests::ERRORS,
    wire::HEADER_SIZE,
    wire::COMPRESSED,
    requests::IDEMPOTENCY,
];

type Run = fn(Context) -> BoxFuture<'static, Checked>;

/// Title, why and expectation.
type Words = [&'static str; 3];

/// What sends writes needs.
const WRITES: &[Need] = &[Need::Token, Need::Writes];

const fn check(
    id: &'static str,
    severity: Severity,
    words: Words,
    references: &'static [Reference],
    remedy: Remedy,
    needs: &'static [Need],
    run: Run,
) -> Check {
    let [title, why, expectation] = words;
    Check {
        id,
        suite: Suite::Robustness,
        title,
        why,
        expectation,
        severity,
        references,
        requirements: &["US3"],
        remedy,
        needs,
        run,
    }
}
