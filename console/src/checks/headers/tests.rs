//! The rules on canned answers: what stock backends send is never a flaw.

use rstest::rstest;

use super::{judges, spread};
use crate::http::Answer;
use crate::run::Finding::{self, Broken, Held, Weak};
use crate::target::{BaseUrl, HeaderPolicy, Policy, Target};

/// What helmet 8 sends by default.
const HELMET_CSP: &str = "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';\
    img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';\
    upgrade-insecure-requests";

fn finding(rule: super::asked::Rule, name: &str, value: &str) -> Finding {
    rule(&Policy::default(), &Answer::canned(200, &[(name, value)], "{}")).finding
}

#[rstest]
#[case::nosniff(judges::nosniff, "x-content-type-options", "nosniff", Held)]
#[case::sniff(judges::nosniff, "x-content-type-options", "sniff", Broken)]
#[case::strict(judges::content_policy, "content-security-policy", "default-src 'none'; frame-ancestors 'none'", Held)]
#[case::helmet(judges::content_policy, "content-security-policy", HELMET_CSP, Held)]
#[case::everything(judges::content_policy, "content-security-policy", "default-src * 'unsafe-inline' 'unsafe-eval'", Broken)]
#[case::inline(judges::content_policy, "content-security-policy", "script-src 'self' 'unsafe-inline'", Broken)]
#[case::nonce(judges::content_policy, "content-security-policy", "script-src 'nonce-abc' 'unsafe-inline'", Held)]
#[case::only_frames(judges::content_policy, "content-security-policy", "frame-ancestors 'none'", Weak)]
#[case::deny(judges::framing, "x-frame-options", "DENY", Held)]
#[case::allow_from(judges::framing, "x-frame-options", "ALLOW-FROM https://a.example", Broken)]
#[case::ancestors(judges::framing, "content-security-policy", "frame-ancestors 'none'", Weak)]
#[case::any_ancestor(judges::framing, "content-security-policy", "frame-ancestors *", Broken)]
#[case::no_referrer(judges::referrer, "referrer-policy", "no-referrer", Held)]
#[case::fallback(judges::referrer, "referrer-policy", "no-referrer, strict-origin-when-cross-origin", Held)]
#[case::unsafe_url(judges::referrer, "referrer-policy", "unsafe-url", Broken)]
#[case::helmet_corp(judges::resource_policy, "cross-origin-resource-policy", "same-origin", Held)]
#[case::no_corp(judges::resource_policy, "cross-origin-resource-policy", "everyone", Broken)]
#[case::json(judges::content_type, "content-type", "application/json; charset=utf-8", Held)]
#[case::problem(judges::content_type, "content-type", "application/problem+json", Held)]
#[case::html(judges::content_type, "content-type", "text/html", Broken)]
#[case::latin(judges::content_type, "content-type", "application/json; charset=iso-8859-1", Broken)]
#[case::uvicorn(judges::banners, "server", "uvicorn", Held)]
#[case::nginx(judges::banners, "server", "nginx/1.18.0 (Ubuntu)", Weak)]
#[case::express(judges::banners, "x-powered-by", "Express", Weak)]
#[case::symfony(judges::banners, "x-debug-token-link", "/_profiler/1", Broken)]
#[case::proxy(judges::banners, "via", "1.1 vegur", Held)]
#[case::varnish(judges::banners, "via", "1.1 varnish (Varnish/6.0)", Weak)]
#[case::helmet_filter(judges::xss_filter, "x-xss-protection", "0", Held)]
#[case::filter(judges::xss_filter, "x-xss-protection", "1; mode=block", Broken)]
#[case::edge_timing(judges::telemetry, "server-timing", "cfL4;desc=\"?proto=TCP\"", Weak)]
#[case::queries(judges::telemetry, "server-timing", "db;dur=53.2", Broken)]
fn values_are_judged_by_what_they_do(
    #[case] rule: super::asked::Rule,
    #[case] name: &str,
    #[case] value: &str,
    #[case] expected: Finding,
) {
    assert_eq!(finding(rule, name, value), expected);
}

#[test]
fn a_missing_header_is_a_remark_unless_the_policy_requires_it() {
    let bare = Answer::canned(200, &[("content-type", "application/json")], "{}");
    let rules = [judges::nosniff, judges::content_policy, judges::framing, judges::referrer, judges::resource_policy];
    let required =
        ["x-content-type-options", "content-security-policy", "x-frame-options", "referrer-policy", "cross-origin-resource-policy"];
    let strict = Policy {
        headers: HeaderPolicy { required: required.map(str::to_owned).into(), ..HeaderPolicy::default() },
        ..Policy::default()
    };
    for rule in rules {
        assert_eq!(rule(&Policy::default(), &bare).finding, Weak);
        assert_eq!(rule(&strict, &bare).finding, Broken);
    }
}

#[rstest]
#[case::no_store("no-store", true, Held)]
#[case::private("private, no-cache", true, Weak)]
#[case::express("", true, Weak)]
#[case::shared("public, max-age=3600", true, Broken)]
#[case::shared_by_age("s-maxage=60", true, Broken)]
#[case::kept("max-age=600", true, Broken)]
#[case::contradiction("no-store, public", true, Broken)]
#[case::silent_error("", false, Held)]
#[case::cached_error("public, max-age=300", false, Broken)]
fn personal_answers_and_errors_stay_out_of_shared_caches(#[case] value: &str, #[case] personal: bool, #[case] expected: Finding) {
    let fields: Vec<_> = Some(("cache-control", value)).filter(|(_, value)| !value.is_empty()).into_iter().collect();
    assert_eq!(judges::caching(&Policy::default(), personal, &Answer::canned(200, &fields, "")).finding, expected);
}

