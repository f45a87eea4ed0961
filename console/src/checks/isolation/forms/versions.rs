//! Older, newer and internal versions of the routes, by path and by header.

use crate::checks::isolation::listing::leak_free;
use crate::checks::isolation::plain::{Detours, To};
use crate::checks::isolation::stage::Victim;
use crate::checks::{Case, Checked, Context};
use crate::http::Probe;

/// Headers by which a client asks for a version of the API; one that the target declares is sent with the oldest instead.
const VERSION_HEADERS: [&str; 3] = ["x-api-version", "api-version", "accept-version"];

pub(in crate::checks::isolation) async fn versions(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let (a, b) = (cx.a()?, cx.b()?);
    let (item, list) = (cx.item_path(a, &victim.object.id), cx.list_path(a));
    let flat_item = flat(&cx.target.paths.item).map(|path| path.replace("{id}", &victim.object.id));
    let flat_list = flat(&cx.target.paths.list);
    let older = flat_item.iter().flat_map(|item| cx.telling(prefixed(item), 4)).collect();
    let flat = flat_item.into_iter().chain(flat_list);
    // Beside a path that ends in a slash, an older one without it.
    let bare = [&item, &list].into_iter().filter_map(|path| path.strip_suffix('/')).map(str::to_owned);
    let flat = flat.chain(bare);
    let paths = [cx.telling(prefixed(&item), 4), cx.telling(prefixed(&list), 2), older, flat.collect()].concat();
    let cases = paths.into_iter().flat_map(|path| {
        let as_b = Case::new(format!("B: GET {path}"), Probe::get(&path).bearer(&b.token)).closed_by_anybody();
        // Whoever asks nobody for a token there does not ask B for another one.
        let hidden = cx.exhaustive && ["/internal", "/beta", "/v0"].iter().any(|part| path.contains(part));
        let as_nobody = hidden.then(|| Case::new(format!("nobody: GET {path}"), Probe::get(&path)).closed_by_anybody());
        std::iter::once(as_b).chain(as_nobody)
    });
    let by_header = cx.at_once(VERSION_HEADERS).into_iter().map(|names| {
        let probe = names.iter().fold(Probe::get(&item).bearer(&b.token), |probe, name| probe.header(name, "1"));
        Case::new(format!("B: GET {item} with {}: 1", names.join(", ")), probe)
    });
    let detours = Detours { cx: &cx, victim: &victim, query: "", to: To::Either };
    detours.ask("reads of other versions", cases.chain(by_header).collect(), |_, answer| leak_free(&victim, answer)).await
}

/// A path that names its user, as it was before it did: `/api/{user_id}/tasks` is `/api/tasks`. One that names what objects live in, as if they
/// lived in nothing: `/boards/{parent_id}/cards` is `/cards`.
pub(super) fn flat(template: &str) -> Option<String> {
    if let Some((before, after)) = template.split_once("/{parent_id}") {
        return Some(format!("{}{after}", before.rsplit_once('/').map_or("", |(before, _)| before)));
    }
    let before = ["/users/{user_id}", "/user/{user_id}", "/{user_id}"].into_iter().find(|part| template.contains(part))?;
    Some(template.replacen(before, "", 1))
}

/// The path under the prefixes where older, newer and internal versions of an API live.
fn prefixed(path: &str) -> Vec<String> {
    let bare = path.strip_prefix("/api").unwrap_or(path);
    let bare = ["/v1", "/v2", "/v3"].iter().find_map(|version| bare.strip_prefix(version)).unwrap_or(bare);
    let prefixes =
        ["/api/v1", "/internal", "/api/v2", "/api", "/v0", "", "/v1", "/api/internal", "/v2", "/v3", "/api/v0", "/api/v3", "/beta"];
    let mut all: Vec<_> = neighbours(path);
    all.extend(prefixes.iter().map(|prefix| format!("{prefix}{bare}")));
    let mut seen = std::collections::BTreeSet::from([path.to_owned()]);
    all.retain(|other| seen.insert(other.clone()));
    all
}

/// Where the path names its version: the one before it, and the one after it, in the same form.
fn neighbours(path: &str) -> Vec<String> {
    let before = |prefix: &'static str| Some((prefix, path.strip_prefix(prefix)?));
    let Some((prefix, rest)) = before("/api/v").or_else(|| before("/v")) else { return Vec::new() };
    let (digits, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let Ok(version) = digits.parse::<u8>() else { return Vec::new() };
    let others = [version.checked_sub(1).filter(|older| *older > 0), version.checked_add(1)];
    others.into_iter().flatten().map(|version| format!("{prefix}{version}/{rest}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_without_its_user_is_the_older_one() {
        assert_eq!(flat("/api/{user_id}/tasks/{id}").as_deref(), Some("/api/tasks/{id}"));
        assert_eq!(flat("/api/users/{user_id}/tasks").as_deref(), Some("/api/tasks"));
        assert_eq!(flat("/api/boards/{parent_id}/cards/{id}").as_deref(), Some("/api/cards/{id}"));
        assert_eq!(flat("/api/tasks"), None);
    }

    #[test]
    fn other_versions_are_asked_beside_the_declared_path_and_never_the_path_itself() {
        insta::assert_snapshot!(prefixed("/api/v1/tasks/7").join(" "), @"/api/v2/tasks/7 /internal/tasks/7 /api/tasks/7 /v0/tasks/7 /tasks/7 /v1/tasks/7 /api/internal/tasks/7 /v2/tasks/7 /v3/tasks/7 /api/v0/tasks/7 /api/v3/tasks/7 /beta/tasks/7");
        assert_eq!(prefixed("/v2/notes/7").first().map(String::as_str), Some("/v1/notes/7"));
        assert!(!prefixed("/api/tasks").contains(&"/api/tasks".to_owned()));
    }
}
