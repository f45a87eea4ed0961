//! What reports say, and what never comes through them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, what cannot go on fails it"
)]

mod report_support;

use std::fs;

use console::adr::Decisions;
use console::audit::{Audit, AuditError, REQUIREMENTS, html, json, load, markdown, write};
use console::run::{Counts, Evidence, EvidenceClass, Finding, Run, SCHEMA, Severity, Verdict};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use report_support as sample;
use rstest::rstest;

/// Writes the samples where a person can look at them: `POSTFLIGHT_SAMPLES=DIR cargo test --test report -- --ignored`.
#[test]
#[ignore = "for eyes only"]
fn samples_for_the_eye() {
    let dir = std::path::PathBuf::from(std::env::var("POSTFLIGHT_SAMPLES").unwrap());
    write(&sample::audit(), &dir.join("plain")).unwrap();
    write(&sample::hostile_audit(), &dir.join("hostile")).unwrap();
}

/// The audit of a run of these checks alone.
fn audit_of(checks: &[(&str, Verdict, &[&str])]) -> Audit {
    let checks = checks.iter().map(|(id, verdict, requirements)| {
        let mut check = sample::check(id, "cors", Severity::High, *verdict, "since it is so");
        check.requirements = requirements.iter().map(ToString::to_string).collect();
        check.evidence = vec![Evidence::of(EvidenceClass::Live, "GET /", Finding::Held, "seen")];
        check
    });
    let mut run = sample::run();
    run.checks = checks.collect();
    run.counts = Counts::of(&run.checks);
    Audit::of(run, Decisions::default())
}

#[rstest]
#[case::all_pass(&[Verdict::Pass, Verdict::Pass], Some(Verdict::Pass), "2 PASS.")]
#[case::one_fails(&[Verdict::Pass, Verdict::Fail], Some(Verdict::Fail), "1 FAIL, 1 PASS.")]
#[case::a_warning(&[Verdict::Warn, Verdict::Pass], Some(Verdict::Warn), "1 WARN, 1 PASS.")]
#[case::open_questions_hide_passes(&[Verdict::Pass, Verdict::Inconclusive], Some(Verdict::Inconclusive), "1 INCONCLUSIVE, 1 PASS; 1 of 2 checks judged.")]
#[case::skips_are_no_passes(&[Verdict::Pass, Verdict::Skip], Some(Verdict::Pass), "1 SKIP, 1 PASS; 1 of 2 checks judged.")]
#[case::only_skips(&[Verdict::Skip], None, "1 SKIP: since it is so")]
#[case::only_open(&[Verdict::Inconclusive], None, "1 INCONCLUSIVE: since it is so")]
#[case::nothing(&[], None, "No check of this run speaks for it.")]
fn a_requirement_stands_as_its_worst_check(#[case] verdicts: &[Verdict], #[case] stands: Option<Verdict>, #[case] reason: &str) {
    let checks: Vec<_> = verdicts.iter().map(|verdict| ("cors.x", *verdict, &["FR-004"][..])).collect();
    let audit = audit_of(&checks);
    let judged = audit.requirements.iter().find(|judged| judged.requirement.id == "FR-004").unwrap();
    assert_eq!((judged.standing.verdict, judged.reason.as_str()), (stands, reason));
}