#[rstest]
#[case::year("max-age=31536000; includeSubDomains", true, Held)]
#[case::short("max-age=300", true, Weak)]
#[case::withdrawn("max-age=0", true, Broken)]
#[case::nonsense("includeSubDomains", true, Broken)]
#[case::helmet_without_tls("max-age=31536000; includeSubDomains", false, Weak)]
fn transport_security_is_for_a_year_and_for_tls(#[case] value: &str, #[case] https: bool, #[case] expected: Finding) {
    let answer = Answer::canned(200, &[("strict-transport-security", value)], "");
    assert_eq!(judges::transport(&Policy::default(), https, false, &answer).finding, expected);
}

#[rstest]
#[case::protected("s=1; HttpOnly; Secure; SameSite=Lax", true, Held)]
#[case::for_scripts("s=1; Secure; SameSite=Lax", true, Broken)]
#[case::in_the_clear("s=1; HttpOnly; SameSite=Lax", true, Broken)]
#[case::in_the_clear_without_tls("s=1; HttpOnly; SameSite=Lax", false, Weak)]
#[case::everywhere("s=1; HttpOnly; Secure; SameSite=None", true, Broken)]
#[case::unsaid("s=1; HttpOnly; Secure", true, Weak)]
#[case::double_submit("XSRF-TOKEN=9f8e7d6c5b4a39281706; Secure; SameSite=Lax", true, Held)]
#[case::language("NEXT_LOCALE=de; Secure; SameSite=Lax", true, Held)]
#[case::token("access_token=abc; Secure; SameSite=Lax", true, Broken)]
#[case::unnamed_secret("id=9f8e7d6c5b4a39281706; Secure; SameSite=Lax", true, Broken)]
#[case::platform("__cf_bm=1; HttpOnly; Secure; SameSite=None", true, Held)]
fn cookies_need_their_flags(#[case] cookie: &str, #[case] https: bool, #[case] expected: Finding) {
    let answer = Answer::canned(200, &[("set-cookie", cookie)], "");
    assert_eq!(judges::cookies(&Policy::default(), https, &answer).finding, expected);
}

#[rstest]
#[case::once(&[("x-frame-options", "DENY")], Held)]
#[case::same_twice(&[("x-frame-options", "DENY"), ("x-frame-options", "deny")], Weak)]
#[case::two(&[("x-frame-options", "DENY"), ("x-frame-options", "SAMEORIGIN")], Broken)]
#[case::inside(&[("cache-control", "no-store, public")], Broken)]
fn a_header_that_says_two_things_is_a_mistake(#[case] fields: &[(&str, &str)], #[case] expected: Finding) {
    assert_eq!(judges::duplicates(&Policy::default(), &Answer::canned(200, fields, "")).finding, expected);
}

#[test]
fn text_that_is_labelled_as_text_and_empty_bodies_are_fine() {
    let text = Answer::canned(404, &[("content-type", "text/html; charset=utf-8")], "<pre>Cannot GET /x</pre>");
    assert_eq!(judges::content_type(&Policy::default(), &text).finding, Held);
    assert_eq!(judges::content_type(&Policy::default(), &Answer::canned(204, &[], "")).finding, Held);
    assert_eq!(judges::content_type(&Policy::default(), &Answer::canned(200, &[], "{}")).finding, Broken);
}

#[test]
fn other_statuses_are_held_to_what_the_list_carries() {
    let dressed = Answer::canned(200, &[("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")], "");
    let bare = Answer::canned(404, &[("x-content-type-options", "nosniff")], "");
    let wrong = Answer::canned(405, &[("x-content-type-options", "nosniff"), ("referrer-policy", "unsafe-url")], "");
    let target = Target::new(BaseUrl::parse("http://127.0.0.1:8000").unwrap());
    let insisting = HeaderPolicy { required: vec!["referrer-policy".into()], ..HeaderPolicy::default() };
    let strict = Target { policy: Policy { headers: insisting, ..Policy::default() }, ..target.clone() };
    let judged = |target: &Target, list: &Answer, answer: &Answer| spread::judge(target, &list.headers, answer).finding;
    assert_eq!(judged(&target, &dressed, &dressed), Held);
    assert_eq!(judged(&target, &dressed, &bare), Weak);
    assert_eq!(judged(&strict, &dressed, &bare), Broken);
    assert_eq!(judged(&target, &dressed, &wrong), Broken);
    assert_eq!(judged(&target, &wrong, &wrong), Held, "the list's own value has a check of its own");
}

#[rstest]
#[case::query("x-sql-query", "SELECT * FROM todo WHERE owner_id=1", Finding::Broken)]
#[case::host("x-backend-host", "tasks.railway.internal", Finding::Broken)]
#[case::word("x-update", "updated 3 selected rows", Finding::Held)]
#[case::request("x-request-id", "01890a5d-ac96-774b-bcce-b302099a8057", Finding::Held)]
fn headers_of_a_services_own_tell_nothing_of_the_inside(#[case] name: &str, #[case] value: &str, #[case] finding: Finding) {
    let answer = Answer::canned(200, &[(name, value)], "[]");
    assert_eq!(judges::telemetry(&Policy::default(), &answer).finding, finding);
}
