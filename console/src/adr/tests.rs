//! What records of each dialect become, and what the lint says of bad ones.

use std::fs;

use proptest::prelude::*;
use rstest::rstest;

use super::read::from_memory;
use super::*;

const MADR4: &str = "---\nstatus: accepted\ndate: 2026-03-04\ndecision-makers: [a, b]\nverified-by: [cors.control, cors.origin.null]\n---\n\n# Use an allowlist\n\n## Context and Problem Statement\n\nC\n\n## Considered Options\n\n* A\n* B\n\n## Decision Outcome\n\nD\n\n### Consequences\n\n* Good\n";
const MADR2: &str = "# Use an allowlist\n\n* Status: accepted\n* Deciders: a, b\n* Date: 2026-03-04\n\nVerified-by: `cors.control`, `cors.origin.null`\n\n## Context and Problem Statement\n\nC\n\n## Considered Options\n\n* A\n\n## Decision Outcome\n\nD\n\n### Positive Consequences\n\n* Good\n";
const NYGARD: &str = "# 1. Use an allowlist\n\nDate: 2026-03-04\n\n## Status\n\nAccepted\n\n## Context\n\nC\n\n## Decision\n\nD\n\n## Alternatives\n\nA\n\n## Consequences\n\nE\n\n## Verified by\n\n- cors.control\n- cors.origin.null\n";
const LOG4BRAINS: &str = "# Use an allowlist\n\n- Status: accepted\n- Date: 2026-03-04\n- Tags: security\n- Verified-by: cors.control, cors.origin.null\n\n## Context\n\nC\n\n## Considered Options\n\n- A\n\n## Decision\n\nD\n\n## Consequences\n\nE\n";
const PLAIN: &str = "Use an allowlist\n================\n\n**Status:** Accepted\n**Date:** 2026-03-04\n**Verified by:** cors.control cors.origin.null\n\nContext\n-------\n\nC\n\nDecision\n--------\n\nD\n\nOptions considered\n---\n\nA\n\nTrade-offs\n---\n\nE\n";

#[rstest]
#[case::madr4("0001-use-an-allowlist.md", MADR4)]
#[case::madr2("0001-use-an-allowlist.md", MADR2)]
#[case::nygard("0001-use-an-allowlist.md", NYGARD)]
#[case::log4brains("20260304-use-an-allowlist.md", LOG4BRAINS)]
#[case::plain("adr-001-allowlist.md", PLAIN)]
#[case::windows_line_ends(
    "0001-x.md",
    "\u{feff}# Use an allowlist\r\n\r\nStatus: accepted\r\nDate: 2026-03-04\r\nVerified-by: cors.control, cors.origin.null\r\n\r\n## Context\r\n\r\nC\r\n\r\n## Decision\r\n\r\nD\r\n\r\n## Options\r\n\r\nA\r\n\r\n## Consequences\r\n\r\nE\r\n"
)]
fn every_dialect_gives_the_same_record(#[case] file: &str, #[case] text: &str) {
    let decisions = from_memory(&[(file, text)]);
    let adr = &decisions.adrs[0];
    assert_eq!((adr.title.as_str(), &adr.status, adr.date.as_deref()), ("Use an allowlist", &Status::Accepted, Some("2026-03-04")));
    assert_eq!(adr.verified_by, VerifiedBy::Ids { ids: vec!["cors.control".into(), "cors.origin.null".into()] });
    assert_eq!(adr.problems, []);
}

#[rstest]
#[case::four_digits("0012-pooling-for-neon.md", Some(12), "pooling for neon", None)]
#[case::dated("20260131-pooling.md", None, "pooling", Some("2026-01-31"))]
#[case::dashed_date("2026-01-31-pooling.md", None, "pooling", Some("2026-01-31"))]
#[case::prefix("ADR-7-pooling.md", Some(7), "pooling", None)]
#[case::in_a_folder("data/0003_pooling.md", Some(3), "pooling", None)]
#[case::free("pooling.md", None, "pooling", None)]
#[case::no_such_day("20261399-pooling.md", None, "20261399 pooling", None)]
fn file_names_give_number_title_and_date(
    #[case] file: &str,
    #[case] number: Option<u32>,
    #[case] title: &str,
    #[case] date: Option<&str>,
) {
    let decisions = from_memory(&[(file, "Status: accepted\n\ntext\n")]);
    let adr = &decisions.adrs[0];
    assert_eq!((adr.number, adr.title.as_str(), adr.date.as_deref()), (number, title, date));
}

