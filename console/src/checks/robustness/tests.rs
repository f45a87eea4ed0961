//! What each answer is worth: what stock servers do is never a flaw.

use std::time::Duration;

use rstest::rstest;

use super::ask::{RawCase, failed};
use super::{bodies, framing, hosts, ids, lines, methods, paths, replay, shape, sizes, slow};
use crate::checks::{Case, Judgement};
use crate::http::{Answer, Ending, Probe, Raw, Reply};
use crate::run::Finding::{self, Broken, Held, Unclear, Weak};
use crate::target::Declared;

/// A reply with these statuses, in order; none for 0.
fn reply(statuses: &[u16], ending: Ending, body: &str) -> Reply {
    let answer = statuses.first().filter(|status| **status > 0).map(|status| Answer::canned(*status, &[], body));
    let exchange = Answer::canned(0, &[], "").exchange;
    let further = statuses.get(1..).unwrap_or_default().to_vec();
    Reply { answer, ending, further, stray: 0, elapsed: Duration::from_secs(3), exchange }
}

fn case(name: &str) -> RawCase {
    RawCase::new(name, Raw::new())
}

type Judge = fn(&RawCase, &Reply) -> Judgement;

#[rstest]
#[case::fastapi(bodies::judge_malformed, "single quotes", 422, Held)]
#[case::taken(bodies::judge_malformed, "single quotes", 201, Broken)]
#[case::node_utf8(bodies::judge_malformed, "broken UTF-8", 201, Weak)]
#[case::fails(bodies::judge_malformed, "nothing at all", 500, Broken)]
#[case::gateway(bodies::judge_malformed, "nothing at all", 502, Unclear)]
#[case::coerced(bodies::judge_shape, "number as `title`", 200, Held)]
#[case::nested(bodies::judge_shape, "object as `title`", 200, Weak)]
#[case::stumbles(bodies::judge_shape, "null instead of an object", 500, Broken)]
#[case::stock_depth(bodies::judge_extreme, "5000 arrays in each other", 500, Weak)]
#[case::worker(bodies::judge_extreme, "5000 arrays in each other", 0, Broken)]
#[case::guessed(bodies::judge_media_type, "XML", 200, Weak)]
#[case::unsupported(bodies::judge_media_type, "XML", 415, Held)]
#[case::no_body(bodies::judge_media_type, "XML", 500, Broken)]
#[case::two_readings(framing::judge, "GET with a body", 401, Held)]
fn bodies_are_judged_by_what_came_of_them(#[case] judge: Judge, #[case] name: &str, #[case] status: u16, #[case] finding: Finding) {
    assert_eq!(judge(&case(name), &reply(&[status], Ending::Closed, "")).finding, finding);
}

#[rstest]
#[case::hyper("a length beside chunks", &[401, 404], Weak)]
#[case::smuggled("two lengths in one line", &[401, 404], Broken)]
#[case::choked("a chunk longer than its size", &[401, 400], Held)]
#[case::refused("a chunk size that is no number", &[400], Held)]
#[case::closed("a negative chunk size", &[0], Held)]
#[case::gunicorn("a negative chunk size", &[500], Weak)]
fn one_request_with_two_answers_is_a_flaw_but_in_the_form_that_stock_servers_take(
    #[case] name: &str,
    #[case] statuses: &[u16],
    #[case] finding: Finding,
) {
    assert_eq!(framing::judge(&case(name), &reply(statuses, Ending::Closed, "")).finding, finding);
}

#[rstest]
#[case::refused(400, Ending::Closed, Held)]
#[case::no_version(505, Ending::Closed, Held)]
#[case::just_closed(0, Ending::Reset, Held)]
#[case::taken(200, Ending::Open, Weak)]
#[case::silent(0, Ending::Open, Weak)]
#[case::fails(500, Ending::Closed, Broken)]
fn malformed_requests(#[case] status: u16, #[case] ending: Ending, #[case] finding: Finding) {
    assert_eq!(lines::judge(200, false, &reply(&[status], ending, "")).finding, finding);
    // What a server may set right by itself is no remark.
    assert_eq!(lines::judge(200, true, &reply(&[200], Ending::Open, "")).finding, Held);
}

#[rstest]
#[case::too_large(true, 413, Ending::Closed, Held)]
#[case::ended(true, 0, Ending::Reset, Held)]
#[case::gunicorn(true, 400, Ending::Open, Held)]
#[case::taken(true, 200, Ending::Open, Broken)]
#[case::stock(false, 200, Ending::Open, Weak)]
#[case::fails(false, 500, Ending::Open, Broken)]
fn large_bodies(#[case] declared: bool, #[case] status: u16, #[case] ending: Ending, #[case] finding: Finding) {
    assert_eq!(sizes::judge_body(declared, &reply(&[status], ending, "")).finding, finding);
    let headers = match status {
        413 | 0 | 400 => Held,
        500 => Broken,
        _ => Weak,
    };
    assert_eq!(sizes::judge_headers(&reply(&[status], ending, "")).finding, headers);
}

#[rstest]
#[case::closed(0, Ending::Closed, Held)]
#[case::timeout(408, Ending::Closed, Held)]
#[case::open(0, Ending::Open, Broken)]
#[case::early(200, Ending::Open, Unclear)]
fn slow_requests(#[case] status: u16, #[case] ending: Ending, #[case] finding: Finding) {
    assert_eq!(slow::judge(2, &reply(&[status], ending, "")).finding, finding);
}

