//! The generator never makes an allowed origin, and the judges read answers as a browser does.

use proptest::prelude::*;
use rstest::rstest;

use super::access::{admitted, refused};
use super::caching::{judge_step, judge_vary, judge_vary_allowed};
use super::foreign::{self, Family, Seed};
use super::grants::{judge_credentials, judge_exposed, judge_single, judge_stale, judge_timing, judge_unasked, judge_wildcard};
use super::left_in;
use super::preflights::{judge_header, judge_headers, judge_max_age, judge_methods, judge_private_network};
use crate::checks::{Case, Judgement};
use crate::http::{Answer, Probe};
use crate::run::Finding::{self, Broken, Held, Unclear, Weak};
use crate::target::{BaseUrl, Csrf, Origin, Policy, Target, TokenAt};

const APP: &str = "https://app.example.com";
const EVIL: &str = "https://evil.example";

const FAMILIES: &[(&str, Family)] = &[
    ("random", foreign::random),
    ("null", foreign::null),
    ("scheme", foreign::scheme),
    ("suffix", foreign::suffix),
    ("joined", foreign::joined),
    ("prefix", foreign::prefix),
    ("subdomain", foreign::subdomain),
    ("dots", foreign::dots),
    ("sibling", foreign::sibling),
    ("preview", left_in::preview),
    ("platforms", left_in::platforms),
    ("port", foreign::port),
    ("trailing dot", foreign::trailing_dot),
    ("case", foreign::case),
    ("unserialised", foreign::unserialised),
    ("special right", foreign::special_right),
    ("special left", foreign::special_left),
    ("url parts", foreign::url_parts),
    ("development", left_in::development),
    ("apps", left_in::apps),
    ("malformed", foreign::malformed),
    ("lookalike", foreign::lookalike),
    ("piece", foreign::piece),
    ("addresses", foreign::addresses),
    ("own host", foreign::own_host),
    ("pair", foreign::pair),
    ("stages", left_in::stages),
];

fn seed(allowed: &str, api: &str) -> Seed {
    Seed { allowed: Origin::parse(allowed).unwrap(), api: api.into(), random: "pfk3x9q2w7p1".into() }
}

fn values(family: Family, allowed: &str) -> Vec<String> {
    let all = foreign::off_list(family, &seed(allowed, "api.example.com"), |value| value == allowed.as_bytes());
    all.into_iter().flat_map(|foreign| foreign.values).map(|value| String::from_utf8_lossy(&value).into_owned()).collect()
}

proptest! {
    #[test]
    fn no_family_ever_makes_the_allowed_origin_or_a_value_that_no_client_can_send(
        https in any::<bool>(),
        labels in prop::collection::vec("[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,6})?", 1..5),
        port in prop::option::of(1024_u16..),
    ) {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let text = format!("{}://{}{port}", if https { "https" } else { "http" }, labels.join("."));
        let Ok(allowed) = Origin::parse(&text) else { return Ok(()) };
        let seed = Seed { allowed, api: "api.example.com".into(), random: "pfk3x9q2w7p1".into() };
        for (name, family) in FAMILIES {
            for foreign in foreign::off_list(*family, &seed, |value| value == text.as_bytes()) {
                prop_assert!(!foreign.values.iter().all(|value| value == text.as_bytes()), "{name} made {text}");
                for value in &foreign.values {
                    prop_assert!(http::HeaderValue::from_bytes(value).is_ok(), "{name} made {value:?}");
                    prop_assert!(value.trim_ascii() == value.as_slice(), "{name} made {value:?}, which a server trims");
                }
            }
        }
    }
}

#[rstest]
#[case::name("https://app.example.com")]
#[case::platform("https://tasks.vercel.app")]
#[case::port("http://localhost:3000")]
#[case::address("http://127.0.0.1:5173")]
#[case::six("http://[::1]:3000")]
#[case::single("https://intranet")]
fn every_family_copes_with_every_kind_of_allowed_origin(#[case] allowed: &str) {
    for (name, family) in FAMILIES {
        assert!(values(*family, allowed).iter().all(|value| value != allowed) || *name == "pair", "{name} made {allowed}");
    }
    assert!(FAMILIES.iter().filter(|(_, family)| values(*family, allowed).is_empty()).count() <= 3);
}

