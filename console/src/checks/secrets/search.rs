//! Searches one text at a time for values, rules and the canary.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use regex::bytes::Regex;
use secrecy::{ExposeSecret as _, SecretString};

use super::judge::{entropy, is_placeholder, masked};
use super::needles::{Needle, forms};
use super::rules::{RULES, Rule};
use crate::repository::Place;

/// Files whose long random-looking texts are checksums: doubtful rules do not look there.
const CHECKSUMS: &[&str] = &[".lock", "-lock.json", "-lock.yaml", ".sum", ".svg", ".map", ".min.js", ".min.css", ".ipynb"];

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// A form of the declared secret with this name.
    Value {
        /// The variable.
        name: String,
        /// The form.
        form: &'static str,
    },
    /// The canary, in this form.
    Canary(&'static str),
    /// A match of the rule with this id, masked.
    Rule {
        /// Its id.
        id: &'static str,
        /// The credential, masked.
        masked: String,
    },
}

/// Something found, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// What.
    pub(super) what: What,
    /// In which text.
    pub(super) place: Place,
    /// On which line of it, from 1.
    pub(super) line: usize,
}

impl Hit {
    /// Whether it is the canary that was found.
    pub(super) fn is_canary(&self) -> bool {
        matches!(self.what, What::Canary(_))
    }
}

/// The compiled search.
pub(super) struct Search {
    needles: AhoCorasick,
    kinds: Vec<What>,
    keywords: AhoCorasick,
    /// Rule of each keyword.
    owners: Vec<usize>,
    rules: Vec<(&'static Rule, Regex)>,
}

impl Search {
    /// A search for all forms of `secrets` and of the canary, and for all rules. `None` if the tables do not compile, which the control
    /// then reports.
    pub(super) fn new(secrets: &[(String, SecretString)], canary: &str) -> Option<Self> {
        let mut kinds = Vec::new();
        let mut patterns = Vec::new();
        let mut add = |needles: Vec<Needle>, kind: &dyn Fn(&'static str) -> What| {
            for needle in needles {
                kinds.push(kind(needle.form));
                patterns.push(needle.bytes);
            }
        };
        add(forms(canary), &|form| What::Canary(form));
        for (name, value) in secrets {
            add(forms(value.expose_secret()), &|form| What::Value { name: name.clone(), form });
        }
        let words = RULES.iter().enumerate().flat_map(|(index, rule)| rule.keywords.iter().map(move |word| (index, *word)));
        let (owners, words): (Vec<_>, Vec<_>) = words.unzip();
        let compiled: Option<Vec<_>> = RULES.iter().map(|rule| Some((rule, rule.compiled()?))).collect();
        Some(Self {
            needles: AhoCorasick::builder().match_kind(MatchKind::Standard).build(patterns).ok()?,
            kinds,
            keywords: AhoCorasickBuilder::new().ascii_case_insensitive(true).build(words).ok()?,
            owners,
            rules: compiled?,
        })
    }

    /// Everything in one text.
    pub(super) fn text(&self, place: &Place, text: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut seen = Vec::new();
        for found in self.needles.find_overlapping_iter(text) {
            let Some(what) = self.kinds.get(found.pattern().as_usize()) else { continue };
            // One hit for each form is enough to say that the text has it.
            if !seen.contains(&found.pattern()) {
                seen.push(found.pattern());
                hits.push(Hit { what: what.clone(), place: place.clone(), line: line_of(text, found.start()) });
            }
        }
        if !text.iter().take(8000).any(|byte| *byte == 0) {
            self.rules(place, text, &mut hits);
        }
        hits
    }

    fn rules(&self, place: &Place, text: &[u8], hits: &mut Vec<Hit>) {
        let mut wanted = vec![false; self.rules.len()];
        for found in self.keywords.find_overlapping_iter(text) {
            if let Some(wanted) = self.owners.get(found.pattern().as_usize()).and_then(|index| wanted.get_mut(*index)) {
                *wanted = true;
            }
        }
        let checksums = place.path().is_some_and(|path| CHECKSUMS.iter().any(|end| path.ends_with(end)));
        for (rule, pattern) in self.rules.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(rule, _)| rule) {
            if checksums && rule.finding < crate::run::Finding::Broken {
                continue;
            }
            for found in pattern.captures_iter(text) {
                let (Some(whole), Some(secret)) = (found.get(0), found.get(1)) else { continue };
                let words = String::from_utf8_lossy(secret.as_bytes());
                let illustrates = whole.as_bytes().windows(7).any(|window| window.eq_ignore_ascii_case(b"example"));
                if !illustrates && !is_placeholder(&words) && entropy(secret.as_bytes()) >= rule.entropy {
                    let what = What::Rule { id: rule.id, masked: masked(&words, rule.prefix) };
                    hits.push(Hit { what, place: place.clone(), line: line_of(text, whole.start()) });
                }
            }
        }
    }
}

fn line_of(text: &[u8], offset: usize) -> usize {
    1 + text.iter().take(offset).filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::WorkTree { path: "a.rs".into() }
    }

    fn search() -> Search {
        Search::new(&[("API_SALT".into(), "zq8-Lm4+vT/1kX".into())], "a canary of the tree").unwrap()
    }

    #[test]
    fn every_rule_is_found_through_its_keywords_and_never_printed_whole() {
        let search = search();
        for rule in RULES {
            let sample = rule.sample();
            let hits = search.text(&place(), format!("x\n{sample}\n").as_bytes());
            let own = hits.iter().find(|hit| matches!(&hit.what, What::Rule { id, .. } if *id == rule.id));
            let own = own.unwrap_or_else(|| panic!("{} is not found in {sample}", rule.id));
            assert_eq!(own.line, 2);
            assert!(!format!("{hits:?}").contains(sample.get(sample.len() - 12..).unwrap()), "{} is printed", rule.id);
        }
    }

    #[test]
    fn values_are_found_by_name_and_form_and_never_printed() {
        let hits = search().text(&place(), b"\n\nsalt=zq8-Lm4%2BvT%2F1kX");
        assert_eq!(hits.len(), 1);
        assert_eq!((&hits[0].what, hits[0].line), (&What::Value { name: "API_SALT".into(), form: "URL-encoded" }, 3));
        assert!(!format!("{hits:?}").contains("Lm4"));
    }

    #[test]
    fn placeholders_and_checksums_are_no_findings() {
        let text = b"JWT_SECRET = \"your-secret-key-change-me-in-production\"\npostgresql://user:password@db.example.com/app\nAKIAIOSFODNN7EXAMPLE";
        assert_eq!(search().text(&place(), text), []);
        let lock = Place::WorkTree { path: "Cargo.lock".into() };
        let generic = super::super::rules::find("generic.assignment").unwrap().sample();
        assert_eq!(search().text(&lock, generic.as_bytes()), []);
        assert_eq!(search().text(&place(), generic.as_bytes()).len(), 1);
    }
}