#[rstest]
#[case::live_by_live("FR-004", EvidenceClass::Live, &[Verdict::Pass], false)]
#[case::live_with_a_skip("FR-004", EvidenceClass::Live, &[Verdict::Pass, Verdict::Skip], true)]
#[case::self_reported_is_not_live("FR-004", EvidenceClass::SelfReported, &[Verdict::Pass], true)]
#[case::a_pool_by_live("FR-003", EvidenceClass::Live, &[Verdict::Pass], true)]
#[case::a_pool_by_configuration("FR-003", EvidenceClass::Configuration, &[Verdict::Pass], false)]
#[case::a_procfile_by_files("FR-002", EvidenceClass::Repository, &[Verdict::Pass], false)]
#[case::a_procfile_by_live("FR-002", EvidenceClass::Live, &[Verdict::Pass], true)]
#[case::an_outage_without_a_rehearsal("EC-1", EvidenceClass::Live, &[Verdict::Pass], true)]
fn a_pass_claims_no_more_than_its_evidence_carries(
    #[case] id: &str,
    #[case] class: EvidenceClass,
    #[case] verdicts: &[Verdict],
    #[case] in_part: bool,
) {
    let checks: Vec<_> = verdicts.iter().map(|verdict| ("cors.x", *verdict, std::slice::from_ref(&id))).collect();
    let mut run = audit_of(&checks).run;
    for check in &mut run.checks {
        check.evidence = vec![Evidence::of(class, "seen", Finding::Held, "so")];
    }
    let audit = Audit::of(run, Decisions::default());
    let judged = audit.requirements.iter().find(|judged| judged.requirement.id == id).unwrap();
    assert_eq!((judged.standing.verdict, judged.standing.in_part), (Some(Verdict::Pass), in_part));
    let row = after(&html(&audit).unwrap(), &format!("<tr id=\"{id}\">")).split_once("</tr>").unwrap().0.to_owned();
    assert_eq!(row.contains("PASS in part"), in_part, "{row}");
}

#[rstest]
#[case(59_999, Verdict::Pass)]
#[case(60_000, Verdict::Fail)]
fn the_sixty_seconds_are_measured_by_the_run_itself(#[case] wall_ms: u64, #[case] verdict: Verdict) {
    let mut run = sample::run();
    run.stats.wall_ms = wall_ms;
    let audit = Audit::of(run, Decisions::default());
    assert_eq!(audit.requirements.iter().find(|judged| judged.requirement.id == "SC-004").unwrap().standing.verdict, Some(verdict));
}

#[test]
fn decisions_that_nobody_gave_are_not_judged() {
    let audit = audit_of(&[]);
    let judged = |id: &str| audit.requirements.iter().find(|judged| judged.requirement.id == id).unwrap().standing.verdict;
    assert_eq!((judged("SC-005"), judged("US3")), (None, None));
}

#[test]
fn requirements_that_http_cannot_carry_say_so() {
    let caveats: Vec<_> =
        REQUIREMENTS.iter().filter_map(|requirement| requirement.carrier.caveat().map(|_| requirement.id)).collect();
    assert_eq!(caveats, ["FR-001", "FR-002", "FR-003", "SC-002", "SC-005", "US1", "US3", "EC-1", "EC-2", "EC-3"]);
    let html = html(&audit_of(&[])).unwrap();
    assert!(html.contains("HTTP cannot see a variable or a pool."));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for render in [html, markdown, json] {
        assert_eq!(render(&sample::hostile_audit()).unwrap(), render(&sample::hostile_audit()).unwrap());
    }
}

