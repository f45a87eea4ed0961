//! Other ways in: odd forms of the id, overridden methods, other versions of the API, bulk and administrative routes.

use serde_json::json;

use crate::checks::paging::asking;
use crate::checks::passwords::{hash_in, member_of};
use crate::checks::{Act, Case, Checked, Context, Judgement, Role, User, battery};
use crate::http::{Answer, Probe, Trouble};

use super::assign::id_field;
use super::judge;
use super::listing::shown_to_a;
use super::owner::subject;
use super::page::{Page, list};
use super::stage::{Victim, attacked, join};

pub(super) async fn id_forms(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let b = cx.b()?;
    let (id, column) = (&victim.object.id, id_field(&cx));
    let forms = [cx.telling(forms(id), 10), cx.telling(injections(id, &column), 2)].concat();
    let named = forms.iter().filter_map(|(name, id)| Some((name, Act::Get.paths(&cx, id).ok()?)));
    let cases = named.flat_map(|(name, ways)| {
        ways.into_iter().map(move |(way, path)| Case::new(format!("B: {way} {name}"), Probe::get(path).bearer(&b.token)))
    });
    battery(&cx, "forms of A's id", cases.collect(), |_, answer| leak_free(&victim, answer)).await
}

/// The same id in other clothes.
fn forms(id: &str) -> Vec<(&'static str, String)> {
    vec![
        ("in upper case", id.to_ascii_uppercase()),
        ("as .json", format!("{id}.json")),
        ("with an encoded NUL behind", format!("{id}%00")),
        ("with a path parameter", format!("{id};x=1")),
        ("with a slash behind", format!("{id}/")),
        ("with a second slash before", format!("/{id}")),
        ("without dashes", id.replace('-', "")),
        ("with an encoded space behind", format!("{id}%20")),
        ("behind an encoded dot segment", format!("x%2F..%2F{id}")),
        ("behind zeros", format!("000{id}")),
        ("in percent escapes", escaped(id)),
        ("with a wildcard", format!("{}*", id.get(..id.len().saturating_sub(1)).unwrap_or_default())),
        ("with an encoded slash behind", format!("{id}%2F")),
        ("as one of two", format!("{id},{id}")),
        ("in braces", format!("%7B{id}%7D")),
        ("as a URN", format!("urn:uuid:{id}")),
        ("with two slashes behind", format!("{id}//")),
        ("with a dot behind", format!("{id}.")),
        ("with an encoded space before", format!("%20{id}")),
        ("with an encoded tab behind", format!("{id}%09")),
        ("with an encoded newline behind", format!("{id}%0A")),
        ("as .xml", format!("{id}.xml")),
        ("with an encoded slash before", format!("%2F{id}")),
        ("behind a dot segment with a backslash", format!("x%5C..%5C{id}")),
        ("behind a plus sign", format!("+{id}")),
        ("with a decimal point", format!("{id}.0")),
        ("with an encoded question mark", format!("{id}%3Fx=1")),
        ("in quotes", format!("%22{id}%22")),
    ]
}

/// Conditions that reach A's object, and only that one, where the id is pasted into a query (CWE-89). They only read.
fn injections(id: &str, column: &str) -> Vec<(&'static str, String)> {
    vec![
        ("behind OR, before a comment", format!("0%20OR%20{column}={id}%20--%20")),
        ("behind OR, in quotes and before a comment", format!("0%27%20OR%20{column}=%27{id}%27%20--%20")),
        ("behind OR", format!("0%20OR%20{column}={id}")),
        ("behind OR, in quotes", format!("0%27%20OR%20{column}=%27{id}")),
    ]
}

/// Every byte as `%xx`.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |escapes, byte| escapes + &format!("%{byte:02X}"))
}

/// Headers and parameters by which some frameworks let a client rename the method of a request.
const OVERRIDES: [&str; 4] = ["x-http-method-override", "x-method-override", "x-http-method", "x-original-method"];

pub(super) async fn method_override(cx: Context) -> Checked {
    let (cx, a, b) = (&cx, cx.a()?, cx.b()?);
    let title = &cx.objects.attempted(b).await?;
    attacked(cx, Role::Contested, |victim| async move {
        let item = cx.item_path(a, &victim.object.id);
        let mut cases: Vec<_> = ["GET", "POST"].iter().flat_map(|method| overridden(cx, b, method, &item, title)).collect();
        // A's own POST may be renamed where a framework offers that; a safe request may not, since browsers send those on their own.
        cases.extend(overridden(cx, a, "GET", &item, title));
        battery(cx, "requests with an overridden method", cases, |case, answer| {
            judge::harmless(answer.status, case.name.starts_with('B') && answer.contains(victim.canary()))
        })
        .await
    })
    .await
}

