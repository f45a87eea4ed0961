//! Whom the configuration lets in: tokens, origins, limits.

use super::{must, part, should};
use crate::checks::{Checked, Context, Judgement};
use crate::target::configuration::{Auth, Limits, RateLimit};
use crate::target::{BaseUrl, Origin, Target};

/// Largest body that an API for JSON needs, in bytes.
const LARGEST_BODY: u64 = 16 << 20;

/// The token policy is complete, and the one that was declared.
pub(super) fn tokens(cx: &Context) -> Checked {
    part(cx, "auth", |settings| settings.auth.clone(), |auth| token_rules(&cx.target, &auth))
}

fn token_rules(target: &Target, auth: &Auth) -> Vec<(&'static str, Judgement)> {
    let policy = &target.policy;
    let demanded = [("iss", policy.issuer.is_some()), ("aud", policy.audience.is_some())];
    let demanded = demanded.into_iter().filter_map(|(claim, demanded)| demanded.then_some(claim));
    let absent: Vec<_> =
        ["exp", "sub"].into_iter().chain(demanded).filter(|claim| !auth.required_claims.iter().any(|one| one == claim)).collect();
    let claims = if absent.is_empty() { auth.required_claims.join(", ") } else { format!("not {}", absent.join(", ")) };
    let mut rules = vec![
        ("algorithms", algorithms(&auth.algorithms)),
        ("required claims", must(absent.is_empty(), claims)),
        (
            "a second secret",
            should(!auth.previous_secret, if auth.previous_secret { "still verifies: end the rotation" } else { "none" }),
        ),
    ];
    rules.extend(auth.leeway_secs.map(|secs| {
        (
            "tolerated clock difference",
            must(secs <= policy.max_leeway_secs, format!("{secs} s, of {} s at most", policy.max_leeway_secs)),
        )
    }));
    rules.extend(policy.max_lifetime_secs.map(|most| {
        let said = auth.max_lifetime_secs.map_or_else(|| "unbounded".to_owned(), |secs| format!("{secs} s"));
        let bounded = auth.max_lifetime_secs.is_some_and(|secs| secs <= most);
        ("longest life", must(bounded, format!("{said}, of {most} s at most")))
    }));
    rules
}

fn algorithms(names: &[String]) -> Judgement {
    let families = |hmac: bool| names.iter().any(|name| name.starts_with("HS") == hmac);
    let listed = names.join(", ");
    match () {
        () if names.is_empty() => Judgement::broken("any: the token decides"),
        () if names.iter().any(|name| name.eq_ignore_ascii_case("none")) => {
            Judgement::broken(format!("{listed}: anybody can sign"))
        }
        () if families(true) && families(false) => Judgement::broken(format!("{listed}: a public key can pass for a secret")),
        () => Judgement::held(listed),
    }
}

/// The allowlist of the service is exactly the declared one, and each of its members is an exact production origin.
pub(super) fn origins(cx: &Context) -> Checked {
    let declared: Vec<_> = cx.target.origins.iter().map(|origin| origin.as_str().to_owned()).collect();
    part(
        cx,
        "cors",
        |settings| settings.cors.clone(),
        |cors| {
            let only = |these: &[String], those: &[String]| -> Vec<_> {
                these.iter().filter(|one| !those.contains(one)).cloned().collect()
            };
            let (undeclared, unused) = (only(&cors.origins, &declared), only(&declared, &cors.origins));
            let loose: Vec<_> = cors.origins.iter().filter(|origin| !is_exact(origin)).cloned().collect();
            vec![
                ("let in, but not declared", listed(&undeclared)),
                ("declared, but not let in", listed(&unused)),
                ("not an exact https origin", listed(&loose)),
            ]
        },
    )
}

fn listed(origins: &[String]) -> Judgement {
    if origins.is_empty() { Judgement::held("none") } else { Judgement::broken(origins.join(", ")) }
}

/// In the browser's form, with `https`, and neither a wildcard nor this machine.
fn is_exact(origin: &str) -> bool {
    let local = BaseUrl::parse(origin).is_ok_and(|base| base.is_loopback());
    Origin::parse(origin).is_ok_and(|origin| origin.scheme() == "https") && !local && !origin.contains('*')
}

/// What one caller may ask is bounded.
pub(super) fn limits(cx: &Context) -> Checked {
    let both = |settings: &crate::target::configuration::Settings| {
        (settings.limits.is_some() || settings.rate_limit.is_some())
            .then(|| (settings.limits.clone().unwrap_or_default(), settings.rate_limit.clone().unwrap_or_default()))
    };
    part(cx, "limits", both, |(limits, rate)| bounds(&limits, &rate))
}

fn bounds(limits: &Limits, rate: &RateLimit) -> Vec<(&'static str, Judgement)> {
    let seconds = |secs: Option<u64>, most: u64| match secs {
        None | Some(0) => Judgement::weak("unbounded"),
        Some(secs) => should(secs <= most, format!("{secs} s")),
    };
    let body = match limits.body_bytes {
        None | Some(0) => Judgement::broken("unbounded: one request can fill the memory"),
        Some(bytes) => should(bytes <= LARGEST_BODY, format!("{bytes} bytes")),
    };
    let per_second = match rate.per_second {
        None | Some(0) => Judgement::weak("unbounded"),
        Some(requests) => Judgement::held(format!("{requests} requests a second, {} at once", rate.burst.unwrap_or(requests))),
    };
    vec![
        ("largest body", body),
        ("longest head of a request", seconds(limits.header_secs, 60)),
        ("longest answer", seconds(limits.answer_secs, 120)),
        ("one caller", per_second),
    ]
}