#[test]
fn what_changed_since_an_earlier_run_is_said_by_direction() {
    let earlier =
        audit_of(&[("cors.a", Verdict::Pass, &[]), ("cors.b", Verdict::Fail, &[]), ("cors.gone", Verdict::Pass, &[])]).run;
    let later = audit_of(&[("cors.a", Verdict::Fail, &[]), ("cors.b", Verdict::Pass, &[]), ("cors.new", Verdict::Warn, &[])]);
    let mut audit = later.since(&earlier);
    audit.run.target.origins.push("unused".into());
    let text = markdown(&audit).unwrap();
    let (changes, _) = after(&text, "## Changed since the last audit\n\n").split_once("\n\n## ").unwrap();
    insta::assert_snapshot!(changes, @"
    Compared with run `0199c0de-7000-7000-8000-00000000cafe` of 23 November 2026, 14:03:09 UTC.

    - Worse: ✔ PASS → ✘ FAIL [cors a is as it should be](#cors.a)
    - Better: ✘ FAIL → ✔ PASS [cors b is as it should be](#cors.b)
    - New: ○ not in the run → ▲ WARN [cors new is as it should be](#cors.new)
    - No longer asked: ✔ PASS → ○ not in the run cors gone is as it should be `cors.gone`
    ");
    let page = html(&audit).unwrap();
    assert!(after(&page, "id=\"changes\"").contains("<a href=\"#cors.a\">"));
}

#[test]
fn origins_and_endpoints_that_came_or_went_are_named() {
    let (mut earlier, mut later) = (audit_of(&[]).run, audit_of(&[]).run);
    earlier.target.name = "staging".into();
    earlier.target.origins = vec!["https://old.example".into()];
    later.target.origins = vec!["https://new.example".into()];
    later.endpoints[0].methods.push("TRACE".into());
    let text = markdown(&Audit::of(later, Decisions::default()).since(&earlier)).unwrap();
    for line in [
        "- Allowed origins: added `https://new.example`",
        "- Allowed origins: removed `https://old.example`",
        "- Endpoints: added `TRACE /livez`",
        "That run was of another target, staging",
    ] {
        assert!(text.contains(line), "{line} is missing");
    }
    let same = markdown(&audit_of(&[]).since(&audit_of(&[]).run)).unwrap();
    assert!(same.contains("No verdict, declared origin or endpoint differs."));
}

#[test]
fn a_demo_is_marked_in_every_form() {
    let mut run = sample::run();
    run.demo = true;
    let audit = Audit::of(run, Decisions::default());
    assert!(html(&audit).unwrap().contains("<b>DEMO</b>"));
    assert!(html(&audit).unwrap().contains("<title>DEMO · "));
    assert!(markdown(&audit).unwrap().starts_with("# DEMO: "));
    assert!(json(&audit).unwrap().contains("\"demo\": true"));
    for render in [html, markdown] {
        assert!(!render(&sample::audit()).unwrap().contains("DEMO"));
    }
}

#[test]
fn failures_come_first_and_checks_keep_their_ids_as_anchors() {
    let html = html(&sample::audit()).unwrap();
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} is missing"));
    assert!(at("id=\"attention\"") < at("id=\"requirements\"") && at("id=\"requirements\"") < at("id=\"checks\""));
    assert!(html.contains("<details class=\"check fail\" id=\"cors.origin.null\" open>"));
    assert!(html.contains("<a href=\"#adr-0001-exact-allowlist\">ADR-0001 Use one exact allowlist of origins</a>"));
}

#[test]
fn checks_that_this_version_does_not_know_keep_their_results() {
    let audit = audit_of(&[("cors.of.the.future", Verdict::Fail, &["FR-999"])]);
    let html = html(&audit).unwrap();
    assert!(html.contains("id=\"cors.of.the.future\"") && html.contains("This version of the catalogue does not have the check"));
    assert!(html.contains("FR-999") && !html.contains("#FR-999"));
    assert!(markdown(&audit).unwrap().contains("`cors.of.the.future`"));
}

#[test]
fn one_check_reads_well_in_markdown() {
    let mut audit = audit_of(&[("cors.of.the.future", Verdict::Fail, &["FR-004"])]);
    audit.run.checks[0].evidence[0].exchange = sample::run().checks.iter().find_map(|check| check.evidence[0].exchange.clone());
    let text = markdown(&audit).unwrap();
    let (_, check) = text.split_once("<a id=\"cors.of.the.future\"></a>\n").unwrap();
    let (check, _) = check.split_once("\n## ").unwrap();
    insta::assert_snapshot!(check, @r#"
    #### ✘ FAIL: cors of the future is as it should be

    since it is so

    - Id: `cors.of.the.future`; severity high; 12 requests in 140 ms
    - This version of the catalogue does not have the check; only its result is shown.
    - Speaks for: FR-004

    **✔ held**: GET /. seen *(live)*

    Sent:

    ```text
    GET https://tasks-api.up.railway.app/api/tasks?limit=1
    user-agent: postflight/0.1.0 run/0199c0de-7000-7000-8000-00000000cafe
    authorization: Bearer $POSTFLIGHT_TOKEN_A
    origin: null
    ```

    Answered, 401 in 41 ms:

    ```text
    HTTP 401
    content-type: application/json
    access-control-allow-origin: null
    vary: Origin

    {"items":[{"id":"0199c0de-aaaa","title":"postflight-k3x9q0a1zz","completed":false}],"next_cursor":null}
    [more of the body was cut off]
    ```

    To repeat it:

    ```text
    curl -sS -i -H 'Origin: null' -H "Authorization: Bearer $POSTFLIGHT_TOKEN_A" 'https://tasks-api.up.railway.app/api/tasks?limit=1'
    ```
    "#);
}

#[test]
fn markdown_gives_hostile_text_no_life() {
    let text = markdown(&sample::hostile_audit()).unwrap();
    let mut in_code = false;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Html(raw) | Event::InlineHtml(raw) => assert!(is_own_anchor(raw.trim()), "raw HTML came through: {raw}"),
            Event::Start(Tag::Link { dest_url, .. }) => assert!(is_own_link(&dest_url), "a link came through: {dest_url}"),
            Event::Start(Tag::Image { dest_url, .. }) => panic!("an image came through: {dest_url}"),
            // An escape splits the text, so an address in one piece is one that GitHub would make a link of.
            Event::Text(text) if !in_code => {
                assert!(!["://", "www."].iter().any(|bare| text.trim_start_matches(':').contains(bare)), "{text}");
            }
            Event::Text(text) | Event::Code(text) => assert!(text.chars().all(is_harmless), "{text:?}"),
            _ => {}
        }
    }
}

/// An anchor of the report's own: `<a id="cors.origin.null">` and its end.
fn is_own_anchor(raw: &str) -> bool {
    let id = raw.strip_prefix("<a id=\"").and_then(|rest| rest.strip_suffix("\">"));
    raw == "</a>" || id.is_some_and(|id| id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)))
}