fn overridden(cx: &Context, user: &User, method: &str, item: &str, title: &str) -> Vec<Case> {
    let sent = |path: String| {
        let probe = Probe::new(method, path).bearer(&user.token);
        if method == "POST" { probe.json(&cx.target.resource.body(title)) } else { probe }
    };
    let by_header = cx.at_once(OVERRIDES).into_iter().flat_map(|names| {
        let renamed = |verb| names.iter().fold(sent(item.to_owned()), |probe, name| probe.header(name, verb));
        // A GET has no body that a PUT could set.
        let verbs = if method == "POST" || cx.exhaustive { vec!["DELETE", "PUT"] } else { vec!["DELETE"] };
        let case = |verb| Case::new(format!("{}: {method} with {}: {verb}", user.name, names.join(", ")), renamed(verb));
        verbs.into_iter().map(case).collect::<Vec<_>>()
    });
    let by_query = cx
        .telling(["_method=DELETE", "_method=PATCH", "method=DELETE"], 1)
        .into_iter()
        .map(|query| Case::new(format!("{}: {method} with ?{query}", user.name), sent(asking(item, query))));
    let form = (method == "POST").then(|| {
        let probe = Probe::new("POST", item).bearer(&user.token);
        let form = probe.body(Some("application/x-www-form-urlencoded"), "_method=DELETE");
        Case::new(format!("{}: POST of the form _method=DELETE", user.name), form)
    });
    by_header.chain(by_query).chain(form).collect()
}

/// Headers by which a client asks for a version of the API; one that the target declares is sent with the oldest instead.
const VERSION_HEADERS: [&str; 3] = ["x-api-version", "api-version", "accept-version"];

pub(super) async fn versions(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let (a, b) = (cx.a()?, cx.b()?);
    let (item, list) = (cx.item_path(a, &victim.object.id), cx.list_path(a));
    let flat = [flat(&cx.target.paths.item), flat(&cx.target.paths.list)].into_iter().flatten();
    let flat = flat.map(|path| path.replace("{id}", &victim.object.id));
    // Beside a path that ends in a slash, an older one without it.
    let bare = [&item, &list].into_iter().filter_map(|path| path.strip_suffix('/')).map(str::to_owned);
    let flat = flat.chain(bare);
    let paths = [cx.telling(prefixed(&item), 4), cx.telling(prefixed(&list), 3), flat.collect()].concat();
    let cases = paths.into_iter().flat_map(|path| {
        let as_b = Case::new(format!("B: GET {path}"), Probe::get(&path).bearer(&b.token));
        let hidden = ["/internal", "/beta", "/v0"].iter().any(|part| path.contains(part));
        let as_nobody = hidden.then(|| Case::new(format!("nobody: GET {path}"), Probe::get(&path)));
        std::iter::once(as_b).chain(as_nobody)
    });
    let by_header = cx.at_once(VERSION_HEADERS).into_iter().map(|names| {
        let probe = names.iter().fold(Probe::get(&item).bearer(&b.token), |probe, name| probe.header(name, "1"));
        Case::new(format!("B: GET {item} with {}: 1", names.join(", ")), probe)
    });
    battery(&cx, "reads of other versions", cases.chain(by_header).collect(), |_, answer| leak_free(&victim, answer)).await
}

/// A path that names its user, as it was before it did: `/api/{user_id}/tasks` is `/api/tasks`.
fn flat(template: &str) -> Option<String> {
    let before = ["/users/{user_id}", "/user/{user_id}", "/{user_id}"].into_iter().find(|part| template.contains(part))?;
    Some(template.replacen(before, "", 1))
}

/// The path under the prefixes where older, newer and internal versions of an API live.
fn prefixed(path: &str) -> Vec<String> {
    let bare = path.strip_prefix("/api").unwrap_or(path);
    let bare = ["/v1", "/v2", "/v3"].iter().find_map(|version| bare.strip_prefix(version)).unwrap_or(bare);
    let prefixes =
        ["/api/v1", "/internal", "/api/v2", "", "/api", "/v1", "/api/internal", "/v2", "/v0", "/v3", "/api/v0", "/api/v3", "/beta"];
    prefixes.iter().map(|prefix| format!("{prefix}{bare}")).filter(|other| other != path).collect()
}

