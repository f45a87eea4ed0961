//! What a limited number of requests is spent on: the most telling checks first, each asked whole or not at all.
//!
//! A check is worth its severity and costs what it sent on the hardened test service ([`cost`], a table that a test keeps fresh). A suite that
//! is opened costs its control twice, at the beginning and at the end. What an object costs to delete is set aside when it is made.

use std::collections::BTreeSet;

use super::needs::Given;
use crate::checks::{Check, Need, Suite};
use crate::http::Limits;
use crate::run::Severity;

/// What each check sent when it was last measured: `id<TAB>requests`, one a line.
const MEASURED: &str = include_str!("costs.tsv");
/// Requests of a check that was not measured yet.
const UNMEASURED: u64 = 12;
/// Requests beside the checks: the release, once and four times; a look for leftovers at both users' lists, before and after, with one more
/// page each.
const BESIDE: u64 = 17;
/// What some checks send for each route beside the declared resource, and how many such routes the table was measured with.
const FOR_A_ROUTE: [(&str, u64); 6] = [
    ("isolation.routes", 3),
    ("jwt.required.read", 1),
    ("jwt.required.verified", 2),
    ("cors.surface.routes", 1),
    ("isolation.exposed", 1),
    ("robustness.quotes", 1),
];
const ROUTES_MEASURED: u64 = 3;
/// What is kept of a budget for answers that checks share, one part in so many: whoever asks first pays for them, and may not be whom the
/// table saw pay.
const SHARED: u64 = 12;
/// Requests of that which belong to clean-up, after the checks.
pub(super) const CLEANING: u64 = 6;
/// Requests set aside for each object: one to delete it, and one to see that it is still the same where its id is a number.
pub(crate) const OF_AN_OBJECT: u64 = 2;
/// Three of what objects live in, each made and read once: one of each user, and one that is attacked.
const OF_PARENTS: u64 = 3 * (2 + OF_AN_OBJECT) + 5;
/// Objects that the checks of isolation share: one that is read by all, one that is attacked by all, one that its owner changes. Each is made
/// and read once.
const SHARED_OBJECTS: u64 = 3;
/// Requests set aside for each account: one to delete it, and where its token has ended, one to sign in and one to try again.
pub(crate) const OF_AN_ACCOUNT: u64 = 3;
/// Accounts that a run makes at most for checks that end sessions or use up attempts.
const ACCOUNTS: u64 = 7;
/// Accounts that a run signs up at most: its two users, and those of the checks.
pub(super) const MOST_ACCOUNTS: u64 = 13;
/// The beginning of the reason why a check was left out.
const CUT: &str = "cut by the budget of ";
/// The same for one that was begun, and cost more on this target than the table says.
const CUT_OFF: &str = "cut off by the budget of ";

/// Which checks are asked within a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Allotment {
    /// Requests at most, those of clean-up included.
    pub(super) budget: u64,
    /// Requests that the plan expects.
    pub(super) expected: u64,
    asked: BTreeSet<&'static str>,
    /// Requests for the accounts that checks sign up.
    accounts: u64,
    /// Routes beyond those that the table was measured with.
    routes: u64,
    /// Whether it is the pace within the deadline that bounds them.
    paced: bool,
}

impl Allotment {
    /// Chooses among the checks of `suites` that can be asked; `None` where nothing limits the number of requests.
    pub(super) fn of(suites: &[Suite], limits: &Limits, given: &Given<'_>) -> Option<Self> {
        let budget = capacity(limits)?;
        let paced = limits.budget.is_none_or(|own| budget < own);
        let accounts = if given.deletes_accounts() && suites.contains(&Suite::Jwt) { ACCOUNTS * OF_AN_ACCOUNT } else { 0 };
        let routes = given.further_routes().saturating_sub(ROUTES_MEASURED);
        let parents = if given.has_parents() { OF_PARENTS } else { 0 };
        let expected = BESIDE + parents + budget / SHARED;
        let mut plan = Self { budget, expected, asked: BTreeSet::new(), accounts, routes, paced };
        let mut left: Vec<_> = suites
            .iter()
            .flat_map(|suite| suite.checks())
            .filter(|check| !check.is_control() && given.missing(check).is_none())
            .collect();
        while let Some(best) = plan.best_of(&left) {
            plan.expected += plan.price(best);
            plan.asked.insert(best.id);
            plan.asked.extend(best.suite.control().map(|control| control.id));
            left.retain(|check| check.id != best.id);
        }
        Some(plan)
    }

