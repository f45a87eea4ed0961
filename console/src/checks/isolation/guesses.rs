//! Routes that nobody declared and many services have: what hangs on one object, and a user by the id.

use futures::future::try_join_all;

use crate::checks::{Context, User};
use crate::http::{Probe, Trouble};
use crate::target::{Route, RouteAuth};

use super::stage::Victim;

/// What hangs on one object, the most usual first.
const BELOW_AN_OBJECT: [&str; 8] = ["comments", "attachments", "history", "export", "revisions", "activity", "files", "share"];
/// How many of them are asked for.
const ASKED: usize = 3;

/// Those of the guesses that answer A: the others are no routes, and B is not asked for them.
pub(super) async fn found(cx: &Context, victim: &Victim) -> Result<Vec<Route>, Trouble> {
    let a = cx.a()?;
    let asked = guesses(cx).into_iter().map(async |route| answers(cx, a, victim, &route).await.map(|found| found.then_some(route)));
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

async fn answers(cx: &Context, a: &User, victim: &Victim, route: &Route) -> Result<bool, Trouble> {
    let path = route.filled(&victim.object.id, a.subject.as_deref().unwrap_or("me"));
    Ok(cx.once(&Probe::get(path).bearer(&a.token)).await?.is_success())
}

/// Whoever declares a route with an id has said which there are.
fn guesses(cx: &Context) -> Vec<Route> {
    let paths = &cx.target.paths;
    let item = paths.item.trim_end_matches('/');
    let declared = cx.further_routes().any(Route::takes_id);
    let below = cx.telling(BELOW_AN_OBJECT.map(|name| format!("{item}/{name}")), ASKED);
    let below = below.into_iter().filter(|_| !declared);
    below.chain(by_id(cx)).map(|path| Route::by_hand(&path, vec!["GET".to_owned()], RouteAuth::Unsaid, paths)).collect()
}

/// Beside `/users/me`, the same with an id: where B is let in to what is A's, it is by that.
fn by_id(cx: &Context) -> Option<String> {
    let accounts = &cx.target.accounts;
    let own = [&accounts.delete, &accounts.password].into_iter().flatten().map(|call| call.path.as_str());
    let own = cx.target.paths.protected.iter().map(String::as_str).chain(own);
    let users = own.filter_map(|path| path.trim_end_matches('/').strip_suffix("/me")).find(|path| path.ends_with("users"));
    let path = format!("{}/{{user_id}}", users?);
    let known = cx.further_routes().any(|route| route.path == path);
    (!known && cx.users.a.as_ref().is_some_and(|a| a.subject.is_some())).then_some(path)
}