fn is_own_link(url: &str) -> bool {
    let in_place = url.starts_with('#') || url.starts_with("../history/adr/");
    !url.contains("evil") && (in_place || url.starts_with("https://"))
}

fn is_harmless(c: char) -> bool {
    c == '\n' || c == '\t' || !(c.is_control() || c == '\u{202e}')
}

#[test]
fn html_gives_hostile_text_no_life() {
    let html = html(&sample::hostile_audit()).unwrap();
    let lower = html.to_lowercase();
    for live in
        ["<script", "<img", "<iframe", "<svg/", "<base", "<meta http-equiv=refresh", "<a href=\"javascript", "\u{202e}", "\u{1b}"]
    {
        let at = lower.find(live).map(|at| lower.get(at.saturating_sub(40)..(at + 80).min(lower.len())).unwrap_or_default());
        assert_eq!(at, None, "{live} came through");
    }
    assert_eq!(html.matches("<style").count(), 1);
    assert!(html.contains("{{ 7 * 7 }}"), "a template inside hostile text was executed");
}

#[test]
fn every_decision_is_linked_and_readable_even_a_thousand_of_them() {
    let files = (1..=1000_u32).map(|number| (format!("{number:04}-decision-{number}.md"), decision(number)));
    let audit = Audit::of(sample::run(), sample::decisions_of(files));
    let (page, text) = (html(&audit).unwrap(), markdown(&audit).unwrap());
    let (mut page, mut text) = (page.as_str(), text.as_str());
    for number in 1..=1000_u32 {
        let (id, before) = (format!("{number:04}-decision-{number}"), number.saturating_sub(1).max(1));
        page = after(page, &format!("id=\"adr-{id}\""));
        page = after(page, &format!("<a href=\"#adr-{before:04}-decision-{before}\">the one before</a>"));
        page = after(page, &format!("Text of {number} ends here."));
        text = after(text, &format!("(<../history/adr/{id}.md>)"));
    }
}