    /// Whether `check` is asked.
    pub(super) fn covers(&self, check: &Check) -> bool {
        // What only looks at itself costs nothing.
        self.asked.contains(check.id) || (check.is_control() && cost(check) == 0)
    }

    /// Whether it is the pace within the deadline that bounds them.
    pub(super) const fn is_paced(&self) -> bool {
        self.paced
    }

    /// What is kept for a check that is covered, until it has ended; for a control, until its suite is open.
    pub(super) fn keeps(&self, check: &Check) -> u64 {
        let shared = if check.suite == Suite::Isolation { SHARED_OBJECTS * (2 + OF_AN_OBJECT) } else { 0 };
        if check.is_control() { 2 * cost(check) + shared } else { self.cost(check) }
    }

    /// What is kept of the budget for checks that need more here than the table says.
    pub(super) const fn slack(&self) -> u64 {
        self.budget / (2 * SHARED)
    }

    /// What is kept for accounts that checks sign up.
    pub(super) const fn accounts(&self) -> u64 {
        self.accounts
    }

    /// What asking `check` costs where the control of its suite has been paid for; `None` where that suite was not opened.
    pub(super) fn in_an_open_suite(&self, check: &Check) -> Option<u64> {
        let open = check.suite.control().is_none_or(|control| self.covers(control));
        open.then(|| self.cost(check))
    }

    /// What `check` tells for each of `requests`.
    #[expect(clippy::cast_precision_loss, reason = "prices are small numbers")]
    pub(super) fn worth(check: &Check, requests: u64) -> f64 {
        weight(check.severity) / requests.max(1) as f64
    }

    /// Why a check is not asked that is not covered.
    pub(super) fn reason(&self) -> String {
        let helps =
            if self.paced { "; the limit allows no more before the deadline, so a longer `--deadline` asks more" } else { "" };
        format!("{CUT}{} requests: others tell more for what they cost{helps}", self.budget)
    }

    /// Why a check that was begun came to no judgement for want of requests.
    pub(super) fn cut_off(&self) -> String {
        format!("{CUT_OFF}{} requests: it needed more here than the plan expects; a larger budget judges it", self.budget)
    }

