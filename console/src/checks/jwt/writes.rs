//! Which unsafe requests are sent that must be refused: only an object of this run is at stake, and never the account that the run asks as.

use crate::checks::{Act, Context, Object};
use crate::http::{Probe, Trouble};
use crate::target::Route;

/// Further routes that are asked at most.
const MOST: usize = 150;

/// The unsafe methods of the declared resource, and those of further routes that the operator allows, without a token: a creation with the
/// announced `canary`, and whatever changes `object`, its deletion last.
pub(super) fn writes(cx: &Context, object: &Object, canary: &str) -> Result<Vec<Probe>, Trouble> {
    let a = cx.a()?;
    let mut probes = vec![Probe::post(cx.list_path(a), &cx.target.resource.body(canary)).repeatable()];
    let changing = [Act::Put, Act::Patch, Act::Toggle].into_iter().filter(|act| act.is_declared(cx));
    probes.extend(changing.chain([Act::Delete]).filter_map(|act| act.by_nobody(cx, a, object)));
    // Toggles differ in their method.
    let toggle = Act::Toggle.path(cx, a, &object.id).map(|path| Probe::post(path, &serde_json::json!({})).shareable());
    probes.extend(toggle);
    probes.extend(further_writes(cx, object));
    Ok(probes)
}

/// The unsafe methods of further routes, where the operator allows them.
fn further_writes(cx: &Context, object: &Object) -> Vec<Probe> {
    let subject = cx.users.a.as_ref().and_then(|user| user.subject.as_deref()).unwrap_or("me");
    let most = if cx.target.allow_unsafe_routes { MOST } else { 0 };
    let routes = cx.further_routes().filter(|route| !ends_accounts(cx, route) && !signs_in(cx, route)).take(most);
    let sent = |route: &Route, method: &str| {
        Probe::new(method, route.filled(&object.id, subject)).json(&serde_json::json!({})).repeatable()
    };
    routes.flat_map(|route| route.writes().map(move |method| sent(route, method)).collect::<Vec<_>>()).collect()
}

/// Last names of routes that end a session or an account of whoever asks, or change it for good.
const OF_ACCOUNTS: [&str; 14] = [
    "me",
    "self",
    "account",
    "profile",
    "logout",
    "signout",
    "sign-out",
    "session",
    "sessions",
    "password",
    "deactivate",
    "close",
    "revoke",
    "terminate",
];

/// Last names of routes at which nobody has a token yet.
const ENTRANCES: [&str; 18] = [
    "login",
    "signin",
    "sign-in",
    "register",
    "signup",
    "sign-up",
    "forgot-password",
    "reset-password",
    "request-verify-token",
    "verify",
    "verify-email",
    "confirm",
    "activate",
    "forgot",
    "recover",
    "password-reset",
    "refresh",
    "token",
];

/// Whether the route makes accounts or sessions, which nobody has a token for yet: it is declared so, or its name says it and nothing says that
/// it asks for a token.
fn signs_in(cx: &Context, route: &Route) -> bool {
    let last = route.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if ENTRANCES.contains(&last) && !cx.target.must_guard(route) {
        return true;
    }
    let accounts = &cx.target.accounts;
    let signup = accounts.signup.as_ref().map(|signup| &signup.grant);
    let grants = [signup, accounts.login.as_ref(), accounts.refresh.as_ref()];
    grants.into_iter().flatten().any(|grant| grant.call.path == route.path)
}

/// Whether an unsafe method on the route could end the session or the account of A, if the service takes a bad token: the run goes on with it.
fn ends_accounts(cx: &Context, route: &Route) -> bool {
    let accounts = &cx.target.accounts;
    let declared =
        [&accounts.delete, &accounts.logout, &accounts.password].into_iter().flatten().any(|call| call.path == route.path);
    let last = route.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let of_the_user = last == "{user_id}";
    declared || of_the_user || OF_ACCOUNTS.contains(&last.as_str())
}
