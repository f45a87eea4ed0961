//! Claims beside the token: B says in the query, a header, the body or the path to be A.

use serde_json::json;

use crate::checks::paging::asking;
use crate::checks::{Case, Checked, Context, Judgement, Object, Role, User, at_once_or_each, battery, shared_battery};
use crate::http::{Probe, Trouble};
use crate::run::Evidence;

use super::judge;
use super::listing::shown_to_a;
use super::page::{Page, list};
use super::stage::{Victim, attacked, join, look, piece};

/// Fields in which services keep the owner of an object.
pub(super) const OWNER_FIELDS: [&str; 12] = [
    "user_id",
    "owner_id",
    "owner",
    "userId",
    "uid",
    "created_by",
    "createdBy",
    "ownerId",
    "user",
    "author_id",
    "tenant_id",
    "account_id",
];

/// Queries that name A (`{}`), nobody or everybody, by the parameters that services use most. Each by itself: where a query is spread into
/// the condition (`find({ owner: me, ...req.query })`), one that names another field as well finds nothing.
const QUERIES: [&str; 9] = [
    "user_id={}",
    "userId={}",
    "user_id[]={}",
    "user_id[$ne]=0&userId[$ne]=0",
    "owner={}",
    "user={}",
    "user_id=*",
    "user_id=",
    "user_id={}&user_id=",
];
/// Further parameters that name whose objects are meant; the most usual first.
const WHOSE: [&str; 17] = [
    "owner_id",
    "ownerId",
    "uid",
    "assigned_to",
    "created_by",
    "as",
    "sub",
    "username",
    "author_id",
    "tenant_id",
    "tenant",
    "account_id",
    "impersonate",
    "on_behalf_of",
    "assignee",
    "act_as",
    "actAs",
];
/// Parameters that ask for more than what is one's own; the most usual first.
const MORE: [&str; 14] = [
    "scope=all",
    "all=true",
    "admin=true",
    "shared=true",
    "team=true",
    "public=true",
    "include_all=true",
    "from=2000-01-01",
    "since=2000-01-01",
    "updated_since=2000-01-01",
    "modified_since=2000-01-01",
    "is_admin=true",
    "includeDeleted=true",
    "include_deleted=true",
];
/// The same as values of what may be a filter of the service: whoever looks for exactly that finds nothing, so they go by themselves.
const FILTERS: [&str; 4] = ["status=all", "view=all", "show=all", "filter=all"];
/// Parameters that are asked alone where a service objects to many at once.
const ALONE: usize = 3;

/// Who A is to the service: the subject of the token, or what the object itself names as its owner.
pub(super) fn subject(user: &User, victim: &Victim) -> Option<String> {
    let said = victim.read.json().and_then(|json| {
        let value = OWNER_FIELDS.iter().find_map(|field| json.get(field).cloned())?;
        value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))
    });
    said.or_else(|| user.subject.clone())
}