#[rstest]
#[case::passwd(200, "root:x:0:0:root:/root:/bin/sh", Broken)]
#[case::front_end(200, "<html>", Held)]
#[case::missing(404, "root:x:0:0:", Held)]
#[case::fails(500, "", Weak)]
fn climbing_paths(#[case] status: u16, #[case] body: &str, #[case] finding: Finding) {
    assert_eq!(paths::judge_file(&reply(&[status], Ending::Closed, body)).finding, finding);
}

#[rstest]
#[case::missing("a word", 404, Held)]
#[case::overflow("a number beyond 64 bits", 500, Weak)]
#[case::postgres("an id with NUL", 500, Weak)]
#[case::gateway("a word", 502, Unclear)]
fn odd_ids(#[case] name: &str, #[case] status: u16, #[case] finding: Finding) {
    let case = Case::new(name, Probe::get("/"));
    assert_eq!(ids::judge(&case, &Answer::canned(status, &[], "")).finding, finding);
}

#[rstest]
#[case::express(true, 404, Held)]
#[case::node(true, 400, Held)]
#[case::tampered(true, 200, Broken)]
#[case::runs(false, 200, Weak)]
#[case::not_implemented(false, 501, Held)]
#[case::fails(false, 500, Broken)]
fn unknown_methods(#[case] closed: bool, #[case] status: u16, #[case] finding: Finding) {
    assert_eq!(methods::judge_unknown(closed, &Answer::canned(status, &[], "")).finding, finding);
}

#[rstest]
#[case::truth("GET, HEAD", Held)]
#[case::starlette("POST", Weak)]
#[case::none("", Weak)]
fn what_allow_says(#[case] allow: &str, #[case] finding: Finding) {
    let answer = Answer::canned(405, &[("allow", allow)], "");
    assert_eq!(methods::judge_allow(&answer.headers.list("allow")).finding, finding);
}

#[rstest]
#[case::same(401, 401, 0, Held)]
#[case::fastapi(200, 405, 0, Weak)]
#[case::around_the_door(401, 200, 0, Broken)]
#[case::body(401, 401, 7, Broken)]
fn head_beside_get(#[case] get: u16, #[case] head: u16, #[case] stray: usize, #[case] finding: Finding) {
    let head = Reply { stray, ..reply(&[head], Ending::Open, "") };
    assert_eq!(methods::judge_head(&reply(&[get], Ending::Open, ""), &head).finding, finding);
}

#[rstest]
#[case::there("GET", Some(401), Held)]
#[case::not_there("TRACE", Some(405), Broken)]
#[case::preflights_alone("OPTIONS", Some(405), Weak)]
#[case::lost("GET", None, Unclear)]
fn methods_that_allow_names(#[case] method: &str, #[case] status: Option<u16>, #[case] finding: Finding) {
    assert_eq!(methods::judge_kept(method, status).finding, finding);
}

#[rstest]
#[case::kept(&[("location", "https://x-host.mark.invalid/")], Broken)]
#[case::asked_directly(&[("location", "https://x-forwarded-host.mark.invalid/")], Weak)]
#[case::through_a_front(&[("location", "https://x-forwarded-host.mark.invalid/"), ("cf-ray", "1")], Broken)]
#[case::link(&[("link", "<https://x.mark.invalid/>; rel=next")], Broken)]
#[case::private(&[("location", "https://x.mark.invalid/"), ("cache-control", "no-store")], Weak)]
#[case::relative(&[("location", "/api/tasks")], Held)]
fn made_up_hosts(#[case] fields: &[(&str, &str)], #[case] finding: Finding) {
    assert_eq!(hosts::judge_forwarded(".mark.invalid", &Answer::canned(308, fields, "")).finding, finding);
}

#[rstest]
#[case::first(Some("1"), 201, Held)]
#[case::second(Some("2"), 201, Broken)]
#[case::conflict(None, 409, Held)]
#[case::lost(None, 503, Unclear)]
fn repeated_creations(#[case] made: Option<&str>, #[case] status: u16, #[case] finding: Finding) {
    assert_eq!(replay::judge("1", made.map(str::to_owned), &Answer::canned(status, &[], "")).finding, finding);
}

#[rstest]
#[case::express(&[], "<h1>Not found</h1>", Weak)]
#[case::json(&[], r#"{"error":"x"}"#, Held)]
#[case::declared(&["/detail"], r#"{"detail":"x"}"#, Held)]
#[case::lacking(&["/detail"], r#"{"error":"x"}"#, Broken)]
#[case::html(&["/detail"], "<h1>Not found</h1>", Broken)]
fn forms_of_errors(#[case] problem: &[&str], #[case] body: &str, #[case] finding: Finding) {
    let declared = Declared { problem: problem.iter().map(|text| (*text).to_owned()).collect(), ..Declared::default() };
    assert_eq!(shape::judge(&declared, &Answer::canned(404, &[], body)).finding, finding);
}

#[test]
fn a_refusal_of_a_method_or_version_is_no_failure_and_an_edge_speaks_for_others() {
    assert_eq!([500, 501, 502, 505, 507, 520, 599].map(failed), [true, false, false, false, true, false, true]);
}
