//! Accounts themselves as objects (OWASP API1:2023 and API3:2023): nobody changes or deletes another's, or gives the own one powers. Attacked
//! is an account of this run alone.
//!
//! `change` knows what a change of an account sends and what it is held against, `others` attacks the account of somebody else, `own` asks too much
//! for one's own.

mod change;
mod others;
mod own;

use crate::checks::{Checked, Context, Outcome};
use crate::target::Route;

use super::stage::conclude;
use change::Change;
use others::{changed_by_b, deleted_by_b, named_in_body};
use own::{given_powers, readdressed};

/// Last names of routes that mean the account of whoever asks.
const OWN: [&str; 6] = ["me", "self", "profile", "account", "current", "user"];

/// Every declared or documented route that changes or deletes an account.
pub(super) async fn untouched(cx: Context) -> Checked {
    if !cx.target.allow_unsafe_routes {
        return Ok(Outcome::skip("routes that change accounts are asked where the target says `allow_unsafe_routes = true`"));
    }
    let routes: Vec<_> = cx.further_routes().filter(|route| is_of_others(route) || is_own(&cx, route)).collect();
    if !routes.iter().any(|route| route.writes().any(is_asked)) {
        return Ok(Outcome::skip("no route that changes an account is declared or documented"));
    }
    let Some(victim) = cx.registry.spare().await? else {
        return Ok(Outcome::skip(
            "an account of its own is needed; describe how to make one under `tokens.signup` in postflight.toml",
        ));
    };
    let mut pieces = Vec::new();
    let methods = |wanted: &'static [&'static str]| {
        let of =
            move |route: &&Route| route.writes().filter(|method| wanted.contains(method)).map(str::to_owned).collect::<Vec<_>>();
        routes.iter().flat_map(move |route| of(route).into_iter().map(|method| (*route, method))).collect::<Vec<_>>()
    };
    let mut changing = methods(&["PATCH", "PUT"]);
    changing.retain(|(route, method)| !is_for_passwords(&cx, Change { route, method }));
    for (route, method) in &changing {
        if is_of_others(route) {
            pieces.push(changed_by_b(&cx, &victim, Change { route, method }).await?);
        }
        pieces.push(given_powers(&cx, &victim, Change { route, method }).await?);
    }
    if let Some((route, method)) = changing.first()
        && let Some(other) = cx.registry.spare().await?
    {
        for (route, method) in &changing {
            pieces.extend(named_in_body(&cx, &victim, &other, Change { route, method }).await?);
        }
        pieces.extend(readdressed(&cx, &victim, &other, Change { route, method }).await?);
    }
    // What is gone can be attacked no more.
    for (route, method) in methods(&["DELETE"]).into_iter().filter(|(route, _)| is_of_others(route)) {
        pieces.push(deleted_by_b(&cx, &victim, Change { route, method: &method }).await?);
    }
    if pieces.is_empty() {
        return Ok(Outcome::skip("no route changes an account, and none that deletes one names whose"));
    }
    Ok(conclude("an account is its holder's to change, and gives nobody powers", pieces))
}

fn is_asked(method: &str) -> bool {
    matches!(method, "PATCH" | "PUT" | "DELETE")
}

/// Whether the route is an account by the name of its holder.
fn is_of_others(route: &Route) -> bool {
    route.path.trim_end_matches('/').ends_with("/{user_id}")
}

/// Whether the route is the account of whoever asks, by its name or since that is declared to be changed or deleted there.
fn is_own(cx: &Context, route: &Route) -> bool {
    let accounts = &cx.target.accounts;
    let declared = [&accounts.delete, &accounts.password].into_iter().flatten().any(|call| call.path == route.path);
    declared || is_called_own(route)
}

fn is_called_own(route: &Route) -> bool {
    route.path.trim_end_matches('/').rsplit('/').next().is_some_and(|last| OWN.contains(&last))
}

/// Whether a change is that of the password and of nothing else, which `jwt.login.password` asks about.
fn is_for_passwords(cx: &Context, Change { route, method }: Change<'_>) -> bool {
    let declared = cx.target.accounts.password.as_ref().is_some_and(|call| call.path == route.path && call.method == method);
    declared && !is_of_others(route) && !is_called_own(route)
}
