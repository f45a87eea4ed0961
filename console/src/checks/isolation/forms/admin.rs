//! Routes of administrators, and the profile of A, asked by an ordinary user.

use std::collections::BTreeSet;

use futures::future::try_join_all;

use crate::checks::isolation::judge;
use crate::checks::isolation::owner::{encoded, subject};
use crate::checks::isolation::stage::Victim;
use crate::checks::passwords::member_of;
use crate::checks::{Case, Checked, Context, Judgement, User, shared_battery};
use crate::http::{Answer, Probe, Trouble, hash_in};

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

pub(in crate::checks::isolation) async fn admin(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let b = cx.b()?;
    let names = names_of_a(&cx, &victim);
    let collection = Collection::of(&cx.list_path(b), b);
    let paths = paths(&cx, &collection);
    let profile = subject(&cx, cx.a()?, &victim).map(|subject| collection.beside(&format!("/users/{}", encoded(&subject))));
    let all = paths.iter().chain(&profile);
    let cases = all.map(|path| Case::new(format!("B: GET {path}"), Probe::get(path.as_str()).bearer(&b.token)).closed_by_anybody());
    shared_battery(&cx, "administrative routes", cases.collect(), |case, answer| {
        if profile.as_deref() == Some(case.probe.path()) {
            return profile_of_a(&victim, answer);
        }
        let told = answer.is_success() && names.iter().any(|name| answer.contains(name));
        let leaked = told || victim.is_shown_in(answer);
        if is_declared(&cx, case.probe.path()) {
            return judge::harmless(answer.status, leaked);
        }
        listing_of_users(answer, leaked, is_reserved(case.probe.path()), cx.b().ok().and_then(|b| b.subject.as_deref()))
    })
    .await
}

fn paths(cx: &Context, collection: &Collection) -> BTreeSet<String> {
    admin_paths(collection, cx.telling(ADMIN, 5))
}

