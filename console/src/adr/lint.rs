//! The rules for decision records: stable ids, so that a finding can be looked up, counted and silenced.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::model::{Adr, AdrId, Decisions, Link, Status, VerifiedBy, id_covers};
use super::parse::Draft;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Should be mended.
    Warning,
    /// The record misleads its readers.
    Error,
}

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable id.
    pub id: &'static str,
    /// How bad a finding is.
    pub level: Level,
    /// What the rule asks for.
    pub title: &'static str,
}

/// Every rule, in the order in which findings are listed.
pub const RULES: &[Rule] = &[
    rule("adr.no-title", Level::Error, "a record has a title"),
    rule("adr.no-status", Level::Error, "a record has a status"),
    rule("adr.unknown-status", Level::Error, "a status is proposed, accepted, rejected, deprecated or superseded"),
    rule("adr.no-date", Level::Note, "a record has a date"),
    rule("adr.bad-date", Level::Warning, "a date is written YYYY-MM-DD"),
    rule("adr.not-utf8", Level::Warning, "a record is UTF-8"),
    rule("adr.duplicate-number", Level::Error, "a number is used once"),
    rule("adr.gap", Level::Note, "numbers have no gaps"),
    rule("adr.number-mismatch", Level::Warning, "file name and title have the same number"),
    rule("adr.dangling-link", Level::Error, "a link to another record leads to one"),
    rule("adr.one-sided-supersedes", Level::Warning, "both sides of a replacement name each other"),
    rule("adr.no-successor", Level::Warning, "a superseded record names its successor"),
    rule("adr.no-verified-by", Level::Warning, "a record in force says which checks verify it, or `none` and why"),
    rule("adr.no-reason", Level::Warning, "`verified-by: none` gives a reason"),
    rule("adr.unknown-check", Level::Error, "a check that is named exists"),
    rule("adr.no-context", Level::Note, "a record says what called for the decision"),
    rule("adr.no-decision", Level::Warning, "a record says what was decided"),
    rule("adr.no-consequences", Level::Note, "a record says what the decision costs"),
    rule("adr.no-alternatives", Level::Note, "a record says what else was considered"),
];

const fn rule(id: &'static str, level: Level, title: &'static str) -> Rule {
    Rule { id, level, title }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// Id of the rule.
    pub id: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was found, in one sentence, cleaned.
    pub message: String,
}

impl Lint {
    fn new(rule: &Rule, message: String) -> Self {
        Self { id: rule.id, level: rule.level, message }
    }
}

