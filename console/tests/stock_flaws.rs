//! The mistakes that people really make with FastAPI, Flask and Express, one at a time in backends that are otherwise correct: each must
//! FAIL the checks that are about it, and no check that is not.
#![allow(clippy::indexing_slicing, reason = "in a test, what cannot go on fails it")]

mod support;

use anyhow::{Result, ensure};
use rstest::rstest;
use support::stock::{Settings, StockApp};
use support::verify::{nothing_left, verify, with_verdict};

const SECRET: &str = "hV7qLx2mZpT9sKd4WcR8yBnE3gUjF6aQ";
const CORS: &str = "cors";
const JWT: &str = "jwt";
const ISOLATION: &str = "isolation";
/// What follows where every origin gets in: whatever the suite asks of foreign ones.
const ANY_ORIGIN: &[&str] = &["cors.origin.", "cors.surface.", "cors.claims", "cors.replicas", "cors.static", "cors.cache-order"];
/// What follows where origins that begin or end with an allowed one get in: all that only adds to it.
const PART_OF_ORIGIN: &[&str] = &["cors.origin.", "cors.surface."];
/// What follows where no signature is verified: no forgery is noticed, whatever else is wrong with it.
const UNSIGNED: &[&str] = &["jwt."];
/// What follows where B gets at A's object: so does every way that only decorates the request, and a subject that is nearly A's.
const TRESPASS: &[&str] = &["isolation.", "jwt.sub.alias"];
const NONE: &[&str] = &[];

const fn with(flaw: &str) -> Settings<'_> {
    Settings {
        secret: SECRET,
        issuer: "https://tasks.vercel.app",
        audience: "tasks-api",
        origins: &["https://tasks.vercel.app", "https://admin.example.com"],
        flaw: Some(flaw),
    }
}

/// Pages by `limit` and `offset`, of which the first is full: only what comes after it shows whose the total is.
#[test]
fn a_total_of_everybodys_tasks_is_seen_behind_a_full_page() -> Result<()> {
    let settings = with("total-of-all-paged");
    let app = StockApp::express(&settings)?;
    app.make_tasks(&settings.authorization("postflight-user-b")?, 10)?;
    found_in(&app, "total-of-all-paged", ISOLATION, &["isolation.list.totals"], NONE)
}

