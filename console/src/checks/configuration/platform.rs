//! How the platform runs the service: variables, environment, port, draining, documentation.

use std::net::IpAddr;

use super::{concluded, must, part, report, should};
use crate::checks::{Checked, Context, Judgement, Outcome};
use crate::http::Probe;
use crate::target::configuration::{Configuration, Listen, Settings, Variable};
use crate::watch::{release_of, same_commit};

/// The report can be read, and speaks of the release that answers.
pub(super) async fn control(cx: Context) -> Checked {
    let report = report(&cx)?;
    let reported = report.settings.as_ref().and_then(|settings| settings.release.as_ref()?.commit.clone());
    let paths = &cx.target.paths;
    let live = match paths.health.as_ref().or(paths.live.as_ref()) {
        Some(path) => release_of(&cx.once(&Probe::get(path)).await?).commit,
        None => None,
    };
    let said = format!("{} variables, {} problems", report.variables.len(), report.problems.len());
    let release = match (reported, live) {
        (Some(reported), Some(live)) if same_commit(&reported, &live) => Judgement::held(format!("{live}, which answers")),
        (Some(reported), Some(live)) => Judgement::unclear(format!("of {reported}, but {live} answers: report the live release")),
        _ => Judgement::held("report and service do not both name their commit: taken on trust"),
    };
    Ok(concluded(vec![("report", Judgement::held(said)), ("release", release)]))
}

/// The service would start: nothing is missing and nothing is malformed.
pub(super) fn valid(cx: &Context) -> Checked {
    let report = report(cx)?;
    let problems = report.problems.iter().map(|problem| format!("{} {}", problem.variable, problem.message));
    let problems: Vec<_> = problems.chain(absent(report)).collect();
    let present = report.variables.iter().filter(|variable| variable.present).count();
    let judgement = match (problems.is_empty(), report.ok) {
        (true, true) => Judgement::held(format!("{present} of {} known variables are set, none is wrong", report.variables.len())),
        (true, false) => Judgement::broken("the service says that it would not start"),
        (false, _) => Judgement::broken(problems.join("; ")),
    };
    Ok(concluded(vec![("variables", judgement)]))
}

/// Variables that are needed and not set, where the service itself did not say so.
fn absent(report: &Configuration) -> Vec<String> {
    let told_of = |name: &str| report.problems.iter().any(|problem| problem.variable == name);
    let needed = |variable: &&Variable| matches!(variable.required.as_str(), "always" | "deployed") && !variable.present;
    let missing = report.variables.iter().filter(needed).filter(|variable| !told_of(&variable.name));
    let mut lines: Vec<_> = missing.map(|variable| format!("{} is not set", variable.name)).collect();
    let group: Vec<_> = report.variables.iter().filter(|variable| variable.required == "one of these").collect();
    if !group.is_empty() && group.iter().all(|variable| !variable.present && !told_of(&variable.name)) {
        let group: Vec<_> = group.iter().map(|variable| variable.name.as_str()).collect();
        lines.push(format!("none of {} is set", group.join(", ")));
    }
    lines
}

/// The service runs as production, and the platform calls the environment the same.
pub(super) fn environment(cx: &Context) -> Checked {
    let both = |settings: &Settings| {
        let platform = settings.release.as_ref().and_then(|release| release.platform_environment.clone());
        Some((settings.environment.clone()?, platform))
    };
    part(cx, "environment", both, |(own, platform)| {
        let agrees = platform.as_ref().is_none_or(|platform| agree(&own, platform));
        let platform = platform.unwrap_or_else(|| "not said".to_owned());
        vec![
            ("environment of the service", stage(&own)),
            ("environment of the platform", should(agrees, format!("{platform}, while the service runs as {own}"))),
        ]
    })
}

/// Platforms let people name their environments: only the well-known names can contradict.
fn agree(own: &str, platform: &str) -> bool {
    let known = |name: &str| ["prod", "stag", "dev"].into_iter().find(|known| name.to_ascii_lowercase().starts_with(known));
    known(platform).is_none_or(|platform| known(own) == Some(platform))
}

fn stage(own: &str) -> Judgement {
    match own.to_ascii_lowercase().as_str() {
        "production" | "prod" => Judgement::held(own),
        "staging" | "preview" => Judgement::weak(format!("{own}: a rehearsal, not production")),
        _ => Judgement::broken(format!("{own}, not production")),
    }
}

/// The platform can reach the service, and nobody reaches its metrics by the public port.
pub(super) fn port(cx: &Context) -> Checked {
    part(
        cx,
        "listen",
        |settings| settings.listen.clone().map(|listen| (listen, deployed(settings))),
        |(listen, deployed)| {
            let Listen { host, port, metrics_port } = listen;
            let local = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) || host == "localhost";
            let metrics = metrics_port.map_or_else(|| "none".to_owned(), |port| port.to_string());
            vec![
                ("address", must(!local || !deployed, format!("{host}, port {port}"))),
                ("port of the metrics", must(metrics_port != Some(port), metrics)),
            ]
        },
    )
}

/// Whether a platform runs the service: only a platform names a deployment.
fn deployed(settings: &Settings) -> bool {
    settings.release.as_ref().is_some_and(|release| release.deployment.is_some())
}

/// Requests in flight survive a deploy: the platform waits between SIGTERM and SIGKILL, and longer than the service drains.
pub(super) fn draining(cx: &Context) -> Checked {
    let settings = report(cx)?.settings.as_ref();
    let Some(settings) = settings.filter(|settings| deployed(settings)) else {
        return Ok(Outcome::skip("the report names no deployment of a platform: nothing stops the service but its operator"));
    };
    let waits = settings.release.as_ref().and_then(|release| release.platform_draining_secs);
    let drains = settings.limits.as_ref().and_then(|limits| limits.drain_secs);
    Ok(concluded(vec![("time between SIGTERM and SIGKILL", drained(waits, drains))]))
}

fn drained(waits: Option<u64>, drains: Option<u64>) -> Judgement {
    match (waits.unwrap_or(0), drains) {
        (0, _) => Judgement::broken("none: every deploy cuts the requests in flight"),
        (waits, Some(drains)) if drains >= waits => {
            Judgement::weak(format!("{waits} s, but the service drains for {drains} s: the slowest requests are cut"))
        }
        (waits, Some(drains)) => Judgement::held(format!("{waits} s, of which the service drains for at most {drains} s")),
        (waits, None) => Judgement::held(format!("{waits} s")),
    }
}

/// Interactive documentation is as the policy says.
pub(super) fn docs(cx: &Context) -> Checked {
    let public = cx.target.policy.docs_public;
    part(
        cx,
        "api_docs",
        |settings| settings.api_docs,
        |on| {
            let judgement = match (on, public) {
                (false, _) => Judgement::held("off"),
                (true, true) => Judgement::held("on, as the policy allows"),
                (true, false) => Judgement::broken("on, and nothing in the policy allows it"),
            };
            vec![("interactive documentation", judgement)]
        },
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::same("production", "production", true)]
    #[case::short("prod", "Production", true)]
    #[case::a_name_of_their_own("production", "eu-main", true)]
    #[case::another("production", "staging", false)]
    #[case::short_and_another("prod", "dev", false)]
    fn only_well_known_names_of_environments_can_contradict(#[case] own: &str, #[case] platform: &str, #[case] agrees: bool) {
        assert_eq!(agree(own, platform), agrees);
    }
}
