//! The questions of the suite: each turns the one scan, or the declared values, into findings.

use std::collections::BTreeSet;

use secrecy::ExposeSecret as _;

use super::dotenv::Kind;
use super::needles::{self, SHORTEST};
use super::rules::{self, RULES};
use super::scan::{EnvFile, Scan, of, with_repository};
use super::search::{Hit, Search, What};
use super::{fallback, hygiene};
use crate::checks::{Checked, Context, Outcome};
use crate::http::Trouble;
use crate::repository::Place;
use crate::run::{Evidence, Finding};

/// Rule under which an allowlist accepts a declared value in a fixture.
const VALUE_RULE: &str = "declared-value";
/// Pieces of evidence of one kind that are kept.
const KEPT: usize = 20;

/// The search finds what is known to be there: every rule its own sample, a planted value in every form, a known line of the tree.
pub(super) async fn control(cx: Context) -> Checked {
    let mut evidence = vec![planted()];
    if cx.inputs.repository.is_some() {
        evidence.push(known_line(&*of(&cx).await?));
    }
    let summary = evidence.iter().map(|piece| piece.observed.as_str()).collect::<Vec<_>>().join("; ");
    Ok(Outcome::of(summary, evidence))
}

fn planted() -> Evidence {
    let value = "planted+canary/value:0123";
    let label = "samples planted in memory";
    let Some(search) = Search::new(&[("PLANTED".to_owned(), value.into())], "") else {
        return Evidence::repository(label, Finding::Unclear, "the search does not compile");
    };
    let place = Place::WorkTree { path: "planted".into() };
    let finds = |text: &[u8], what: &dyn Fn(&What) -> bool| search.text(&place, text).iter().any(|hit| what(&hit.what));
    let rules = RULES
        .iter()
        .filter(|rule| finds(rule.sample().as_bytes(), &|what| matches!(what, What::Rule { id, .. } if *id == rule.id)));
    let forms = needles::forms(value);
    let found = forms.iter().filter(|needle| finds(&needle.bytes, &|what| matches!(what, What::Value { .. }))).count();
    let rules = rules.count();
    let finding = if rules == RULES.len() && found == forms.len() { Finding::Held } else { Finding::Unclear };
    let words = format!(
        "{rules} of {} rules find their samples, a planted value is found in {found} of {} forms",
        RULES.len(),
        forms.len()
    );
    Evidence::repository(label, finding, words)
}

fn known_line(scan: &Scan) -> Evidence {
    let label = "a line that is known to be in the tree";
    match &scan.canary {
        Some((path, found)) if *found > 0 => Evidence::repository(
            label,
            Finding::Held,
            format!("a line of {path} was found where it stands, among {}", scan.coverage.words()),
        ),
        Some((path, _)) => {
            Evidence::repository(label, Finding::Unclear, format!("a line of {path} was not found, so the search is blind"))
        }
        None => Evidence::repository(label, Finding::Unclear, "the tree has no text file to prove the search with"),
    }
}

/// No declared secret's value is in the tree or its history.
pub(super) async fn values(cx: Context) -> Checked {
    let scan = of(&cx).await?;
    let mut evidence = scan.reservations();
    for (name, value) in &cx.inputs.secrets {
        let hits: Vec<_> =
            scan.hits.iter().filter(|hit| matches!(&hit.what, What::Value { name: found, .. } if found == name)).collect();
        match hits.as_slice() {
            [] if value.expose_secret().trim().len() < SHORTEST => {
                let why = format!("shorter than {SHORTEST} bytes: it would be found in every dictionary, so it was not looked for");
                evidence.push(Evidence::repository(name, Finding::Unclear, why));
            }
            [] => evidence.push(Evidence::repository(name, Finding::Held, "its value is nowhere, in none of its forms")),
            hits => evidence.extend(hits.iter().take(KEPT).map(|hit| value_found(&scan, name, hit))),
        }
    }
    Ok(summed(evidence, &format!("no declared value in {}", scan.basis()), "declared values found"))
}

fn value_found(scan: &Scan, name: &str, hit: &Hit) -> Evidence {
    let form = if let What::Value { form, .. } = &hit.what { form } else { "as it is" };
    let accepted = hit.place.path().and_then(|path| scan.allowed.accepts(path, VALUE_RULE));
    let (finding, note) = match accepted {
        Some(entry) => (Finding::Weak, format!("; accepted: {}", entry.reason)),
        None => (Finding::Broken, "; rotate it, since history is public to whoever has a clone".to_owned()),
    };
    Evidence::repository(
        format!("the value of {name}"),
        finding,
        format!("{form}, in {}, line {}{note}", hit.place.words(), hit.line),
    )
}

/// No credential of a well-known form is in the tree or its history.
pub(super) async fn patterns(cx: Context) -> Checked {
    let scan = of(&cx).await?;
    let mut evidence = scan.reservations();
    evidence.extend(scan.allowed.broken.iter().map(|line| Evidence::repository("allowlist", Finding::Weak, line.clone())));
    let mut seen = BTreeSet::new();
    for hit in &scan.hits {
        let What::Rule { id, masked } = &hit.what else { continue };
        // The same credential in every version of a file is one finding.
        if seen.insert((id, masked, hit.place.path())) && evidence.len() < 4 * KEPT {
            evidence.extend(rules::find(id).map(|rule| pattern_found(&scan, rule, masked, hit)));
        }
    }
    let absent = format!("no credential of {} known forms in {}", RULES.len(), scan.basis());
    evidence.push(Evidence::repository(
        "tree and history",
        Finding::Held,
        format!("searched for {} known forms in {}", RULES.len(), scan.basis()),
    ));
    Ok(summed(evidence, &absent, "credentials found"))
}