    /// The check that tells most for its price among those that still fit.
    fn best_of(&self, checks: &[&'static Check]) -> Option<&'static Check> {
        let fit = checks.iter().copied().filter(|check| self.expected + self.price(check) <= self.budget);
        let value = |check: &&Check| self.value(check, checks.iter().filter(|other| other.suite == check.suite).count() as u64);
        fit.max_by(|one, other| value(one).total_cmp(&value(other)).then_with(|| other.id.cmp(one.id)))
    }

    /// What asking `check` adds, with the control of a suite that is not open yet, and the objects and accounts that its checks share.
    fn price(&self, check: &Check) -> u64 {
        let control = check.suite.control().filter(|control| !self.asked.contains(control.id));
        let accounts = if check.suite == Suite::Jwt { self.accounts } else { 0 };
        self.cost(check) + control.map_or(0, |control| self.keeps(control) + accounts)
    }

    /// What `check` sends on this target.
    fn cost(&self, check: &Check) -> u64 {
        let each = FOR_A_ROUTE.iter().find(|(id, _)| *id == check.id).map_or(0, |(_, each)| *each);
        cost(check) + each * self.routes
    }

    /// What `check` tells for its price. The control that it may have to open its suite with serves the `others` of it as well.
    fn value(&self, check: &Check, others: u64) -> f64 {
        let control = self.price(check) - self.cost(check);
        Self::worth(check, self.cost(check) + control / others.max(1))
    }
}

/// Whether a summary says that the check was left out for want of requests.
pub(super) fn is_cut(summary: &str) -> bool {
    summary.starts_with(CUT) || summary.starts_with(CUT_OFF)
}

/// Requests that a run may send at most; `None` where nothing bounds them but time.
fn capacity(limits: &Limits) -> Option<u64> {
    let paced = limits.window.map(|window| window.within(limits.deadline));
    limits.budget.into_iter().chain(paced).min()
}

/// Requests of an exhaustive run for each of a default one, about.
pub(super) const EXHAUSTIVE: u64 = 3;

/// Whether limits leave room for every variant of all that can be asked. A run that began them and could not end them would judge less than one
/// that asks the most telling ones.
pub(super) fn has_room_for_every_variant(suites: &[Suite], limits: &Limits, given: &Given<'_>) -> bool {
    let all = suites.iter().flat_map(|suite| suite.checks()).filter(|check| given.missing(check).is_none());
    capacity(limits).is_none_or(|budget| all.map(cost).sum::<u64>() * EXHAUSTIVE <= budget)
}

/// How much an answer is worth, by what a failure would mean.
const fn weight(severity: Severity) -> f64 {
    match severity {
        Severity::Critical => 60.0,
        Severity::High => 25.0,
        Severity::Medium => 8.0,
        Severity::Low => 3.0,
        Severity::Info => 1.0,
    }
}

/// Requests that `check` sends, with those that delete what it makes.
pub(super) fn cost(check: &Check) -> u64 {
    requests(check) + OF_AN_OBJECT * objects(check)
}

/// Requests that `check` itself sends.
pub(super) fn requests(check: &Check) -> u64 {
    let rows = MEASURED.lines().filter_map(|line| line.split_once('\t'));
    let measured = rows.filter(|(id, _)| *id == check.id).find_map(|(_, count)| count.trim().parse().ok());
    measured.unwrap_or(UNMEASURED)
}

/// Objects that `check` makes, about: creations are a part of the requests of checks that need to write.
pub(super) fn objects(check: &Check) -> u64 {
    let writes = check.needs.contains(&Need::Writes) || check.suite == Suite::Isolation;
    if writes { 1 + requests(check) / 8 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{BaseUrl, Origin, Target, Tokens};
    use crate::verify::{Inputs, Options};

    fn target() -> Target {
        let token = |text: &str| secrecy::SecretString::from(text);
        Target {
            tokens: Tokens::Given { a: token("a.b.c"), b: Some(token("d.e.f")), subjects: None },
            origins: vec![Origin::parse("https://app.example").unwrap()],
            ..Target::new(BaseUrl::parse("http://127.0.0.1:1").unwrap())
        }
    }

    fn allotted(budget: u64) -> Allotment {
        let target = target();
        let (options, inputs) = (Options::default(), Inputs::default());
        let limits = Limits { budget: Some(budget), ..Limits::default() };
        Allotment::of(&Suite::ALL, &limits, &Given::planned(&target, &options, &inputs)).unwrap()
    }

    fn asked(allotment: &Allotment) -> Vec<&'static Check> {
        crate::checks::catalogue().filter(|check| allotment.covers(check)).collect()
    }

    #[test]
    fn the_plan_fits_and_a_suite_is_opened_with_its_control() {
        for budget in [20, 100, 300, 1_000] {
            let plan = allotted(budget);
            assert!(plan.expected <= budget, "{} of {budget}", plan.expected);
            let checks = asked(&plan);
            let closed = checks.iter().filter(|check| check.suite.control().is_some_and(|control| !plan.covers(control)));
            assert_eq!(closed.count(), 0);
        }
    }

    #[test]
    fn a_hundred_requests_go_to_what_matters_most_and_a_large_budget_cuts_nothing() {
        let worst = asked(&allotted(100)).into_iter().filter(|check| check.severity >= Severity::High).count();
        let others =
            asked(&allotted(100)).into_iter().filter(|check| check.severity <= Severity::Low && requests(check) > 0).count();
        assert!(worst >= 8 && worst > others, "{worst} severe checks, {others} small ones");
        let given = allotted(1_000_000);
        let askable = asked(&given).len();
        assert!(askable > 100, "{askable}");
    }

    #[test]
    fn the_price_of_a_control_does_not_keep_a_suite_closed() {
        let plan = allotted(300);
        for id in ["isolation.foreign.read", "isolation.foreign.patch", "jwt.required.read"] {
            let check = crate::checks::find(id).unwrap();
            assert!(plan.covers(check), "{id}");
        }
    }

    #[test]
    fn every_variant_is_asked_only_where_all_of_them_have_room() {
        let (target, options, inputs) = (target(), Options::default(), Inputs::default());
        let has_room = |budget| {
            let limits = Limits { budget, ..Limits::default() };
            has_room_for_every_variant(&Suite::ALL, &limits, &Given::planned(&target, &options, &inputs))
        };
        assert_eq!([None, Some(870), Some(100_000)].map(has_room), [true, false, true]);
    }

    #[test]
    fn a_larger_budget_tells_more() {
        let told = |budget: u64| asked(&allotted(budget)).iter().map(|check| weight(check.severity)).sum::<f64>();
        let told: Vec<_> = [50, 100, 200, 400, 800, 1_600].map(told).into();
        assert!(told.is_sorted() && told.first() < told.last(), "{told:?}");
    }
}