#[rstest]
#[case::dash("none — HTTP cannot see a pool", "HTTP cannot see a pool")]
#[case::hyphen("none - since", "since")]
#[case::brackets("None (since)", "since")]
#[case::bare("none", "")]
fn a_decision_may_be_verified_by_nothing_for_a_reason(#[case] text: &str, #[case] reason: &str) {
    let decisions = from_memory(&[("0001-a.md", &format!("# A\n\nStatus: accepted\nVerified-by: {text}\n"))]);
    assert_eq!(decisions.adrs[0].verified_by, VerifiedBy::None { reason: reason.into() });
}

fn listing(decisions: &Decisions) -> String {
    let lines: Vec<_> =
        decisions.problems().map(|(adr, lint)| format!("{}: {} {}", adr.file_name, lint.id, lint.message)).collect();
    lines.join("\n")
}

#[test]
fn bad_records_are_linted_by_stable_ids() {
    let mut decisions = from_memory(&[
        ("0001-old.md", "# 1. Old\n\n## Status\n\nAccepted\n"),
        (
            "0002-new.md",
            "---\nstatus: accepted\ndate: last Tuesday\nsupersedes: [ADR-0001]\nverified-by: cors.nope, cors.*\n---\n# New\n",
        ),
        ("0002-twin.md", "# 9. Twin\n\nStatus: vibing\n\nSee [gone](0044-gone.md) and [old](0001-old.md#status).\n"),
        ("0005-late.md", "no title\n\n- Status: superseded by [ADR-0077](0077-x.md)\n- Verified-by: none\n"),
        ("0006-bare.md", "# Bare\n\nStatus: superseded\n"),
    ]);
    decisions.check_ids(["cors.control"]);
    for adr in &mut decisions.adrs {
        adr.problems
            .retain(|lint| !lint.id.starts_with("adr.no-con") && !matches!(lint.id, "adr.no-alternatives" | "adr.no-decision"));
    }
    insta::assert_snapshot!(listing(&decisions), @r"
    0001-old.md: adr.no-date no date in the text or the file name
    0001-old.md: adr.one-sided-supersedes 0002-new says that it replaces 0001-old, which does not say so
    0001-old.md: adr.no-verified-by in force, but `verified-by` names no check and does not say `none`
    0002-new.md: adr.bad-date `last Tuesday` is not a date as YYYY-MM-DD
    0002-new.md: adr.duplicate-number number 2 is also used by 0002-twin.md
    0002-new.md: adr.unknown-check `cors.nope` is no check of the catalogue
    0002-twin.md: adr.unknown-status `vibing` is no known status
    0002-twin.md: adr.no-date no date in the text or the file name
    0002-twin.md: adr.duplicate-number number 2 is also used by 0002-new.md
    0002-twin.md: adr.number-mismatch the title says 9, the file name says 2
    0002-twin.md: adr.dangling-link the link to 0044-gone.md leads nowhere
    0005-late.md: adr.no-title there is no heading that names the decision
    0005-late.md: adr.no-date no date in the text or the file name
    0005-late.md: adr.gap 2 numbers are missing before it (3 to 4)
    0005-late.md: adr.dangling-link `ADR-0077` is no record here
    0005-late.md: adr.dangling-link the link to 0077-x.md leads nowhere
    0005-late.md: adr.no-reason `verified-by: none` without a reason
    0006-bare.md: adr.no-date no date in the text or the file name
    0006-bare.md: adr.no-successor superseded, but by which record is not said
    ");
}

#[test]
fn a_replacement_that_both_sides_name_is_in_order() {
    let decisions = from_memory(&[
        ("0001-old.md", "# Old\n\nStatus: superseded by [ADR-0002](0002-new.md)\n"),
        ("0002-new.md", "# New\n\nStatus: proposed\n\nSupersedes [ADR-0001](0001-old.md)\n"),
    ]);
    assert_eq!(decisions.adrs[0].status, Status::Superseded { by: Some("ADR-0002".into()) });
    assert_eq!(decisions.adrs[0].superseded_by[0].to.as_ref(), Some(&decisions.adrs[1].id));
    assert!(decisions.problems().all(|(_, lint)| lint.id != "adr.one-sided-supersedes"), "{}", listing(&decisions));
}

#[test]
fn what_cannot_be_read_is_reported_and_hides_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(directory.path().join(name), bytes).unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    write("0001-good.md", b"# Good\n\nStatus: accepted\n");
    write("0002-latin.md", b"# Caf\xe9\n\nStatus: accepted\n");
    write("0003-binary.md", b"\x00\x01");
    write("0004-empty.md", b" \n");
    write("0005-huge.md", &vec![b'x'; (1 << 20) + 1]);
    write("0006-other.adoc", b"= Other");
    write("README.md", b"# Index");
    write("adr-template.md", b"# T");
    write("data/0001-nested.md", b"# Nested\n\nStatus: accepted\n");
    let decisions = read_dir(directory.path()).unwrap();
    let names = |files: Vec<&str>| files.join(" ");
    assert_eq!(
        names(decisions.adrs.iter().map(|adr| adr.file_name.as_str()).collect()),
        "0001-good.md data/0001-nested.md 0002-latin.md"
    );
    assert_eq!(
        names(decisions.unreadable.iter().map(|file| file.file_name.as_str()).collect()),
        "0003-binary.md 0004-empty.md 0005-huge.md"
    );
    assert_eq!(
        names(decisions.skipped.iter().map(|file| file.file_name.as_str()).collect()),
        "0006-other.adoc README.md adr-template.md"
    );
    assert_eq!(decisions.adrs[2].title, "Caf\u{fffd}");
    assert!(decisions.adrs[2].problems.iter().any(|lint| lint.id == "adr.not-utf8"));
}