/// Names of the owner that follow from a path: `/workspaces/{user_id}/items` knows a `workspace_id`.
pub(super) fn named_by_path(template: &str) -> Vec<String> {
    let before = template.split("/{user_id}").next().filter(|before| *before != template);
    let word = before.and_then(|before| before.rsplit('/').next()).map(|word| word.strip_suffix('s').unwrap_or(word));
    let word = word.filter(|word| !matches!(*word, "" | "api" | "user" | "v1" | "v2"));
    word.map(|word| vec![format!("{word}_id"), format!("{word}Id"), word.to_owned()]).unwrap_or_default()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

struct Scene {
    victim: Victim,
    page: Page,
    subject: String,
}

impl Scene {
    async fn new(cx: &Context) -> Result<Self, Trouble> {
        let victim = Victim::shared(cx).await?;
        let page = Page::showing(cx, &victim.object).await?;
        let subject = subject(cx.a()?, &victim).unwrap_or_else(|| "1".to_owned());
        Ok(Self { victim, page, subject })
    }

    /// Asks all cases; none may show A's canary.
    async fn ask(&self, cx: &Context, noun: &str, cases: Vec<Case>) -> Checked {
        let leak = |answer: &crate::http::Answer| self.victim.is_shown_in(answer);
        let outcome = shared_battery(cx, noun, cases, |_, answer| judge::harmless(answer.status, leak(answer))).await?;
        Ok(outcome.joined(shown_to_a(&self.page)))
    }
}

pub(super) async fn query(cx: Context) -> Checked {
    let scene = Scene::new(&cx).await?;
    let b = cx.b()?;
    let item = cx.item_path(cx.a()?, &scene.victim.object.id);
    let mut cases = Vec::new();
    let subject = encoded(&scene.subject);
    let queries = QUERIES.map(|query| query.replace("{}", &subject));
    let listed = |query: &str| Case::new(format!("B: the list with ?{query}"), list(&cx, b, &scene.page.with(query)));
    let single = |query: &str| Case::new(format!("B: A's object with ?{query}"), Probe::get(asking(&item, query)).bearer(&b.token));
    cases.extend(cx.telling(&queries, 6).into_iter().map(|query| listed(query)));
    cases.push(listed(&operators(&cx)));
    cases.extend(cx.telling(&queries, 1).into_iter().map(|query| single(query)));
    let whose = WHOSE.map(|name| format!("{name}={subject}"));
    let whose: Vec<_> = named_by_path(&cx.target.paths.list).iter().map(|name| format!("{name}={subject}")).chain(whose).collect();
    let (more, filters) = (MORE.map(str::to_owned), FILTERS.map(str::to_owned));
    let each = |query: &String| listed(query);
    cases.push(listed(&described(&scene.subject)));
    cases.extend(
        at_once_or_each(&cx, listed(&filters.join("&")), cx.telling(&filters, ALONE).into_iter().map(each).collect()).await?,
    );
    for several in [whose.as_slice(), more.as_slice()] {
        let each = |case: &dyn Fn(&str) -> Case| cx.telling(several, ALONE).into_iter().map(|query| case(query)).collect();
        let all = several.join("&");
        cases.extend(at_once_or_each(&cx, listed(&all), each(&listed)).await?);
        cases.extend(at_once_or_each(&cx, single(&all), each(&single)).await?);
    }
    scene.ask(&cx, "queries that claim to be A", cases).await
}

/// A query that names the user `subject` by every parameter that services know.
pub(super) fn naming(subject: &str) -> String {
    let subject = encoded(subject);
    let names = ["user_id", "userId", "user", "owner"].iter().chain(&WHOSE);
    names.map(|name| format!("{name}={subject}")).collect::<Vec<_>>().join("&")
}

/// Operators of a query in the fields of an object, which match every object (CWE-943).
fn operators(cx: &Context) -> String {
    let fields = &cx.target.resource.fields;
    let done = fields.done.iter().map(|done| format!("&{done}[$ne]=postflight"));
    format!("{}[$regex]=.{}", fields.title, done.collect::<String>())
}

/// A condition on the owner as a JSON text, by the parameters that take one (`LoopBack`, Parse, Sails).
fn described(subject: &str) -> String {
    let owner = subject.parse::<u64>().map_or_else(|_| json!(subject), |number| json!(number));
    let condition = encoded(&json!({ "userId": owner }).to_string());
    format!("filter={condition}&where={condition}")
}

/// Headers by which a gateway would tell a service behind it who the user is.
const HEADERS: [&str; 18] = [
    "x-user-id",
    "x-forwarded-user",
    "x-user",
    "x-remote-user",
    "x-auth-request-user",
    "x-impersonate-user",
    "x-tenant-id",
    "x-consumer-id",
    "x-userid",
    "remote-user",
    "x-authenticated-user",
    "x-authenticated-userid",
    "x-auth-user",
    "x-consumer-custom-id",
    "x-account-id",
    "x-on-behalf-of",
    "x-hasura-user-id",
    "x-amzn-oidc-identity",
];

/// Headers by which a service lets its own people, or itself, do more.
const POWERS: [(&str, &str); 9] = [
    ("x-admin", "true"),
    ("x-is-admin", "true"),
    ("x-role", "admin"),
    ("x-user-role", "admin"),
    ("x-internal", "true"),
    ("x-internal-request", "true"),
    ("x-debug", "true"),
    ("x-test", "true"),
    ("x-bypass-auth", "true"),
];

/// Parts of the names of headers that stand for a token where a gateway has verified it: these are also sent without one.
const GATEWAYS: [&str; 7] = ["user-id", "forwarded", "remote", "authenticated-user", "auth-request", "consumer-id", "oidc"];

pub(super) async fn header(cx: Context) -> Checked {
    let scene = Scene::new(&cx).await?;
    let b = cx.b()?;
    let item = cx.item_path(cx.a()?, &scene.victim.object.id);
    let mut cases = Vec::new();
    let subject = scene.subject.as_str();
    let claim = |said: &[(&str, &str)], probe: Probe| said.iter().fold(probe, |probe, (name, value)| probe.header(name, value));
    let named = |said: &[(&str, &str)]| said.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    for said in cx.at_once(HEADERS.map(|name| (name, subject)).into_iter().chain(POWERS)) {
        let all = named(&said);
        cases.push(Case::new(format!("B: A's object with {all}"), claim(&said, Probe::get(&item).bearer(&b.token))));
        cases.push(Case::new(format!("B: the list with {all}"), claim(&said, list(&cx, b, &scene.page.query))));
    }
    let gateways = HEADERS.into_iter().filter(|name| GATEWAYS.iter().any(|word| name.contains(word)));
    for said in cx.at_once(gateways.map(|name| (name, subject)).chain(POWERS)) {
        cases.push(Case::new(format!("nobody: A's object with {}", named(&said)), claim(&said, Probe::get(&item))));
    }
    cases.extend(rerouted(&cx, b, &item));
    cases.extend(cx.at_once(["user_id", "uid", "sub", "userId"]).into_iter().map(|names| {
        let cookies = names.iter().map(|name| format!("{name}={}", scene.subject)).collect::<Vec<_>>().join("; ");
        let probe = Probe::get(&item).bearer(&b.token).header("cookie", cookies);
        Case::new(format!("B: A's object with the cookie {}", names.join(", ")), probe)
    }));
    scene.ask(&cx, "headers that claim to be A", cases).await
}

/// Headers that some frameworks take for the path, behind the back of a proxy that decided by the real one.
fn rerouted(cx: &Context, b: &User, item: &str) -> Vec<Case> {
    let full = cx.target.base.path(item);
    let names = cx.at_once(["x-original-url", "x-rewrite-url", "x-forwarded-uri", "x-forwarded-path", "x-original-uri"]);
    let towards = |probe: Probe, names: &[&str]| names.iter().fold(probe, |probe, name| probe.header(name, &full));
    let cases = |names: &Vec<&str>| {
        let (list, all) = (Probe::get(cx.list_path(b)).bearer(&b.token), names.join(", "));
        let as_b = Case::new(format!("B: the list with {all} of A's object"), towards(list, names));
        [as_b, Case::new(format!("nobody: / with {all} of A's object"), towards(Probe::get("/"), names))]
    };
    names.iter().flat_map(cases).collect()
}

/// B writes to A's object and says in the body that it is A who writes.
pub(super) async fn body(cx: Context) -> Checked {
    let (cx, a, b) = (&cx, cx.a()?, cx.b()?);
    let (title, accepted) = (&cx.objects.attempted(b).await?, &cx.target.policy.no_such());
    attacked(cx, Role::Contested, |victim| async move {
        let subject = subject(a, &victim).unwrap_or_else(|| "1".to_owned());
        let item = cx.item_path(a, &victim.object.id);
        let (first, others) = OWNER_FIELDS.split_at(1);
        let mut cases: Vec<_> = first.iter().flat_map(|field| claims(cx, b, &item, title, field, &subject)).collect();
        for field in cx.telling(others, 4) {
            cases.extend(cx.telling(claims(cx, b, &item, title, field, &subject), 1));
        }
        battery(cx, "bodies that claim to be A", cases, |_, answer| match answer.status {
            // Unknown fields may be refused before anything is looked up.
            400 | 422 if !answer.contains(victim.canary()) => Judgement::held(format!("{}", answer.status)),
            status => judge::refusal(accepted, status, answer.contains(victim.canary())),
        })
        .await
    })
    .await
}

fn claims(cx: &Context, b: &User, item: &str, title: &str, field: &str, subject: &str) -> Vec<Case> {
    let resource = &cx.target.resource;
    let claimed = |body: serde_json::Value| resource.with(body, field, json!(subject));
    let mut bodies = [("PATCH", resource.patch(title)), ("PUT", resource.full(title)), ("DELETE", json!({}))];
    if !resource.update.patches() {
        bodies.swap(0, 1);
    }
    let case = |(method, body)| {
        let probe = Probe::new(method, item).json(&claimed(body)).bearer(&b.token);
        Case::new(format!("B: {method} of A's object with `{field}` in the body"), probe)
    };
    bodies.map(case).into()
}

/// Paths that name A. Where the target's own paths do, B uses A's; the shapes that other services use are asked beside them.
pub(super) async fn path(cx: Context) -> Checked {
    let scene = Scene::new(&cx).await?;
    let (a, b) = (cx.a()?, cx.b()?);
    // Where paths name nobody, A's list is B's own.
    let mut paths: Vec<_> = Some(cx.list_path(a)).filter(|path| *path != cx.list_path(b)).into_iter().collect();
    paths.extend(guessed(&cx.list_path(b), &encoded(&scene.subject)));
    paths.extend(crafted(&cx.target.paths.list, &encoded(&scene.subject)));
    paths.dedup();
    let query = &scene.page.query;
    let cases = paths.iter().map(|path| Case::new(format!("B: GET {path}"), Probe::get(asking(path, query)).bearer(&b.token)));
    let outcome = scene.ask(&cx, "paths that name A", cases.collect()).await?;
    Ok(join(outcome, planted(&cx).await?))
}

/// Where paths name the user, B also creates an object at A's: it must be refused, or become B's own.
async fn planted(cx: &Context) -> Result<Option<Evidence>, Trouble> {
    let (a, b) = (cx.a()?, cx.b()?);
    if cx.list_path(a) == cx.list_path(b) {
        return Ok(None);
    }
    // Named as B's: where the path's user is passed over and it becomes B's own, no list of B's shows what looks like A's.
    let canary = cx.objects.announce(b).await?;
    let answer = cx.send(&Probe::post(cx.list_path(a), &cx.target.resource.body(&canary)).bearer(&b.token)).await?;
    let Some(id) = cx.made(a, &answer).await else {
        return Ok(Some(piece(&answer, "B creates an object at A's path", judge::harmless(answer.status, false))));
    };
    let object = Object { path: cx.item_path(a, &id), id, canary: canary.clone(), created: answer.clone(), read: None };
    let seen = look(cx, a, &object).await.is_ok_and(|seen| seen.is_success() && seen.contains(&canary));
    let judgement = if seen {
        Judgement::broken(format!("{}: an object was planted in A's account", answer.status))
    } else {
        cx.made(b, &answer).await;
        Judgement::held(format!("{}: it did not become A's", answer.status))
    };
    Ok(Some(piece(&answer, "B creates an object at A's path", judgement)))
}

/// `/api/tasks` becomes `/api/A/tasks`, `/api/users/A/tasks`, `/api/tasks/user/A`, `/users/A/tasks`.
fn guessed(list: &str, subject: &str) -> Vec<String> {
    let list = list.trim_end_matches('/');
    let Some((parent, noun)) = list.rsplit_once('/') else { return Vec::new() };
    vec![
        format!("{parent}/{subject}/{noun}"),
        format!("{parent}/users/{subject}/{noun}"),
        format!("{parent}/user/{subject}/{noun}"),
        format!("{list}/user/{subject}"),
        format!("{list}/users/{subject}"),
        format!("/users/{subject}/{noun}"),
    ]
}

/// Forms of A's name in a path that has a place for it: another case, white space, a second slash.
fn crafted(template: &str, subject: &str) -> Vec<String> {
    if !template.contains("{user_id}") {
        return Vec::new();
    }
    let forms =
        [subject.to_ascii_uppercase(), format!("{subject}%20"), format!("%20{subject}"), format!("{subject}%00"), "*".into()];
    forms.iter().map(|form| template.replace("{user_id}", form)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_before_the_user_in_a_path_names_the_owner() {
        assert_eq!(named_by_path("/workspaces/{user_id}/items"), ["workspace_id", "workspaceId", "workspace"]);
        assert!(named_by_path("/api/{user_id}/tasks").is_empty());
        assert!(named_by_path("/api/tasks").is_empty());
    }

    #[test]
    fn paths_that_name_a_user_are_guessed_from_the_collection() {
        insta::assert_snapshot!(guessed("/api/tasks", "a1").join("\n"), @r"
        /api/a1/tasks
        /api/users/a1/tasks
        /api/user/a1/tasks
        /api/tasks/user/a1
        /api/tasks/users/a1
        /users/a1/tasks
        ");
    }
}
