//! Slow requests: header sections and bodies that never end are given up within the declared time.

use std::time::Duration;

use super::super::specimens;
use super::super::wire::{at, begun, begun_as_a};
use super::super::{Checked, Context, Judgement};
use super::ask::{RawCase, out_of_order, volley};
use crate::http::{Ending, Raw, Reply};

/// Between two bytes: often enough that no idle timer ends it.
const STEP: Duration = Duration::from_millis(400);
/// What may come on top of the declared time: a busy service starts counting late. One that never gives up is still open at any time.
const fn slack(seconds: u64) -> u64 {
    3 + seconds / 2
}

/// `raw`, and then one byte a step until well behind `seconds`.
fn dribbled(raw: Raw, seconds: u64) -> Raw {
    let until = Duration::from_secs(seconds.saturating_add(slack(seconds)));
    let steps = until.as_millis() / STEP.as_millis();
    (0..=steps).fold(raw, |raw, _| raw.pause(STEP).bytes("x")).within(until)
}

/// A header section of one byte now and then.
pub(super) async fn headers(cx: Context) -> Checked {
    let seconds = cx.target.policy.declared.header_timeout.unwrap_or_default();
    let begun = begun(&cx, "GET", at(&cx, &specimens::read_path(&cx))).bytes("x-postflight: ");
    let cases = vec![RawCase::new("a header section that never ends", dribbled(begun, seconds))];
    volley(&cx, "slow header sections given up", cases, |_, reply| judge(seconds, reply)).await
}

/// A body of one byte now and then. It is no JSON, so nothing can come of it.
pub(super) async fn body(cx: Context) -> Checked {
    let seconds = cx.target.policy.declared.body_timeout.unwrap_or_default();
    let begun = begun_as_a(&cx, "POST", at(&cx, &cx.list_path(cx.a()?))).header("content-type", "application/json");
    let begun = begun.header("content-length", "100000").end().bytes("{\"postflight\":\"");
    let cases = vec![RawCase::new("a body that never ends", dribbled(begun, seconds))];
    volley(&cx, "slow bodies given up", cases, |_, reply| judge(seconds, reply)).await
}

/// Judges whether a request that never ends was given up: by an answer (408 above all), or by the end of the connection.
pub(super) fn judge(seconds: u64, reply: &Reply) -> Judgement {
    let took = reply.elapsed.as_secs_f64();
    match (&reply.answer, reply.ending) {
        (None, Ending::Open) => Judgement::broken(format!("still open after {took:.1} s, where {seconds} s are declared")),
        (None, _) => Judgement::held(format!("{} after {took:.1} s", reply.words())),
        (Some(answer), _) if answer.is_client_error() => Judgement::held(format!("{} after {took:.1} s", reply.words())),
        (Some(_), _) => out_of_order(reply, Judgement::broken)
            .unwrap_or_else(|| Judgement::unclear(format!("{}: answered before the request ended", reply.words()))),
    }
}
