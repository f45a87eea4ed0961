//! From results to a verdict: counting, the headline, the document, the exit code.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use super::{Options, budget};
use crate::checks::{Need, Suite};
use crate::http::MeterReading;
use crate::run::{
    CheckResult, Cleanup, Counts, Endpoint, ReleaseSeen, Run, SCHEMA, Severity, Stats, TargetSummary, Tool, VariableSeen, Verdict,
    reason,
};
use crate::target::configuration::Variable;
use crate::target::{Route, RouteAuth, Target};

/// From which finding on a run fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailOn {
    /// A WARN already fails the run.
    Warn,
    /// Any FAIL fails the run.
    #[default]
    Fail,
    /// Only a FAIL of high or critical severity fails the run.
    High,
}

impl FailOn {
    fn fails(self, check: &CheckResult) -> bool {
        match (self, check.verdict) {
            _ if check.accepted.is_some() => false,
            (Self::Warn, Verdict::Warn | Verdict::Fail) | (Self::Fail, Verdict::Fail) => true,
            (Self::High, Verdict::Fail) => check.severity >= Severity::High,
            _ => false,
        }
    }
}

/// What the operator insists on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// From which finding on the run fails.
    pub fail_on: FailOn,
    /// Suites that must have been judged: skipped ones leave the run inconclusive.
    pub require: Vec<Suite>,
}

/// The pieces of a finished run.
pub(super) struct Raw {
    pub(super) id: String,
    pub(super) started_at: OffsetDateTime,
    pub(super) wall: Duration,
    pub(super) meter: MeterReading,
    pub(super) longest_chain: u64,
    /// Requests that could be in flight at once when the run ended.
    pub(super) connections: usize,
    pub(super) releases: Vec<ReleaseSeen>,
    pub(super) results: Vec<CheckResult>,
    pub(super) cleanup: Cleanup,
    pub(super) notes: Vec<String>,
}

/// The verdict over all checks, with the sentence that explains it. Any finding that `demands` counts and nobody answers for fails; else anything inconclusive,
/// a required suite without a judgement, or nothing judged at all leaves it open; else it passes.
pub fn conclude(checks: &[CheckResult], demands: &Demands) -> (Verdict, String) {
    let counts = Counts::of(checks);
    let cut = checks.iter().filter(|check| budget::is_cut(&check.summary)).count();
    let why = if cut == 0 { one_reason(checks) } else { String::new() };
    let cut = if cut == 0 { String::new() } else { format!(", {cut} of them cut by the budget of requests") };
    let open = format!("{} of {} checks could not be judged{cut}", counts.unjudged(), counts.total);
    let unmet: Vec<_> = demands.require.iter().filter(|suite| !was_judged(checks, **suite)).map(|suite| suite.word()).collect();
    if checks.iter().any(|check| demands.fail_on.fails(check)) {
        return (Verdict::Fail, format!("{}{}; {open}", findings(checks), accepted(&counts)));
    }
    if !unmet.is_empty() {
        return (Verdict::Inconclusive, format!("required but not judged: {}; {open}", unmet.join(", ")));
    }
    if counts.inconclusive > 0 || counts.unjudged() == counts.total {
        return (Verdict::Inconclusive, format!("{}, but {open}{why}", no_flaw(&counts)));
    }
    let unanswered = |verdict| checks.iter().filter(|check| check.verdict == verdict && check.accepted.is_none()).count();
    let tolerated = [
        (unanswered(Verdict::Warn), "with a warning"),
        (unanswered(Verdict::Fail), "failed below the demanded severity"),
        (counts.accepted, "accepted until a date"),
    ];
    let tolerated =
        tolerated.iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!(", {count} {words}")).collect::<String>();
    (Verdict::Pass, format!("{} of {} checks passed{tolerated}; {open}", counts.pass, counts.total))
}

/// What a run that made nothing leaves unjudged, by suite.
pub(super) fn unmade(checks: &[CheckResult]) -> String {
    let unasked = |check: &&CheckResult| check.verdict == Verdict::Skip && check.summary == Need::Writes.reason();
    let of = |suite: &Suite| checks.iter().filter(|check| check.suite == suite.word()).filter(unasked).count();
    let suites: Vec<_> = Suite::ALL.iter().map(|suite| (of(suite), suite.word())).filter(|(count, _)| *count > 0).collect();
    let count: usize = suites.iter().map(|(count, _)| count).sum();
    let each: Vec<_> = suites.iter().map(|(count, suite)| format!("{count} of {suite}")).collect();
    let told = if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) };
    format!("read-only: nothing was made, which leaves {count} of {} checks unjudged{told}", checks.len())
}

fn was_judged(checks: &[CheckResult], suite: Suite) -> bool {
    let mut of_suite = checks.iter().filter(|check| check.suite == suite.word()).peekable();
    of_suite.peek().is_some() && of_suite.any(|check| check.verdict.judged() && !check.id.ends_with(".control"))
}

/// What failed and has nobody who answers for it.
fn findings(checks: &[CheckResult]) -> String {
    let open = |verdict| checks.iter().filter(move |check| check.verdict == verdict && check.accepted.is_none());
    let total = checks.len();
    match open(Verdict::Fail).map(|check| check.severity).max() {
        Some(severity) => {
            format!("{} of {total} checks failed, the worst of {severity} severity", open(Verdict::Fail).count())
        }
        None => format!("{} of {total} checks warned, and warnings were to fail", open(Verdict::Warn).count()),
    }
}

fn accepted(counts: &Counts) -> String {
    if counts.accepted > 0 { format!(", {} accepted until a date", counts.accepted) } else { String::new() }
}

