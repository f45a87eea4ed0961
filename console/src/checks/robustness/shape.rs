//! The form of errors: what a program can read, and the id by which people find the request in the logs.

use super::super::specimens;
use super::super::{Checked, Context, Judgement, shared_battery};
use crate::http::Answer;
use crate::run::Source;
use crate::target::Declared;

/// Every error that can be had is of the declared form.
pub(super) async fn errors(cx: Context) -> Checked {
    shared_battery(&cx, "errors of one form", specimens::errors(&cx).await, |_, answer| judge(&cx.target.policy.declared, answer))
        .await
}

/// Judges one error. Stock Express answers in HTML and others in text: where no form is declared, that is a remark.
pub(super) fn judge(declared: &Declared, answer: &Answer) -> Judgement {
    let status = answer.status;
    if status < 400 || answer.source == Source::Edge || matches!(status, 502..=504) {
        return Judgement::held(format!("{status}: no error of the service"));
    }
    let id = declared.request_id.as_ref().filter(|name| !answer.headers.has(name));
    let body = answer.json();
    let absent: Vec<_> = match &body {
        Some(body) => declared.problem.iter().filter(|pointer| body.pointer(pointer).is_none()).cloned().collect(),
        None => declared.problem.clone(),
    };
    match (id, absent.as_slice(), body) {
        (Some(name), ..) => Judgement::broken(format!("{status} without {name}, which is declared")),
        (None, [first, ..], _) => Judgement::broken(format!("{status} without {first}, which is declared")),
        (None, [], None) if !answer.body.is_empty() => Judgement::weak(format!("{status} in a form that is not JSON")),
        (None, [], _) => Judgement::held(format!("{status} in the form of all errors")),
    }
}