#[test]
fn hostile_text_stays_text() {
    let decisions = from_memory(&[("0001-x.md", "# T \u{1b}[31m\u{202e}\n\nStatus: accepted\n\n<script>alert(1)</script>\u{7}\n")]);
    assert_eq!(decisions.adrs[0].title, "T \\u{1b}[31m\\u{202e}");
    assert!(decisions.adrs[0].body_markdown.contains("<script>alert(1)</script>\\u{7}"));
}

#[test]
fn a_missing_directory_is_an_error_that_says_what_to_do() {
    let error = read_dir(std::path::Path::new("/nonexistent/adr")).unwrap_err();
    assert!(error.to_string().contains("--adr"), "{error}");
}

#[test]
fn decisions_are_found_by_the_check_that_verifies_them() {
    let decisions = from_memory(&[
        ("0001-old.md", "# Old\n\nStatus: deprecated\nVerified-by: cors.*\n"),
        ("0002-new.md", "# New\n\nStatus: accepted\nVerified-by: cors.origin.null\n"),
        ("0003-else.md", "# Else\n\nStatus: accepted\nVerified-by: corsair.x\n"),
    ]);
    let labels: Vec<_> = decisions.for_check("cors.origin.null").map(Adr::label).collect();
    assert_eq!(labels, ["ADR-0002", "ADR-0001"]);
}

/// The records of this project, linted with the ids of the catalogue.
#[test]
fn the_records_of_this_project_are_in_order() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../history/adr");
    let mut decisions = read_dir(&directory).unwrap();
    decisions.check_ids(crate::checks::catalogue().map(|check| check.id));
    assert!(decisions.adrs.len() >= 25, "{} records", decisions.adrs.len());
    assert_eq!(listing(&decisions), "");
    assert_eq!((decisions.unreadable.len(), decisions.skipped.len()), (0, 0));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(name in "[a-zA-Z0-9./_é-]{0,24}", text in "(?s).{0,400}") {
        let decisions = from_memory(&[(&format!("{name}.md"), &text)]);
        prop_assert_eq!(decisions.adrs.len(), 1);
    }

    #[test]
    fn no_arrangement_of_familiar_pieces_makes_the_reader_panic(pieces in proptest::collection::vec(prop_oneof![
        Just("---\n"), Just("# "), Just("## Status\n"), Just("status:"), Just("Superseded by "), Just("[ADR-1]("), Just("0001-x.md)"),
        Just("```\n"), Just("- "), Just("**"), Just("~~"), Just("|"), Just("[[1]]"), Just("verified-by: none"), Just("é"), Just("\n"),
        Just("%e9"), Just("<!--"), Just("-->"), Just("adr"), Just("12. "), Just(":"),
    ], 0..40)) {
        let text = pieces.concat();
        prop_assert_eq!(from_memory(&[("0001-x.md", &text), ("0002-y.md", &text)]).adrs.len(), 2);
    }
}

/// Reads the directory in `ADR_SAMPLE` and prints what it took: `cargo test --release ... -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement: needs ADR_SAMPLE"]
fn measure_a_directory() {
    let directory = std::env::var("ADR_SAMPLE").unwrap();
    let started = std::time::Instant::now();
    let decisions = read_dir(std::path::Path::new(&directory)).unwrap();
    println!("{} records in {:?}, {} problems", decisions.adrs.len(), started.elapsed(), decisions.problems().count());
    let mut counts = std::collections::BTreeMap::new();
    for word in decisions.problems().map(|(_, lint)| lint.id).chain(decisions.adrs.iter().map(|adr| adr.status.word())) {
        *counts.entry(word).or_insert(0) += 1;
    }
    println!("{counts:?}");
}