fn pattern_found(scan: &Scan, rule: &rules::Rule, masked: &str, hit: &Hit) -> Evidence {
    let accepted = hit.place.path().and_then(|path| scan.allowed.accepts(path, rule.id));
    let (finding, note) = match accepted {
        Some(entry) => (Finding::Held, format!("; accepted: {}", entry.reason)),
        None => (rule.finding, String::new()),
    };
    let seen = format!("{masked} in {}, line {}{note}", hit.place.words(), hit.line);
    Evidence::repository(format!("{} ({})", rule.what, rule.id), finding, seen)
}

/// No literal stands in for a declared secret.
pub(super) async fn fallback(cx: Context) -> Checked {
    let names = cx.target.declared_secrets.clone();
    if names.is_empty() {
        return Ok(Outcome::skip("no secret is declared; list variable names under `secrets` in postflight.toml"));
    }
    let scan = of(&cx).await?;
    let count = names.len();
    let work = move |repository: &crate::repository::Repository, _: &std::sync::atomic::AtomicBool| {
        let snapshot = repository.snapshot().map_err(|error| Trouble::Unexpected(error.to_string()))?;
        Ok(fallback::find(&snapshot, &names))
    };
    let (files, found) = with_repository(&cx, work).await?;
    let mut evidence = scan.reservations();
    let looked = format!("{files} source files were searched for a fallback of {count} declared secrets");
    evidence.push(Evidence::repository("source files of HEAD", Finding::Held, looked.clone()));
    evidence.extend(found.into_iter().take(KEPT));
    Ok(summed(evidence, &format!("{looked}; none has one"), "fallbacks found"))
}

/// No file of environment variables with values is tracked, and git ignores `.env`.
pub(super) async fn env_file(cx: Context) -> Checked {
    let scan = of(&cx).await?;
    let (finding, words) = if scan.ignores_env {
        (Finding::Held, "git ignores .env")
    } else {
        (Finding::Weak, "git does not ignore .env, so the next `git add .` takes one along")
    };
    let ignored = Evidence::repository(".gitignore", finding, words);
    let mut evidence = vec![ignored];
    evidence.extend(distinct(&scan, Kind::Values).filter_map(env_file_found).take(KEPT));
    Ok(summed(evidence, "git ignores .env, and no file of environment variables is tracked with values", "env files found"))
}

fn env_file_found(file: &EnvFile) -> Option<Evidence> {
    let place = file.place.words();
    let plain = file.place.path().is_some_and(|path| path == ".env" || path.ends_with("/.env"));
    let at_head = !matches!(file.place, Place::Blob { at_head: false, .. });
    let (finding, words) = match (file.real.as_slice(), plain && at_head) {
        ([], false) => return None,
        ([], true) => (Finding::Weak, "not kept out by git, though it holds no value that looks like a secret".to_owned()),
        (names, _) => (Finding::Broken, format!("values that look real: {}", names.join(", "))),
    };
    Some(Evidence::repository(place, finding, words))
}

/// Examples show placeholders.
pub(super) async fn env_example(cx: Context) -> Checked {
    let scan = of(&cx).await?;
    let judge = |file: &EnvFile| match file.real.as_slice() {
        [] => Evidence::repository(file.place.words(), Finding::Held, "placeholders only"),
        names => Evidence::repository(file.place.words(), Finding::Broken, format!("values that look real: {}", names.join(", "))),
    };
    let evidence: Vec<_> = distinct(&scan, Kind::Example).map(judge).take(2 * KEPT).collect();
    if evidence.is_empty() {
        return Ok(Outcome::skip("there is no .env.example"));
    }
    Ok(summed(evidence, "examples hold placeholders only", "examples hold real values"))
}

/// Files of one kind, each path once for each set of names found in it.
fn distinct(scan: &Scan, kind: Kind) -> impl Iterator<Item = &EnvFile> {
    let mut seen = BTreeSet::new();
    scan.env_files.iter().filter(move |file| file.kind == kind && seen.insert((file.place.path(), &file.real)))
}

/// Values are strong enough.
pub(super) fn strength(cx: &Context) -> Outcome {
    summed(hygiene::strength(&cx.inputs.secrets), "every declared value is long enough and no placeholder", "weak values")
}

/// Values are what was meant, nothing around them.
pub(super) fn form(cx: &Context) -> Outcome {
    summed(hygiene::form(&cx.inputs.secrets), "no declared value has blanks, quotes or line breaks around it", "malformed values")
}

/// Each value serves once.
pub(super) fn reuse(cx: &Context) -> Outcome {
    summed(hygiene::reuse(&cx.inputs.secrets), "no value is used under two names", "values used twice")
}

/// Adds up, with a summary that says what was found, or what kept the check open, or that all is well.
fn summed(evidence: Vec<Evidence>, held: &str, noun: &str) -> Outcome {
    let of_finding = |finding| evidence.iter().filter(move |piece| piece.finding == finding);
    let worst = evidence.iter().map(|piece| piece.finding).max();
    let first =
        |finding| of_finding(finding).next().map_or_else(String::new, |piece| format!("{}: {}", piece.label, piece.observed));
    let summary = match worst {
        Some(worst @ (Finding::Broken | Finding::Weak)) => format!("{} {noun}; {}", of_finding(worst).count(), first(worst)),
        Some(Finding::Unclear) => format!("cannot be concluded; {}", first(Finding::Unclear)),
        Some(Finding::Held) | None => held.to_owned(),
    };
    Outcome::of(summary, evidence)
}