/// The reason that most of the inconclusive checks share, where there is one: an outage is told once, at the top.
fn one_reason(checks: &[CheckResult]) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for check in checks.iter().filter(|check| check.verdict == Verdict::Inconclusive) {
        *reasons.entry(reason(check)).or_default() += 1;
    }
    let all: usize = reasons.values().sum();
    let most = reasons.into_iter().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 1 && *count * 2 > all);
    most.map(|(reason, count)| format!(", {count} of them for one reason: {reason}")).unwrap_or_default()
}

fn no_flaw(counts: &Counts) -> String {
    let plural = if counts.accepted == 1 { "" } else { "s" };
    if counts.accepted > 0 {
        format!("no flaw seen beside {} accepted one{plural}", counts.accepted)
    } else {
        "no flaw seen".into()
    }
}

/// The document of a finished run.
pub(super) fn document(raw: Raw, target: &Target, options: &Options) -> Run {
    let (verdict, headline) = conclude(&raw.results, &options.demands);
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Run {
        schema: SCHEMA.to_owned(),
        id: raw.id,
        demo: options.demo,
        tool: Tool { name: "postflight".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        target: summary(target, options),
        started_at: raw.started_at,
        verdict,
        headline,
        counts: Counts::of(&raw.results),
        stats: Stats {
            probes: raw.meter.probes,
            wall_ms: millis(raw.wall),
            deadline_ms: millis(options.limits.deadline),
            connections: raw.connections,
            p50_ms: raw.meter.p50_ms,
            p95_ms: raw.meter.p95_ms,
            longest_chain: raw.longest_chain,
            ..Stats::default()
        }
        .bounded(),
        releases: raw.releases,
        checks: raw.results,
        endpoints: endpoints(target),
        variables: variables(target),
        cleanup: raw.cleanup,
        notes: raw.notes,
    }
}

/// Counts and verdict of `run` anew, after some of its checks were judged otherwise.
pub(super) fn again(run: &mut Run, demands: &Demands) {
    (run.verdict, run.headline) = conclude(&run.checks, demands);
    run.counts = Counts::of(&run.checks);
}

fn summary(target: &Target, options: &Options) -> TargetSummary {
    TargetSummary {
        name: target.name.clone(),
        url: target.base.to_string(),
        origins: target.origins.iter().map(ToString::to_string).collect(),
        tokens: target.tokens.word().to_owned(),
        writes: target.may_write() && !options.read_only,
    }
}

fn endpoints(target: &Target) -> Vec<Endpoint> {
    let paths = &target.paths;
    let (offers, update) = (target.resource.offers, target.resource.update.methods());
    let reads = |offered: bool| if offered { ["GET", "HEAD"].as_slice() } else { &[] };
    let deletes: &[&str] = if offers.delete { &["DELETE"] } else { &[] };
    let item = [reads(offers.get), update, deletes].concat();
    let mut all = vec![
        endpoint(&[reads(offers.list), &["POST"]].concat(), &paths.list, "bearer", "the collection: list and create"),
        endpoint(&item, &paths.item, "bearer", "one object: read, change, delete"),
    ];
    all.extend(paths.toggle.iter().map(|path| endpoint(&["PATCH"], path, "bearer", "marks an object as done")));
    all.extend(paths.protected.iter().map(|path| endpoint(&["GET"], path, "bearer", "further protected route")));
    all.extend(target.routes.all.iter().map(|route| further(route, target.allow_unsafe_routes)));
    all.extend(paths.health.iter().map(|path| endpoint(&["GET", "HEAD"], path, "none", "deep health: proves the database")));
    all.extend(paths.live.iter().map(|path| endpoint(&["GET", "HEAD"], path, "none", "liveness: the process serves")));
    all
}

/// A further route, with what was asked of it.
fn further(route: &Route, unsafe_too: bool) -> Endpoint {
    let auth = if route.auth == RouteAuth::Bearer { "bearer" } else { "none" };
    let methods: Vec<_> = route.methods.iter().map(String::as_str).collect();
    let asked = match (route.auth, route.reads(), route.takes_id() || route.names_user()) {
        (RouteAuth::None, ..) => "public on purpose",
        (_, true, true) => "asked without a token and as another user",
        (_, true, false) => "asked without a token",
        (_, false, _) if unsafe_too => "asked as another user",
        (_, false, _) => "not asked",
    };
    let left = if route.reads() && route.writes().next().is_some() && !unsafe_too { "; unsafe methods not asked" } else { "" };
    let source = if route.from_document { "from the OpenAPI document" } else { "declared by hand" };
    endpoint(&methods, &route.path, auth, &format!("{source}: {asked}{left}"))
}

fn endpoint(methods: &[&str], path: &str, auth: &str, purpose: &str) -> Endpoint {
    let methods = methods.iter().map(|method| (*method).to_owned()).collect();
    Endpoint { methods, path: path.to_owned(), auth: auth.to_owned(), purpose: purpose.to_owned() }
}

/// The variables that the service's own `check-config` reported, else the declared secrets, which nothing observed.
fn variables(target: &Target) -> Vec<VariableSeen> {
    let declared =
        |name: &String| VariableSeen { name: name.clone(), purpose: "declared secret".into(), required: true, present: None };
    let reported = target.configuration.as_ref().map(|report| report.variables.iter().map(seen).collect());
    reported.unwrap_or_else(|| target.declared_secrets.iter().map(declared).collect())
}

fn seen(variable: &Variable) -> VariableSeen {
    VariableSeen {
        name: variable.name.clone(),
        purpose: variable.purpose.clone(),
        required: variable.required != "optional",
        present: Some(variable.present),
    }
}