/// What follows the first `part` of `text`.
fn after<'a>(text: &'a str, part: &str) -> &'a str {
    text.split_once(part).unwrap_or_else(|| panic!("{part} is missing")).1
}

/// About 3 KiB in the usual form, with a table, code and a link to the decision before.
fn decision(number: u32) -> String {
    let before = number.saturating_sub(1).max(1);
    let sentence = "The service keeps its promise as long as the operator keeps the configuration. ";
    format!(
        "# {number}. Decision {number}\n\nDate: 2026-01-02\n\n## Status\n\nAccepted\n\n## Context\n\n{}\n\nSee [the one before]({before:04}-decision-{before}.md).\n\n\
         ## Decision\n\n{}\n\n```rust\nfn decide() {{}}\n```\n\n| Option | Cost |\n|---|--:|\n| a | 1 |\n| b | 2 |\n\n\
         ## Consequences\n\n- **Good**: {sentence}\n- **Bad**: {sentence}\n\nText of {number} ends here.\n",
        sentence.repeat(14),
        sentence.repeat(14)
    )
}

#[test]
fn what_is_written_can_be_loaded_and_gives_the_same_report() {
    let dir = tempfile::tempdir().unwrap();
    let audit = sample::audit();
    let written = write(&audit, &dir.path().join("out/deep")).unwrap();
    let run = load(&written.json).unwrap();
    assert_eq!(run, audit.run);
    let again = Audit::of(run, sample::decisions());
    assert_eq!(fs::read_to_string(&written.html).unwrap(), html(&again).unwrap());
    let names: Vec<_> = fs::read_dir(dir.path().join("out/deep")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "nothing but the three files: {names:?}");
}

#[test]
fn links_to_decisions_follow_the_folder_of_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let audit = sample::audit().with_adrs_in(dir.path().join("history/adr"));
    let written = write(&audit, &dir.path().join("out/demo")).unwrap();
    let text = fs::read_to_string(&written.markdown).unwrap();
    assert!(text.contains("(<../../history/adr/0001-exact-allowlist.md>)"));
}

#[test]
fn an_earlier_report_survives_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("audit.json")).unwrap();
    fs::write(dir.path().join("audit.html"), "earlier").unwrap();
    fs::create_dir(dir.path().join(format!(".audit.json.{}", std::process::id()))).unwrap();
    let error = write(&sample::audit(), dir.path()).unwrap_err();
    assert!(matches!(error, AuditError::Write { .. }), "{error}");
    assert_eq!(fs::read_to_string(dir.path().join("audit.html")).unwrap(), "earlier");
}

#[rstest]
#[case::another_version(
    r#"{"schema":"postflight.audit/2"}"#,
    "has the format `postflight.audit/2`, but this version reads only `postflight.audit/1`"
)]
#[case::something_else(r#"{"a":1}"#, "has the format `none`")]
#[case::a_list("[]", "has the format `none`")]
#[case::half(r#"{"schema":"postflight.audit/1","id":"x"}"#, "is not a whole audit document: missing field `demo`")]
#[case::no_json("<html>", "is not a whole audit document: expected value")]
#[case::escape_codes("{\"schema\":\"\\u001b[2J\"}", "has the format `\\u{1b}[2J`")]
fn documents_that_cannot_be_read_are_refused_by_name(#[case] text: &str, #[case] message: &str) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("old.json");
    fs::write(&path, text).unwrap();
    let error = load(&path).unwrap_err().to_string();
    assert!(error.contains(message) && error.contains("old.json"), "{error}");
}

#[test]
fn a_missing_document_says_which() {
    let error = load(std::path::Path::new("/nowhere/audit.json")).unwrap_err();
    insta::assert_snapshot!(error, @"cannot read /nowhere/audit.json");
}

#[test]
fn the_document_is_the_run_and_names_its_format() {
    let text = json(&sample::audit()).unwrap();
    let run: Run = serde_json::from_str(&text).unwrap();
    assert_eq!(run.schema, SCHEMA);
    assert_eq!(run, sample::run());
}