#[test]
fn each_mistake_in_matching_has_an_origin_that_slips_through_it() {
    let slips = |family: Family, matches: fn(&str) -> bool| values(family, APP).iter().any(|value| value != APP && matches(value));
    assert!(slips(foreign::suffix, |origin| origin.starts_with(APP)));
    assert!(slips(foreign::joined, |origin| origin.starts_with(APP) && !origin.starts_with("https://app.example.com.")));
    assert!(slips(foreign::prefix, |origin| origin.ends_with("app.example.com") && !origin.ends_with(".app.example.com")));
    assert!(slips(foreign::subdomain, |origin| origin.ends_with(".app.example.com")));
    assert!(slips(foreign::sibling, |origin| origin.ends_with(".example.com")));
    assert!(slips(foreign::piece, |origin| APP.contains(origin)));
    assert!(slips(foreign::case, |origin| origin.eq_ignore_ascii_case(APP)));
    assert!(slips(foreign::port, |origin| origin.split(':').nth(1) == APP.split(':').nth(1)));
    assert!(slips(foreign::unserialised, |origin| origin.trim_end_matches('/') == APP));
    assert!(slips(foreign::lookalike, |origin| origin.contains("xn--")));
}

#[test]
fn every_dot_is_replaced_by_itself_and_all_together() {
    insta::assert_snapshot!(values(foreign::dots, APP).join("\n"), @r"
    https://appxexample.com
    https://app.examplexcom
    https://appxexamplexcom
    https://app-example-com
    ");
}

#[test]
fn previews_are_named_as_the_platforms_name_them() {
    insta::assert_snapshot!(values(left_in::preview, "https://tasks.vercel.app").join("\n"), @r"
    https://tasks-pfk3x9q2w7p1.vercel.app
    https://tasks-git-main-pfk3x9q2w7p1.vercel.app
    https://tasks-k3x9q2w7p-pfk3x9q2w7p1.vercel.app
    https://pfk3x9q2w7p1--tasks.netlify.app
    https://pfk3x9q2w7p1.tasks.pages.dev
    https://tasks.netlify.app
    https://tasks.pages.dev
    https://tasks-git-pfk3x9q2w7p1-tasks.vercel.app
    ");
}

const ACAO: &str = "access-control-allow-origin";
const ACAC: &str = "access-control-allow-credentials";
const VARY: (&str, &str) = ("vary", "Origin");

#[rstest]
#[case::nothing(200, &[], false, Held)]
#[case::refused(403, &[], false, Held)]
#[case::echoed(200, &[(ACAO, EVIL)], false, Broken)]
#[case::echoed_on_401(401, &[(ACAO, EVIL)], false, Broken)]
#[case::anyone(200, &[(ACAO, "*")], false, Broken)]
#[case::other_case(200, &[(ACAO, "https://EVIL.example")], false, Held)]
#[case::another(200, &[(ACAO, APP)], false, Held)]
#[case::twice(200, &[(ACAO, EVIL), (ACAO, EVIL)], false, Held)]
#[case::list(200, &[(ACAO, "https://evil.example, https://app.example.com")], false, Held)]
#[case::starlette_leftover(200, &[(ACAC, "true")], false, Held)]
#[case::starlette_refused_preflight(400, &[(ACAC, "true"), ("access-control-allow-methods", "GET")], true, Held)]
#[case::passing_preflight(204, &[(ACAO, EVIL)], true, Broken)]
#[case::failing_preflight_that_names_the_origin(405, &[(ACAO, EVIL)], true, Weak)]
#[case::crash(500, &[], false, Weak)]
#[case::gone(503, &[], false, Unclear)]
fn a_foreign_origin_is_let_in_only_where_it_could_use_the_answer(
    #[case] status: u16,
    #[case] fields: &[(&str, &str)],
    #[case] preflight: bool,
    #[case] expected: Finding,
) {
    assert_eq!(refused(preflight, &[EVIL.as_bytes()], &Answer::canned(status, fields, "")).finding, expected);
}

#[rstest]
#[case::let_in(200, &[(ACAO, APP)], Held)]
#[case::by_star(200, &[(ACAO, "*")], Held)]
#[case::silent(200, &[], Broken)]
#[case::list(200, &[(ACAO, APP), (ACAO, APP)], Broken)]
#[case::redirected(308, &[(ACAO, APP)], Broken)]
#[case::refused_token(401, &[(ACAO, APP)], Unclear)]
#[case::gone(502, &[], Unclear)]
fn a_declared_origin_is_let_in_only_by_one_usable_value(
    #[case] status: u16,
    #[case] fields: &[(&str, &str)],
    #[case] expected: Finding,
) {
    let origin = Origin::parse(APP).unwrap();
    assert_eq!(admitted(&origin, &Answer::canned(status, fields, ""), true, Judgement::broken).finding, expected);
}

#[rstest]
#[case::none(&[], Held, Held, Held)]
#[case::star(&[(ACAO, "*")], Broken, Weak, Broken)]
#[case::star_and_cookies(&[(ACAO, "*"), (ACAC, "true")], Broken, Weak, Broken)]
#[case::pattern(&[(ACAO, "https://*.example.com")], Weak, Broken, Broken)]
#[case::fixed_and_told(&[(ACAO, APP), VARY], Held, Held, Held)]
#[case::fixed_and_silent(&[(ACAO, APP)], Held, Weak, Weak)]
#[case::developer(&[(ACAO, "http://localhost:3000"), VARY], Held, Broken, Broken)]
#[case::null(&[(ACAO, "null")], Held, Broken, Broken)]
fn values_that_nobody_asked_for_are_judged_by_whom_they_let_in(
    #[case] fields: &[(&str, &str)],
    #[case] wildcard: Finding,
    #[case] stale: Finding,
    #[case] unasked: Finding,
) {
    let answer = Answer::canned(200, fields, "");
    let declared = |value: &[u8]| value == APP.as_bytes();
    assert_eq!(judge_wildcard(&answer).finding, wildcard);
    assert_eq!(judge_stale(&answer, true, declared).finding, stale);
    assert_eq!(judge_unasked(&answer, true, declared).finding, unasked);
}

#[rstest]
#[case::one(&[(ACAO, APP)], true, Held)]
#[case::two(&[(ACAO, APP), (ACAO, EVIL)], true, Broken)]
#[case::list(&[(ACAO, "https://a.example, https://b.example")], true, Broken)]
#[case::flask_cors_without_origin(&[(ACAO, APP), (ACAO, EVIL)], false, Weak)]
fn more_than_one_value_is_a_mistake_where_a_browser_reads_it(
    #[case] fields: &[(&str, &str)],
    #[case] cross_origin: bool,
    #[case] expected: Finding,
) {
    assert_eq!(judge_single(&Answer::canned(200, fields, ""), cross_origin).finding, expected);
}

#[rstest]
#[case::absent(false, true, APP, &[(ACAO, APP)], Held)]
#[case::stock_starlette_to_a_stranger(false, false, EVIL, &[(ACAC, "true")], Held)]
#[case::needless(false, true, APP, &[(ACAO, APP), (ACAC, "true")], Weak)]
#[case::needed(true, true, APP, &[(ACAO, APP), (ACAC, "true")], Held)]
#[case::missing(true, true, APP, &[(ACAO, APP)], Broken)]
#[case::to_anyone(false, true, APP, &[(ACAO, "*"), (ACAC, "true")], Broken)]
#[case::to_a_stranger(true, false, EVIL, &[(ACAO, EVIL), (ACAC, "true")], Broken)]
#[case::capital(true, true, APP, &[(ACAO, APP), (ACAC, "True")], Broken)]
fn cookies_are_granted_exactly_where_they_are_used(
    #[case] credentials: bool,
    #[case] declared: bool,
    #[case] origin: &str,
    #[case] fields: &[(&str, &str)],
    #[case] expected: Finding,
) {
    let policy = Policy { credentials, ..Policy::default() };
    assert_eq!(judge_credentials(&policy, declared, origin.as_bytes(), &Answer::canned(200, fields, "")).finding, expected);
}

#[rstest]
#[case::absent(None, Weak)]
#[case::zero(Some("0"), Weak)]
#[case::starlette(Some("600"), Held)]
#[case::chromium(Some("7200"), Held)]
#[case::firefox(Some("86400"), Weak)]
#[case::year(Some("31536000"), Broken)]
#[case::negative(Some("-1"), Broken)]
#[case::words(Some("1 day"), Broken)]
fn a_preflight_lives_for_a_bounded_number_of_seconds(#[case] value: Option<&str>, #[case] expected: Finding) {
    let fields: Vec<_> = value.map(|value| ("access-control-max-age", value)).into_iter().collect();
    assert_eq!(judge_max_age(&Answer::canned(204, &fields, "")).finding, expected);
}

#[rstest]
#[case::told(&[(ACAO, APP), VARY], true, Held)]
#[case::told_in_a_list(&[(ACAO, APP), ("vary", "Accept-Encoding, origin")], true, Held)]
#[case::one_of_several(&[(ACAO, APP)], true, Broken)]
#[case::the_only_one(&[(ACAO, APP)], false, Weak)]
#[case::the_only_one_cached(&[(ACAO, APP), ("cache-control", "public, max-age=60")], false, Broken)]
#[case::star(&[(ACAO, "*")], true, Held)]
fn an_answer_that_names_its_asker_says_so(#[case] fields: &[(&str, &str)], #[case] several: bool, #[case] expected: Finding) {
    assert_eq!(judge_vary_allowed(APP.as_bytes(), several, &Answer::canned(200, fields, "")).finding, expected);
}

#[rstest]
#[case::stock_starlette("GET", &[], Weak)]
#[case::told("GET", &[VARY], Held)]
#[case::cached("GET", &[("cache-control", "max-age=60")], Broken)]
#[case::private("GET", &[("cache-control", "private, max-age=60")], Weak)]
#[case::preflight("OPTIONS", &[("cache-control", "public, max-age=60")], Weak)]
#[case::preflight_by_origin_alone("OPTIONS", &[(ACAO, APP), VARY], Weak)]
#[case::complete_preflight("OPTIONS", &[(ACAO, APP), ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")], Held)]
fn a_missing_vary_matters_where_caches_may_keep_the_answer(
    #[case] method: &str,
    #[case] fields: &[(&str, &str)],
    #[case] expected: Finding,
) {
    assert_eq!(judge_vary(method, &Answer::canned(200, fields, "")).finding, expected);
}

#[rstest]
#[case::nobody(None, false, &[], Held)]
#[case::declared(Some(APP), true, &[(ACAO, APP)], Held)]
#[case::declared_locked_out(Some(APP), true, &[], Broken)]
#[case::foreign(Some(EVIL), false, &[], Held)]
#[case::foreign_after_declared(Some(EVIL), false, &[(ACAO, EVIL)], Broken)]
#[case::from_a_cache(Some(APP), true, &[(ACAO, APP), ("x-cache", "HIT")], Weak)]
#[case::aged(None, false, &[("age", "12")], Weak)]
fn a_grant_follows_the_origin_of_its_own_request(
    #[case] origin: Option<&str>,
    #[case] declared: bool,
    #[case] fields: &[(&str, &str)],
    #[case] expected: Finding,
) {
    assert_eq!(judge_step(origin, declared, &Answer::canned(200, fields, "")).finding, expected);
}

#[rstest]
#[case::listed("authorization,content-type", Held, Held)]
#[case::starlette_safelist("accept, accept-language, content-language, content-type, authorization", Held, Held)]
#[case::mirrored("x-canary", Weak, Broken)]
#[case::anything("*, authorization", Weak, Broken)]
#[case::of_the_csrf_token("authorization,content-type,x-csrf-token", Weak, Held)]
fn granted_request_headers_are_held_to_the_list_that_the_operator_declared(
    #[case] granted: &str,
    #[case] by_default: Finding,
    #[case] when_declared: Finding,
) {
    let answer = Answer::canned(204, &[(ACAO, APP), ("access-control-allow-headers", granted)], "");
    let case = Case::new("", Probe::preflight("/", APP.as_bytes(), "POST", "x-canary"));
    let target = Target::new(BaseUrl::parse("http://127.0.0.1:8000").unwrap());
    let policy = Policy { request_headers: vec!["authorization".into(), "content-type".into()], ..Policy::default() };
    let csrf = Csrf { header: "x-csrf-token".into(), token: TokenAt::Cookie("csrf".into()), path: None };
    let own = Target { policy, csrf: Some(csrf), ..target.clone() };
    assert_eq!(judge_headers(&target, &case, &answer).finding, by_default);
    assert_eq!(judge_headers(&own, &case, &answer).finding, when_declared);
}

#[rstest]
#[case::usual("GET, POST, PUT, PATCH, DELETE", Held)]
#[case::starlette("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY", Weak)]
#[case::trace("GET, TRACE", Broken)]
#[case::anything("*", Broken)]
#[case::mirrored("PFK3X9Q2W7P", Broken)]
fn granted_methods_are_chosen_and_not_waved_through(#[case] granted: &str, #[case] expected: Finding) {
    let answer = Answer::canned(204, &[(ACAO, APP), ("access-control-allow-methods", granted)], "");
    let case = Case::new("", Probe::preflight("/", APP.as_bytes(), "GET", ""));
    assert_eq!(judge_methods(&Policy::default(), &case, &answer).finding, expected);
}

#[rstest]
#[case::by_name("authorization", "authorization", false, Held)]
#[case::never_by_wildcard("authorization", "*", false, Broken)]
#[case::another_by_wildcard("x-auth-token", "*", false, Held)]
#[case::not_where_cookies_come_along("x-csrf-token", "*", true, Broken)]
#[case::not_at_all("authorization", "content-type", false, Broken)]
fn the_wildcard_covers_any_header_but_authorization_where_no_cookie_comes_along(
    #[case] name: &str,
    #[case] granted: &str,
    #[case] cookies: bool,
    #[case] expected: Finding,
) {
    let cookies = if cookies { "true" } else { "false" };
    let fields = [(ACAO, APP), ("access-control-allow-headers", granted), ("access-control-allow-credentials", cookies)];
    assert_eq!(judge_header(name, &Answer::canned(204, &fields, "")).finding, expected);
}

#[test]
fn headers_beyond_the_default_policy_are_remarks_and_beyond_a_declared_one_flaws() {
    let exposes = |names: &str| Answer::canned(200, &[("access-control-expose-headers", names)], "");
    let own = Policy { exposed_headers: vec!["etag".into()], ..Policy::default() };
    assert_eq!(judge_exposed(&Policy::default(), &exposes("ETag, Location")).finding, Held);
    assert_eq!(judge_exposed(&Policy::default(), &exposes("X-Total-Count")).finding, Weak);
    assert_eq!(judge_exposed(&own, &exposes("Location")).finding, Broken);
    assert_eq!(judge_exposed(&Policy::default(), &exposes("Authorization")).finding, Broken);
}

#[test]
fn timing_and_private_networks_are_never_open_to_strangers() {
    let declared = |value: &[u8]| value == APP.as_bytes();
    assert_eq!(judge_timing(&Answer::canned(200, &[("timing-allow-origin", "*")], ""), declared).finding, Broken);
    assert_eq!(judge_timing(&Answer::canned(200, &[("timing-allow-origin", APP)], ""), declared).finding, Held);
    let opened = Answer::canned(204, &[("access-control-allow-private-network", "true")], "");
    assert_eq!(judge_private_network(&opened).finding, Broken);
    assert_eq!(judge_private_network(&Answer::canned(204, &[], "")).finding, Held);
}