/// Findings of one record, put together in the order of [`RULES`].
#[derive(Default)]
struct Findings(Vec<(&'static str, String)>);

impl Findings {
    fn add(&mut self, found: bool, id: &'static str, message: impl FnOnce() -> String) {
        if found {
            self.0.push((id, message()));
        }
    }

    fn sorted(self) -> Vec<Lint> {
        let of_rule = |rule: &'static Rule| {
            let own = self.0.iter().filter(move |(id, _)| *id == rule.id);
            own.map(move |(_, message)| Lint::new(rule, message.clone()))
        };
        RULES.iter().flat_map(of_rule).collect()
    }
}

/// Lints all drafts together and stores what was found in each.
pub(super) fn lint(drafts: &mut [Draft], index: &super::links::Index) {
    let whole = Whole::of(drafts);
    let found: Vec<_> = drafts.iter().map(|draft| whole.lint(draft, index)).collect();
    drafts.iter_mut().zip(found).for_each(|(draft, problems)| draft.adr.problems = problems);
}

/// What the rules need to know of the other records.
struct Whole {
    /// Files by number and folder.
    numbers: BTreeMap<(String, u32), Vec<String>>,
    /// (old, new): the new record says that it replaces the old one.
    claimed: BTreeSet<(AdrId, AdrId)>,
    /// (old, new): the old record says that the new one replaces it.
    admitted: BTreeSet<(AdrId, AdrId)>,
}

impl Whole {
    fn of(drafts: &[Draft]) -> Self {
        let mut whole = Self { numbers: BTreeMap::new(), claimed: BTreeSet::new(), admitted: BTreeSet::new() };
        for adr in drafts.iter().map(|draft| &draft.adr) {
            if let Some(number) = adr.number {
                whole.numbers.entry((folder(adr).to_owned(), number)).or_default().push(adr.file_name.clone());
            }
            let to = |links: &[Link]| links.iter().filter_map(|link| link.to.clone()).collect::<Vec<_>>();
            whole.claimed.extend(to(&adr.supersedes).into_iter().map(|old| (old, adr.id.clone())));
            whole.admitted.extend(to(&adr.superseded_by).into_iter().map(|new| (adr.id.clone(), new)));
        }
        whole
    }

    fn lint(&self, draft: &Draft, index: &super::links::Index) -> Vec<Lint> {
        let mut found = Findings::default();
        form(draft, &mut found);
        self.numbering(draft, &mut found);
        self.replacements(&draft.adr, &mut found);
        dangling(draft, index, &mut found);
        verification(&draft.adr, &mut found);
        sections(draft, &mut found);
        found.sorted()
    }

    fn numbering(&self, draft: &Draft, found: &mut Findings) {
        let Some(number) = draft.adr.number else { return };
        let key = (folder(&draft.adr).to_owned(), number);
        let others: Vec<_> =
            self.numbers.get(&key).into_iter().flatten().filter(|file| **file != draft.adr.file_name).cloned().collect();
        found.add(!others.is_empty(), "adr.duplicate-number", || format!("number {number} is also used by {}", others.join(", ")));
        let first = (key.0.clone(), 0)..key.clone();
        let before = self.numbers.range(first).next_back().map_or(0, |((_, number), _)| *number);
        found.add(number > before + 1, "adr.gap", || match number - before - 1 {
            1 => format!("number {} is missing before it", number - 1),
            missing => format!("{missing} numbers are missing before it ({} to {})", before + 1, number - 1),
        });
        let title = draft.title_number.filter(|title| *title != number);
        found.add(title.is_some(), "adr.number-mismatch", || {
            format!("the title says {}, the file name says {number}", title.unwrap_or_default())
        });
    }

    fn replacements(&self, adr: &Adr, found: &mut Findings) {
        for link in adr.supersedes.iter().chain(&adr.superseded_by) {
            found.add(link.to.is_none(), "adr.dangling-link", || format!("`{}` is no record here", link.written));
        }
        let claimed_only = self.claimed.difference(&self.admitted);
        for (old, new) in claimed_only.clone().filter(|(old, _)| *old == adr.id) {
            found.add(true, "adr.one-sided-supersedes", || format!("{new} says that it replaces {old}, which does not say so"));
        }
        let admitted_only = self.admitted.difference(&self.claimed);
        for (old, new) in admitted_only.filter(|(_, new)| *new == adr.id) {
            found.add(true, "adr.one-sided-supersedes", || format!("{old} says that {new} replaces it, which does not say so"));
        }
        let lonely = matches!(adr.status, Status::Superseded { .. }) && adr.superseded_by.is_empty();
        found.add(lonely, "adr.no-successor", || "superseded, but by which record is not said".into());
    }
}

fn folder(adr: &Adr) -> &str {
    adr.file_name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn form(draft: &Draft, found: &mut Findings) {
    found.add(!draft.titled, "adr.no-title", || "there is no heading that names the decision".into());
    match &draft.adr.status {
        Status::Unknown(text) if text.is_empty() => {
            found.add(true, "adr.no-status", || "no status in front matter, metadata lines or a Status section".into());
        }
        Status::Unknown(text) => found.add(true, "adr.unknown-status", || format!("`{}` is no known status", shortened(text))),
        _ => {}
    }
    let undated = draft.adr.date.is_none() && draft.odd_date.is_none();
    found.add(undated, "adr.no-date", || "no date in the text or the file name".into());
    let odd = draft.odd_date.as_deref().unwrap_or_default();
    found.add(!odd.is_empty(), "adr.bad-date", || format!("`{}` is not a date as YYYY-MM-DD", shortened(odd)));
    found.add(draft.lossy, "adr.not-utf8", || "some bytes are not UTF-8 and are shown as \u{fffd}".into());
}

fn dangling(draft: &Draft, index: &super::links::Index, found: &mut Findings) {
    let dead: BTreeSet<_> = draft.destinations.iter().filter(|to| index.is_dangling(&draft.adr.file_name, to)).collect();
    for destination in dead {
        found.add(true, "adr.dangling-link", || format!("the link to {} leads nowhere", shortened(destination)));
    }
}

fn verification(adr: &Adr, found: &mut Findings) {
    let missing = adr.status.in_force() && adr.verified_by == VerifiedBy::Missing;
    found.add(missing, "adr.no-verified-by", || "in force, but `verified-by` names no check and does not say `none`".into());
    let unreasoned = matches!(&adr.verified_by, VerifiedBy::None { reason } if reason.is_empty());
    found.add(unreasoned, "adr.no-reason", || "`verified-by: none` without a reason".into());
}

fn sections(draft: &Draft, found: &mut Findings) {
    let has = draft.sections;
    found.add(!has.context, "adr.no-context", || "no section says what called for the decision".into());
    found.add(!has.decision, "adr.no-decision", || "no section says what was decided".into());
    found.add(!has.consequences, "adr.no-consequences", || "no section says what the decision costs or brings".into());
    found.add(!has.alternatives, "adr.no-alternatives", || "no section says what else was considered".into());
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

impl Decisions {
    /// Adds `adr.unknown-check` for every id in a `verified-by` that is none of `known`; call it once, with the ids of the catalogue.
    pub fn check_ids<'a>(&mut self, known: impl IntoIterator<Item = &'a str>) {
        let known: Vec<_> = known.into_iter().collect();
        let Some(rule) = RULES.iter().find(|rule| rule.id == "adr.unknown-check") else { return };
        for adr in &mut self.adrs {
            let VerifiedBy::Ids { ids } = &adr.verified_by else { continue };
            let unknown = ids.iter().filter(|id| !known.iter().any(|check| id_covers(id, check)));
            let lints: Vec<_> = unknown.map(|id| Lint::new(rule, format!("`{id}` is no check of the catalogue"))).collect();
            adr.problems.extend(lints);
        }
    }
}