pub(super) async fn bulk(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let own = cx.objects.witness(cx.b()?).await?;
    let page = Page::showing(&cx, &victim.object).await?;
    let b = cx.b()?;
    let (foreign, own) = (victim.object.id.as_str(), own.id.as_str());
    let list = cx.list_path(b);
    let base = list.trim_end_matches('/');
    let routes = ["export", "all", "search", "shared", "stats", "trash", "count", "recent", "export.csv", "batch", "bulk", "feed"];
    let by_route = cx.telling(routes, 4).into_iter().map(|route| (format!("{base}/{route}"), String::new()));
    let by_id = [
        format!("ids={own},{foreign}"),
        format!("ids={own}&ids={foreign}"),
        format!("id={foreign}"),
        format!("ids[]={own}&ids[]={foreign}"),
        format!("id__in={own},{foreign}"),
        format!("filter[id]={foreign}"),
    ];
    let by_id = cx.telling(by_id, 3).into_iter().map(|query| (list.clone(), query));
    let several = [format!("{base}/{own},{foreign}"), format!("{base}/{own};{foreign}")];
    let several = cx.telling(several, 1).into_iter().map(|path| (path, String::new()));
    let cases = by_route.chain(by_id).chain(several).map(|(path, query)| {
        let path = asking(&path, &query);
        Case::new(format!("B: GET {path}"), Probe::get(path).bearer(&b.token))
    });
    let outcome = battery(&cx, "bulk reads by B", cases.collect(), |_, answer| leak_free(&victim, answer)).await?;
    Ok(join(outcome, [shown_to_a(&page)]))
}

/// Routes of administrators, asked by an ordinary user (OWASP API5:2023).
const ADMIN: [&str; 14] = [
    "/admin",
    "/api/admin/users",
    "/api/users",
    "/admin/users",
    "/users",
    "/api/admin",
    "/api/v1/users",
    "/api/internal/users",
    "/api/audit",
    "/admin/tasks",
    "/api/admin/tasks",
    "/api/users/all",
    "/api/accounts",
    "/management/users",
];

pub(super) async fn admin(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let b = cx.b()?;
    let names: Vec<_> = names_of_a(&cx, &victim);
    let mine = b.subject.as_ref().map(|subject| format!("/{subject}")).unwrap_or_default();
    let list = cx.list_path(b);
    let noun = list.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    // Below whatever the collection's own path begins with (`/v1`), as well.
    let prefix = list
        .trim_end_matches('/')
        .strip_suffix(&noun)
        .map(|rest| rest.trim_end_matches('/').replace(&mine, ""))
        .unwrap_or_default();
    let own = [
        format!("/admin/{noun}"),
        format!("/api/admin/{noun}"),
        format!("{prefix}/users"),
        format!("{prefix}/admin/users"),
        format!("{prefix}/admin/{noun}"),
    ];
    // Where routes end in a slash, the bare path is only redirected.
    let slash = if list.ends_with('/') { "/" } else { "" };
    let paths = cx.telling(ADMIN, 6).into_iter().map(str::to_owned).chain(own).map(|path| path + slash);
    let paths = paths.collect::<std::collections::BTreeSet<_>>();
    let profile = subject(cx.a()?, &victim).map(|subject| format!("{prefix}/users/{}{slash}", escaped_subject(&subject)));
    let all = paths.iter().chain(&profile);
    let cases = all.map(|path| Case::new(format!("B: GET {path}"), Probe::get(path.as_str()).bearer(&b.token)));
    battery(&cx, "administrative routes", cases.collect(), |case, answer| {
        if profile.as_deref() == Some(case.probe.path()) {
            return profile_of_a(&victim, answer);
        }
        let told = answer.is_success() && names.iter().any(|name| answer.contains(name));
        let reserved = case.probe.path().split('/').any(|part| part == "admin");
        listing_of_users(answer, told || victim.is_shown_in(answer), reserved)
    })
    .await
}

fn escaped_subject(subject: &str) -> String {
    url::form_urlencoded::byte_serialize(subject.as_bytes()).collect()
}

/// Services show users to each other on purpose; nobody shows passwords, or the address that A signs in with. Another one is a remark.
fn profile_of_a(victim: &Victim, answer: &Answer) -> Judgement {
    let (text, json) = (answer.raw_text(), answer.json().unwrap_or_default());
    match answer.status {
        status @ 200..=299 if victim.is_shown_in(answer) => Judgement::broken(format!("{status} with A's object")),
        status @ 200..=299 if hash_in(&text).is_some() || member_of(&json, &[]).is_some() => {
            Judgement::broken(format!("{status} with what is A's password or its hash"))
        }
        status @ 200..=299 if json.get("email").is_some_and(serde_json::Value::is_string) => {
            Judgement::weak(format!("{status} with an e-mail address"))
        }
        status => judge::harmless(status, false),
    }
}

/// What A is called: the subject of the token, unless it is so short that it occurs anywhere, and the names that sign in, as JSON texts.
pub(super) fn names_of_a(cx: &Context, victim: &Victim) -> Vec<String> {
    let subject = cx.a().ok().and_then(|a| subject(a, victim)).filter(|subject| subject.len() >= 6);
    let email = cx.a().ok().and_then(|a| a.email.as_ref()).map(|email| format!("\"{email}\""));
    let login = cx.target.accounts.users.iter().filter_map(|users| users.first()).map(|user| format!("\"{}\"", user.username));
    subject.into_iter().chain(email).chain(login).collect()
}