/// The routes of administrators that are there and refuse B, an ordinary user: those that are asked anyway, and declared ones.
pub(in crate::checks::isolation) async fn closed_to_users(cx: &Context) -> Result<Vec<String>, Trouble> {
    let b = cx.b()?;
    let declared = cx.further_routes().filter(|route| route.reads() && !route.takes_id() && is_reserved(&route.path));
    let declared = declared.map(|route| route.filled("1", b.subject.as_deref().unwrap_or("me")));
    let all: BTreeSet<_> = paths(cx, &Collection::of(&cx.list_path(b), b)).into_iter().chain(declared).collect();
    let asked = all.into_iter().map(async |path| {
        let answer = cx.once(&Probe::get(&path).bearer(&b.token)).await?;
        Ok::<_, Trouble>(matches!(answer.status, 401 | 403).then_some(path))
    });
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

/// Whether a declared route has that path, with one of its words for a user or an id: who goes by the token alone shows B's own there.
fn is_declared(cx: &Context, path: &str) -> bool {
    let paths = &cx.target.paths;
    let templates = [&paths.list, &paths.item].into_iter().chain(&paths.toggle).map(String::as_str);
    templates.chain(cx.further_routes().map(|route| route.path.as_str())).any(|template| fits(template, path))
}

/// Whether `path` is `template` with a word in the place of each placeholder.
fn fits(template: &str, path: &str) -> bool {
    let [parts, words] = [template, path].map(|text| text.trim_end_matches('/').split('/').collect::<Vec<_>>());
    let fits = |(part, word): (&&str, &&str)| part == word || (part.starts_with('{') && !word.is_empty());
    template.contains('{') && parts.len() == words.len() && parts.iter().zip(&words).all(fits)
}

/// Whether a path says itself that it is for administrators alone.
fn is_reserved(path: &str) -> bool {
    path.split('/').any(|part| part == "admin")
}

/// The collection's own path in parts.
struct Collection {
    /// Whatever it begins with (`/v1`), without the user whose it is.
    prefix: String,
    noun: String,
    /// Where routes end in a slash, the bare path is only redirected.
    slash: &'static str,
}

impl Collection {
    fn of(list: &str, user: &User) -> Self {
        let bare = list.trim_end_matches('/');
        let noun = bare.rsplit('/').next().unwrap_or_default();
        let mine = user.subject.as_ref().map(|subject| format!("/{subject}")).unwrap_or_default();
        let before = bare.strip_suffix(noun).map(|rest| rest.trim_end_matches('/').replace(&mine, ""));
        let slash = if list.ends_with('/') { "/" } else { "" };
        Self { prefix: before.unwrap_or_default(), noun: noun.to_owned(), slash }
    }

    /// A path that begins and ends as the collection's own.
    fn beside(&self, path: &str) -> String {
        format!("{}{path}{}", self.prefix, self.slash)
    }
}

/// The `usual` routes of administrators, and those that follow from the collection's own path.
fn admin_paths(collection: &Collection, usual: Vec<&str>) -> BTreeSet<String> {
    let Collection { noun, slash, .. } = collection;
    let own = [
        format!("/admin/{noun}{slash}"),
        format!("/api/admin/{noun}{slash}"),
        collection.beside("/users"),
        collection.beside("/admin/users"),
        collection.beside("/admin/stats"),
        format!("{}/admin/users", collection.prefix),
        collection.beside(&format!("/admin/{noun}")),
    ];
    let usual = usual.into_iter().map(|path| format!("{path}{slash}"));
    // Routers of their own may not end as the collection does.
    let bare = format!("/admin/{noun}");
    usual.chain(own).chain([bare]).collect()
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
pub(in crate::checks::isolation) fn names_of_a(cx: &Context, victim: &Victim) -> Vec<String> {
    let subject = cx.a().ok().and_then(|a| subject(cx, a, victim)).filter(|subject| subject.len() >= 6);
    let email = cx.a().ok().and_then(|a| a.email.as_ref()).map(|email| format!("\"{email}\""));
    let login = cx.target.accounts.users.iter().filter_map(|users| users.first()).map(|user| format!("\"{}\"", user.username));
    subject.into_iter().chain(email).chain(login).collect()
}

/// Whether a member of a record is this subject, as a text or as a number.
fn names(record: &serde_json::Value, subject: &str) -> bool {
    let is_number =
        |value: &serde_json::Value| value.as_i64().is_some_and(|number| subject.parse::<i64>().is_ok_and(|own| own == number));
    let is_subject = |value: &serde_json::Value| value.as_str() == Some(subject) || is_number(value);
    record.as_object().is_some_and(|members| members.values().any(is_subject))
}

/// A list of records under such a path is suspect even where nothing of A's is in it, unless all of them name whoever asked as `own`; one of
/// people whose path says whom it is `reserved` for is nobody else's to see.
fn listing_of_users(answer: &Answer, leaked: bool, reserved: bool, own: Option<&str>) -> Judgement {
    let json = answer.json().unwrap_or_default();
    let below = json.as_object().into_iter().flat_map(serde_json::Map::values).filter_map(serde_json::Value::as_array);
    let records: Vec<_> = json.as_array().into_iter().chain(below).flatten().filter(|item| item.is_object()).collect();
    let people = records.iter().any(|record| record.get("email").is_some_and(serde_json::Value::is_string));
    if !leaked && answer.is_success() && reserved && people {
        return Judgement::broken(format!("{}: the people of this service, to whoever has an account", answer.status));
    }
    let is_own = |record: &&serde_json::Value| own.is_some_and(|own| names(record, own));
    if !leaked && answer.is_success() && json.is_array() && !records.iter().all(is_own) {
        return Judgement::weak(format!("{}: a list of records, though nothing of A's is in it", answer.status));
    }
    judge::harmless(answer.status, leaked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Finding;

    #[rstest::rstest]
    #[case::own_alone(r#"[{"id":2,"name":"b"}]"#, false, Finding::Held)]
    #[case::of_others(r#"[{"id":2},{"id":3}]"#, false, Finding::Weak)]
    #[case::people(r#"[{"id":3,"email":"c@example.com"}]"#, true, Finding::Broken)]
    #[case::nobody("[]", true, Finding::Held)]
    fn a_list_of_users_is_whose_path_says_so(#[case] body: &str, #[case] reserved: bool, #[case] finding: Finding) {
        assert_eq!(listing_of_users(&Answer::canned(200, &[], body), false, reserved, Some("2")).finding, finding);
    }
}
