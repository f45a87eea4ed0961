//! Requests that bring one answer of each common status, so that a rule can be asked of all of them.
//!
//! Owns which requests those are. None of them can make, change or delete an object: bodies are such that no service can read them.

use super::users::path_of_nobody;
use super::{Case, Context};
use crate::http::{Credential, Probe, Trouble};

/// The collection's path, as user A addresses it when there is one.
pub(super) fn list_path(cx: &Context) -> String {
    cx.users.a.as_ref().map_or_else(|| path_of_nobody(&cx.target.paths.list), |user| cx.list_path(user))
}

/// The path that user A reads, when there is one; else the collection's.
pub(super) fn read_path(cx: &Context) -> String {
    cx.users.a.as_ref().map_or_else(|| list_path(cx), |user| cx.read_path(user))
}

/// An id that nothing has, where ids are UUIDs.
pub(super) const NO_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// The same where they are numbers.
pub(super) const NO_NUMBER: &str = "987654321";

/// An id that nothing has, in the form of the ids that the service gives: another form may not even reach the route.
pub(super) async fn missing_id(cx: &Context) -> &'static str {
    let witness = match cx.a() {
        Ok(user) => cx.objects.witness(user).await.ok(),
        Err(_) => None,
    };
    if witness.is_some_and(|object| object.id.parse::<u64>().is_ok()) { NO_NUMBER } else { NO_ID }
}

/// The path of an object that nothing has.
pub(super) async fn missing_path(cx: &Context) -> String {
    path_of(cx, missing_id(cx).await)
}

/// The path of an object with this id.
pub(super) fn path_of(cx: &Context, id: &str) -> String {
    let of_nobody = || path_of_nobody(&cx.target.paths.item).replace("{id}", id);
    cx.users.a.as_ref().map_or_else(of_nobody, |user| cx.item_path(user, id))
}

/// A path that no route has, beside the collection: what a service says to front ends may hold below the prefix of its API alone.
pub(super) fn unknown_path(cx: &Context) -> String {
    let literal: Vec<_> = cx.target.paths.list.split('/').skip(1).take_while(|part| !part.contains('{')).collect();
    let above = literal.iter().take(literal.len().saturating_sub(1));
    let above: String = above.map(|part| format!("/{part}")).collect();
    format!("{above}/postflight-{}", cx.random("unknown path"))
}

/// What user A reads, with the token, when there is one: the answer that is worth stealing.
pub(super) fn read(cx: &Context) -> Option<Probe> {
    cx.users.a.as_ref().map(|user| cx.read(user))
}

/// The same without a token: 401, or 403 in older frameworks.
pub(super) fn anonymous(cx: &Context) -> Probe {
    Probe::get(read_path(cx))
}

/// Whether anything is known to be at this URL: somebody is let in, a health path is known, or the collection or the root is answered otherwise
/// than what is not there.
pub(super) async fn is_there(cx: &Context) -> Result<bool, Trouble> {
    let paths = &cx.target.paths;
    if cx.users.a.is_some() || paths.health.is_some() || paths.live.is_some() {
        return Ok(true);
    }
    let (list, root) = (anonymous(cx), Probe::get("/"));
    let (list, root) = tokio::try_join!(cx.once(&list), cx.once(&root))?;
    Ok([list, root].iter().any(|answer| answer.status != 404))
}

/// A method that no declared route has and that is safe wherever it is known (RFC 4918, 9.1), without a token.
pub(super) fn unknown_method(cx: &Context) -> Probe {
    Probe::new("PROPFIND", list_path(cx)).shareable()
}

/// The same with what is no token: another 401, which services write in another place than that for a missing one.
pub(super) fn mistaken(cx: &Context) -> Case {
    Case::new("401 of a bad token", anonymous(cx).bearer(&Credential::new("<not a token>", "not-a-token")))
}

/// Bodies above a declared limit are sent up to this size, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// One request for each error status that can be had: 401, 404 (route and object), 405, 413, 415, 422. The unsafe methods among them go only
/// to the declared resource, only with consent to write, and with a body that is no object in any format.
pub(super) async fn errors(cx: &Context) -> Vec<Case> {
    let mut cases = vec![
        Case::new("401 without a token", anonymous(cx)),
        Case::new("404 of an unknown path", Probe::get(unknown_path(cx))),
        Case::new("405 of an unknown method", unknown_method(cx)).of_an_odd_form(),
    ];
    let Some(user) = &cx.users.a else { return cases };
    cases.push(Case::new("404 of a missing object", Probe::get(missing_path(cx).await).bearer(&user.token)));
    if cx.writes {
        let post = || Probe::new("POST", cx.list_path(user)).bearer(&user.token).shareable();
        cases.push(Case::new("415 of a text body", post().body(Some("text/plain"), "postflight")));
        cases.push(Case::new("malformed JSON", post().body(Some("application/json"), "{\"postflight\":")));
        let limit =
            cx.target.policy.declared.max_body.filter(|limit| *limit < LARGEST).and_then(|limit| usize::try_from(limit).ok());
        let oversized = |limit: usize| post().body(Some("application/json"), format!("{}{{\"postflight\":", " ".repeat(limit)));
        cases.extend(limit.map(|limit| Case::new("413 of a body above the limit", oversized(limit))));
    }
    cases
}

/// Which statuses cannot be had here, for the end of a summary: no request is known to make a sound service fail, and none is too large for a limit
/// that nobody declared.
pub(super) fn not_had(cx: &Context) -> &'static str {
    match cx.target.policy.declared.max_body {
        Some(limit) if limit < LARGEST => "; no 500 could be had",
        _ => "; no 500 could be had, and no 413 (`policy.max_body`)",
    }
}

/// Health and liveness, where declared.
pub(super) fn public(cx: &Context) -> Vec<Case> {
    let paths = [&cx.target.paths.live, &cx.target.paths.health];
    paths.into_iter().flatten().map(|path| Case::new(format!("GET {path}"), Probe::get(path.clone()))).collect()
}