/// A list of records under such a path is suspect even where nothing of A's is in it; one of people whose path says whom it is `reserved` for
/// is nobody else's to see.
fn listing_of_users(answer: &Answer, leaked: bool, reserved: bool) -> Judgement {
    let json = answer.json().unwrap_or_default();
    let below = json.as_object().into_iter().flat_map(serde_json::Map::values).filter_map(serde_json::Value::as_array);
    let records: Vec<_> = json.as_array().into_iter().chain(below).flatten().filter(|item| item.is_object()).collect();
    let people = records.iter().any(|record| record.get("email").is_some_and(serde_json::Value::is_string));
    if !leaked && answer.is_success() && reserved && people {
        return Judgement::broken(format!("{}: the people of this service, to whoever has an account", answer.status));
    }
    if !leaked && answer.is_success() && json.is_array() && !records.is_empty() {
        return Judgement::weak(format!("{}: a list of records, though nothing of A's is in it", answer.status));
    }
    judge::harmless(answer.status, leaked)
}

/// Malformed requests of B on A's object: error texts hold nothing of it.
pub(super) async fn errors(cx: Context) -> Checked {
    let (cx, b) = (&cx, cx.b()?);
    attacked(cx, Role::Contested, |victim| async move {
        let probes = cx.telling(malformed(cx, &victim.object.id)?, 5);
        let as_b = |(name, probe): (&str, Probe)| Case::new(format!("B sends {name}"), probe.bearer(&b.token));
        battery(cx, "errors", probes.into_iter().map(as_b).collect(), |_, answer| leak_free(&victim, answer)).await
    })
    .await
}

/// Requests about an object of A's that no service can make sense of; those that most services answer with an error text first.
fn malformed(cx: &Context, id: &str) -> Result<[(&'static str, Probe); 13], Trouble> {
    let a = cx.a()?;
    let item = cx.item_path(a, id);
    let field = cx.target.resource.fields.title.clone();
    let json_type = Some("application/json");
    Ok([
        ("broken JSON", Probe::new("PUT", &item).body(json_type, "{\"title\":")),
        ("a number for the title", Probe::new("PATCH", &item).json(&json!({ (field.clone()): 7 }))),
        ("an empty title", Probe::new("PUT", &item).json(&json!({ (field.clone()): "" }))),
        ("null", Probe::new("PATCH", &item).json(&json!(null))),
        ("no media type", Probe::new("PUT", &item).body(None, "title=x")),
        ("a method that no route has", Probe::new("PROPFIND", &item)),
        ("POST on the object", Probe::new("POST", &item).json(&json!({}))),
        ("XML", Probe::new("PUT", &item).body(Some("application/xml"), "<task/>")),
        ("an endless title", Probe::new("PATCH", &item).json(&json!({ (field.clone()): "x".repeat(70_000) }))),
        ("an array for an object", Probe::new("PUT", &item).json(&json!([]))),
        ("an unreadable precondition", Probe::new("PUT", &item).json(&json!({ (field): "" })).header("if-match", "\"")),
        ("an unacceptable type asked for", Probe::get(&item).header("accept", "application/x-nothing")),
        ("a list of A's by a wrong sort", list(cx, a, "sort=no_such_field").header("accept", "text/html")),
    ])
}

fn leak_free(victim: &Victim, answer: &Answer) -> Judgement {
    judge::harmless(answer.status, victim.is_shown_in(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_without_its_user_is_the_older_one() {
        assert_eq!(flat("/api/{user_id}/tasks/{id}").as_deref(), Some("/api/tasks/{id}"));
        assert_eq!(flat("/api/users/{user_id}/tasks").as_deref(), Some("/api/tasks"));
        assert_eq!(flat("/api/tasks"), None);
    }

    #[test]
    fn other_versions_are_asked_beside_the_declared_path_and_never_the_path_itself() {
        insta::assert_snapshot!(prefixed("/api/v1/tasks/7").join(" "), @"/internal/tasks/7 /api/v2/tasks/7 /tasks/7 /api/tasks/7 /v1/tasks/7 /api/internal/tasks/7 /v2/tasks/7 /v0/tasks/7 /v3/tasks/7 /api/v0/tasks/7 /api/v3/tasks/7 /beta/tasks/7");
        assert!(!prefixed("/api/tasks").contains(&"/api/tasks".to_owned()));
    }

    #[test]
    fn every_form_of_an_id_is_a_valid_path_and_another_text_than_the_id() {
        for (name, form) in forms("0199f5c4-8e2b-7d31-9c1a-5b6f0e7a4d21") {
            assert_ne!(form, "0199f5c4-8e2b-7d31-9c1a-5b6f0e7a4d21", "{name}");
            assert!(form.bytes().all(|byte| byte.is_ascii_graphic()), "{name}");
        }
    }
}