/// Starts the backend with this one flaw and verifies it by these suites. Every check of `fails` must FAIL, and every FAIL must be one of
/// them or begin with one of `implied`.
fn fails_exactly(
    start: fn(&Settings<'_>) -> Result<StockApp>,
    flaw: &str,
    suites: &str,
    fails: &[&str],
    implied: &[&str],
) -> Result<()> {
    let app = start(&with(flaw))?;
    found_in(&app, flaw, suites, fails, implied)
}

fn found_in(app: &StockApp, flaw: &str, suites: &str, fails: &[&str], implied: &[&str]) -> Result<()> {
    let (_, document) = verify(&app.description()?, SECRET, suites, &[])?;
    let failed = with_verdict(&document, "fail");
    let missed: Vec<_> = fails.iter().filter(|id| !failed.iter().any(|(failed, _)| failed == *id)).collect();
    let instead = ["pass", "warn", "inconclusive", "skip"].map(|verdict| with_verdict(&document, verdict)).concat();
    let instead: Vec<_> = instead.iter().filter(|(id, _)| missed.contains(&&id.as_str())).collect();
    ensure!(missed.is_empty(), "{flaw}: no FAIL of {missed:?}, which say {instead:#?}; but {failed:#?}");
    let known = |id: &str| fails.contains(&id) || implied.iter().any(|prefix| id.starts_with(prefix));
    let beyond: Vec<_> = failed.iter().filter(|(id, _)| !known(id)).collect();
    ensure!(beyond.is_empty(), "{flaw}: FAILs that it does not explain: {beyond:#?}");
    nothing_left(&document)
}

#[rstest]
#[case::cors_regex("cors-regex", CORS, &["cors.origin.prefix", "cors.origin.subdomain", "cors.origin.dots", "cors.origin.sibling", "cors.origin.preview", "cors.origin.platforms"], PART_OF_ORIGIN)]
#[case::cors_star("cors-star", CORS, &["cors.origin.random", "cors.origin.null", "cors.origin.scheme", "cors.surface.errors", "cors.credentials"], ANY_ORIGIN)]
#[case::signature_off("signature-off", JWT, &["jwt.tampered", "jwt.none", "jwt.payload", "jwt.signature.stripped", "jwt.secret.default", "jwt.exp.past", "jwt.aud", "jwt.iss"], UNSIGNED)]
#[case::expiry_off("expiry-off", JWT, &["jwt.exp.past", "jwt.exp.leeway", "jwt.exp.type", "jwt.required.verified"], &["jwt.json.duplicate", "jwt.errors"])]
#[case::audience_off("audience-off", JWT, &["jwt.aud"], NONE)]
#[case::token_optional("token-optional", JWT, &["jwt.required.read", "jwt.required.write", "jwt.required.path"], &["jwt.required.identity", "jwt.challenge", "jwt.scheme", "jwt.duplicate", "jwt.carrier."])]
#[case::path_trusted("path-trusted", ISOLATION, &["isolation.foreign.read", "isolation.foreign.put", "isolation.foreign.delete", "isolation.foreign.toggle", "isolation.claim.path", "isolation.assign.create"], TRESPASS)]
#[case::no_owner_list("no-owner-list", ISOLATION, &["isolation.list.pages", "isolation.concurrency"], &["isolation.cache.shared"])]
#[case::no_owner_read("no-owner-read", ISOLATION, &["isolation.foreign.read"], &["isolation.foreign.toggle"])]
#[case::no_owner_update("no-owner-update", ISOLATION, &["isolation.foreign.put"], NONE)]
#[case::no_owner_toggle("no-owner-toggle", ISOLATION, &["isolation.foreign.toggle"], NONE)]
#[case::no_owner_delete("no-owner-delete", ISOLATION, &["isolation.foreign.delete"], NONE)]
#[case::checked_late("checked-late", ISOLATION, &["isolation.foreign.put"], NONE)]
#[case::mass_assignment("mass-assignment", ISOLATION, &["isolation.assign.create"], NONE)]
// Whose list is in the cache is a matter of chance, and so is where it shows.
#[case::cache_shared("cache-shared", ISOLATION, &["isolation.cache.shared"], TRESPASS)]
#[case::docs_public("docs-public", "docs", &["docs.interactive", "docs.schema"], &["docs.variants"])]
#[case::traceback("traceback", "docs", &["docs.errors"], NONE)]
fn a_mistake_in_stock_fastapi_fails_the_checks_about_it(
    #[case] flaw: &str,
    #[case] suites: &str,
    #[case] fails: &[&str],
    #[case] implied: &[&str],
) -> Result<()> {
    fails_exactly(StockApp::fastapi, flaw, suites, fails, implied)
}

#[rstest]
#[case::cors_defaults("cors-defaults", CORS, &["cors.origin.random", "cors.origin.null", "cors.wildcard", "cors.unasked", "cors.surface.errors"], ANY_ORIGIN)]
#[case::cors_credentials("cors-credentials", CORS, &["cors.origin.random", "cors.origin.null", "cors.credentials"], ANY_ORIGIN)]
#[case::cors_regex_dots("cors-regex-dots", CORS, &["cors.origin.dots"], NONE)]
#[case::cors_regex_end("cors-regex-end", CORS, &["cors.origin.suffix", "cors.origin.suffix-joined", "cors.origin.port"], PART_OF_ORIGIN)]
#[case::preflight_refused("preflight-refused", CORS, &["cors.preflight.anonymous"], &["cors.preflight."])]
#[case::token_optional("token-optional", JWT, &["jwt.required.read", "jwt.required.path"], &["jwt.required.identity", "jwt.challenge", "jwt.scheme", "jwt.duplicate", "jwt.carrier."])]
#[case::token_in_query("token-in-query", JWT, &["jwt.carrier.query"], NONE)]
#[case::token_in_body("token-in-body", JWT, &["jwt.carrier.body"], NONE)]
#[case::token_in_cookie("token-in-cookie", JWT, &["jwt.carrier.cookie"], NONE)]
#[case::leeway_hour("leeway-hour", JWT, &["jwt.exp.leeway", "jwt.nbf"], NONE)]
#[case::expiry_never("expiry-never", JWT, &["jwt.exp.lifetime"], NONE)]
#[case::logout_nothing("logout-nothing", JWT, &["jwt.revoked"], NONE)]
#[case::unknown_name("unknown-name", JWT, &["jwt.login.uniform"], NONE)]
#[case::owner_missing("owner-missing", ISOLATION, &["isolation.foreign.read", "isolation.foreign.head", "isolation.foreign.patch", "isolation.foreign.delete", "isolation.oracle"], TRESPASS)]
#[case::mass_assignment("mass-assignment", ISOLATION, &["isolation.assign.create"], NONE)]
#[case::search_unscoped("search-unscoped", ISOLATION, &["isolation.list.search"], NONE)]
#[case::sql_built("sql-built", ISOLATION, &["isolation.forms.id"], NONE)]
#[case::traceback("traceback", "docs", &["docs.errors"], NONE)]
fn a_mistake_in_stock_flask_fails_the_checks_about_it(
    #[case] flaw: &str,
    #[case] suites: &str,
    #[case] fails: &[&str],
    #[case] implied: &[&str],
) -> Result<()> {
    fails_exactly(StockApp::flask, flaw, suites, fails, implied)
}

#[rstest]
#[case::cors_reflected("cors-reflected", CORS, &["cors.origin.random", "cors.origin.null", "cors.origin.scheme", "cors.surface.errors"], ANY_ORIGIN)]
#[case::cors_ends_with("cors-ends-with", CORS, &["cors.origin.prefix", "cors.origin.subdomain", "cors.origin.scheme"], PART_OF_ORIGIN)]
#[case::cors_includes("cors-includes", CORS, &["cors.origin.prefix", "cors.origin.suffix", "cors.origin.scheme"], PART_OF_ORIGIN)]
#[case::cors_localhost("cors-localhost", CORS, &["cors.origin.development"], NONE)]
#[case::cors_joined("cors-joined", CORS, &["cors.single", "cors.allowed.success"], &["cors.allowed.", "cors.replicas", "cors.unasked", "cors.cache-order"])]
#[case::cors_without_vary("cors-without-vary", CORS, &["cors.vary.allowed"], NONE)]
#[case::decode_only("decode-only", JWT, &["jwt.tampered", "jwt.none", "jwt.payload", "jwt.signature.stripped", "jwt.exp.past", "jwt.aud", "jwt.iss"], UNSIGNED)]
#[case::expiry_ignored("expiry-ignored", JWT, &["jwt.exp.past", "jwt.exp.leeway", "jwt.exp.type", "jwt.required.verified"], &["jwt.json.duplicate", "jwt.errors", "jwt.size"])]
#[case::default_secret("default-secret", JWT, &["jwt.secret.default"], NONE)]
#[case::reads_open("reads-open", JWT, &["jwt.required.read", "jwt.required.path"], UNSIGNED)]
#[case::token_by_path("token-by-path", JWT, &["jwt.required.path"], NONE)]
#[case::deletion_open("deletion-open", JWT, &["jwt.required.write"], &["jwt.required.verified"])]
#[case::subject_lowered("subject-lowered", JWT, &["jwt.sub.alias"], NONE)]
#[case::header_trusted("header-trusted", ISOLATION, &["isolation.claim.header"], NONE)]
#[case::query_trusted("query-trusted", ISOLATION, &["isolation.claim.query"], NONE)]
#[case::owner_missing_get("owner-missing-get", ISOLATION, &["isolation.foreign.read"], TRESPASS)]
#[case::owner_missing_patch("owner-missing-patch", ISOLATION, &["isolation.foreign.patch", "isolation.oracle"], &["isolation.cache.conditional"])]
#[case::owner_missing_delete("owner-missing-delete", ISOLATION, &["isolation.foreign.delete", "isolation.oracle"], &["isolation.claim.body", "isolation.cache.conditional"])]
#[case::mass_assignment("mass-assignment", ISOLATION, &["isolation.assign.update"], NONE)]
#[case::soft_delete("soft-delete", ISOLATION, &["isolation.deleted"], NONE)]
#[case::user_shared("user-shared", ISOLATION, &["isolation.concurrency"], TRESPASS)]
#[case::list_all("list-all", ISOLATION, &["isolation.list.pages", "isolation.concurrency"], &["isolation.cache.shared"])]
#[case::attachments_of_anybody("attachments-of-anybody", ISOLATION, &["isolation.routes"], NONE)]
#[case::trash_of_all("trash-of-all", ISOLATION, &["isolation.deleted"], &["isolation.list.bulk"])]
#[case::owner_operator("owner-operator", ISOLATION, &["isolation.claim.query"], NONE)]
#[case::total_of_all("total-of-all", ISOLATION, &["isolation.list.totals"], NONE)]
#[case::cached("cached", "headers,health", &["headers.caching", "health.fresh"], NONE)]
#[case::health_environment("health-environment", "health", &["health.leaks"], NONE)]
#[case::static_files("static-files", "docs", &["docs.files"], NONE)]
#[case::stack("stack", "docs", &["docs.errors"], NONE)]
fn a_mistake_in_stock_express_fails_the_checks_about_it(
    #[case] flaw: &str,
    #[case] suites: &str,
    #[case] fails: &[&str],
    #[case] implied: &[&str],
) -> Result<()> {
    fails_exactly(StockApp::express, flaw, suites, fails, implied)
}
