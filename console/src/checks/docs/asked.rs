//! How exposed paths are asked for: each beside an unknown path of the same directory.

use std::collections::BTreeMap;

use futures::future::{join_all, try_join_all};

use super::super::specimens;
use super::super::{Case, Checked, Context, Judgement, Outcome, shared_battery};
use super::paths;
use super::recognise::recognised;
use super::same::like;
use crate::http::{Answer, Probe, Trouble, inside};
use crate::run::{Evidence, Finding};

/// Paths of one list that are asked when the most telling ones are enough.
const USUAL: usize = 9;
/// The same of documentation, where frameworks and prefixes differ.
const OF_DOCUMENTATION: usize = 10;
/// The same of files, each of which another mistake leaves there.
const OF_FILES: usize = 10;
/// Spellings of the first path of documentation.
const SPELLINGS: usize = 4;
/// The same of endpoints for GraphQL: who has a console has its endpoint as well.
const OF_GRAPHQL: usize = 3;

/// What browsers send: some services show pages to nobody else.
const ACCEPT: &str = "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8";

fn get(path: &str) -> Probe {
    Probe::get(path).header("accept", ACCEPT)
}

/// An unknown path of the same form: same first directory where it is the API's own, same depth, same leading dot, same ending.
fn unknown_beside(cx: &Context, path: &str) -> String {
    let bare = path.split('?').next().unwrap_or_default();
    let random = format!("pf{}", cx.random("unknown path"));
    if bare == "/" {
        return format!("/{random}");
    }
    let api = specimens::list_path(cx).split('/').nth(1).unwrap_or_default().to_owned();
    let parts: Vec<_> = bare.split('/').skip(1).collect();
    let replaced = parts.iter().enumerate().map(|(index, part)| match *part {
        "" => String::new(),
        part if index == 0 && parts.len() > 1 && part == api => api.clone(),
        part if part.starts_with('.') => format!(".{random}"),
        _ => random.clone(),
    });
    format!("/{}", replaced.collect::<Vec<_>>().join("/"))
}

/// What unknown paths answer, by path.
type Unknown = BTreeMap<String, Answer>;

async fn unknown(cx: &Context, paths: &[&str]) -> Result<Unknown, Trouble> {
    let wanted: std::collections::BTreeSet<_> = paths.iter().map(|path| unknown_beside(cx, path)).collect();
    let answers = join_all(wanted.iter().map(async |path| cx.once(&get(path)).await)).await;
    wanted.iter().cloned().zip(answers).map(|(path, answer)| Ok((path, answer?))).collect()
}

/// The same, where any of `cases` is answered so that it matters: a plain refusal is one whatever unknown paths get.
async fn unknown_where_open(cx: &Context, cases: &[Case], paths: &[&str]) -> Result<Unknown, Trouble> {
    let cx = &Context { client: cx.client.one_of_many(), ..cx.clone() };
    let closed = |case: &Case, answer: &Answer| judge(case.probe.path(), answer, None).finding == Finding::Held;
    let looks_open = async |case: &Case| cx.once(&case.probe).await.is_ok_and(|answer| !closed(case, &answer));
    let open = cx.exhaustive || join_all(cases.iter().map(looks_open)).await.contains(&true);
    if open { unknown(cx, paths).await } else { Ok(Unknown::new()) }
}

/// The service answers, and answers unknown paths alike: what is not there can be told from what is.
pub(super) async fn control(cx: Context) -> Checked {
    let live = specimens::read(&cx).or_else(|| specimens::public(&cx).into_iter().next().map(|case| case.probe));
    let live = live.unwrap_or_else(|| specimens::anonymous(&cx));
    let names = ["unknown a", "unknown b"].map(|name| format!("/pf{}", cx.random(name)));
    let [first, second] = names.each_ref().map(|path| get(path));
    let (live, first, second) = tokio::try_join!(cx.send(&live), cx.send(&first), cx.send(&second))?;
    let [one, other] = &names;
    let outcome = match (live.is_success() || live.is_client_error(), like(one, &first, other, &second)) {
        (false, _) => Outcome::inconclusive(format!("the service answers {}", live.status)),
        (true, false) => Outcome::inconclusive("two unknown paths are answered differently, so nothing can be compared with them"),
        (true, true) => Outcome::pass(format!("unknown paths are answered alike: {}", first.status)),
    };
    let (status, observed) = (first.status, live.status);
    Ok(outcome.seen(&first, "an unknown path", format!("{status}")).seen(&live, "a known path", format!("{observed}")))
}

/// Nothing recognisable is served at these paths, below the target's URL and, where that has a path of its own, below the root of its host:
/// frameworks serve their documentation there, and web servers their files, whatever the API is mounted under.
pub(super) async fn unserved(cx: Context, listed: &'static [&'static str]) -> Checked {
    let root = cx.at_root();
    let outcome = unserved_below(cx, listed).await?;
    let Some(root) = root else { return Ok(outcome) };
    let at_root = unserved_below(root, listed).await?;
    let pieces =
        at_root.evidence.into_iter().map(|piece| Evidence { label: format!("{} at the root of the host", piece.label), ..piece });
    Ok(pieces.fold(outcome, Outcome::joined))
}

async fn unserved_below(cx: Context, listed: &'static [&'static str]) -> Checked {
    let declared = cx.target.paths.docs.iter().map(String::as_str).filter(|_| listed == paths::INTERACTIVE);
    let below = below_the_api(cx.target.paths.list.as_str(), listed);
    let most = match listed {
        paths::GRAPHQL => OF_GRAPHQL,
        paths::FILES => OF_FILES,
        paths::INTERACTIVE => OF_DOCUMENTATION,
        _ => USUAL,
    };
    let mut usual = cx.telling(listed.iter().copied(), most);
    if listed == paths::DEBUG {
        usual.extend(paths::HOME_MADE);
    }
    let further = below.iter().map(String::as_str).filter(|path| !usual.contains(path));
    let all: Vec<&str> = usual.iter().copied().chain(declared).chain(further).collect();
    let cases: Vec<_> = all.iter().map(|path| Case::new(*path, get(path)).closed_by_anybody()).collect();
    let unknown = unknown_where_open(&cx, &cases, &all).await?;
    shared_battery(&cx, "exposed paths closed", cases, |case, answer| {
        let beside = unknown_beside(&cx, case.probe.path());
        judge(case.probe.path(), answer, unknown.get(&beside).map(|unknown| (beside.as_str(), unknown)))
    })
    .await
}

/// The first paths of a list of documentation below every prefix of the collection's path (`/api`, `/api/v1`): routers are mounted with theirs.
fn below_the_api(collection: &str, listed: &'static [&'static str]) -> Vec<String> {
    let firsts: &[&str] = match listed {
        paths::INTERACTIVE => &["/docs", "/api-docs"],
        paths::SCHEMAS => &["/openapi.json", "/swagger.json", "/docs.json"],
        _ => return Vec::new(),
    };
    let parts: Vec<_> = collection.split('/').filter(|part| !part.is_empty() && !part.contains('{')).collect();
    let below = |count: usize| parts.get(..count).map(|parts| parts.join("/"));
    (1..parts.len()).filter_map(below).flat_map(|prefix| firsts.iter().map(move |first| format!("/{prefix}{first}"))).collect()
}

/// The same for what only operators who authorised public documentation may show.
pub(super) async fn undocumented(cx: Context, listed: &'static [&'static str]) -> Checked {
    if cx.target.policy.docs_public {
        return Ok(Outcome::skip("public documentation is authorised by the policy of this target"));
    }
    unserved(cx, listed).await
}

/// Judges one answer: what is recognised is served; a success that is what an unknown path gets too is a catch-all, and no finding.
pub(super) fn judge(path: &str, answer: &Answer, unknown: Option<(&str, &Answer)>) -> Judgement {
    let status = answer.status;
    let catch_all = unknown.is_some_and(|(beside, unknown)| like(path, answer, beside, unknown));
    match recognised(path, answer) {
        _ if catch_all => Judgement::held(format!("{status}, as any unknown path")),
        Some(kind) => Judgement::broken(format!("{status}: serves {kind}")),
        None if answer.is_success() && !answer.body.is_empty() && paths::is_for_developers(path) => {
            Judgement::broken(format!("{status}: serves what its own path calls a developer's tool"))
        }
        None if path == "/" => Judgement::held(format!("{status}, and nothing of the inside")),
        None if matches!(status, 502..=504) => Judgement::unclear(format!("{status}: the service did not answer")),
        None if answer.is_success() && !answer.body.is_empty() => Judgement::weak(format!("{status}: serves something")),
        None => Judgement::held(format!("{status}")),
    }
}

/// Other names, methods and headers under which a closed path may be open.
pub(super) async fn variants(cx: Context) -> Checked {
    if cx.target.policy.docs_public {
        return Ok(Outcome::skip("public documentation is authorised by the policy of this target"));
    }
    let (plain, schema) = (get("/docs"), get("/openapi.json"));
    let (plain, schema) = tokio::try_join!(cx.once(&plain), cx.once(&schema))?;
    if recognised("/docs", &plain).is_some() || recognised("/openapi.json", &schema).is_some() {
        return Ok(Outcome::skip(
            "documentation is open under its own name, as `docs.interactive` or `docs.schema` says: nothing is closed",
        ));
    }
    let cases = disguises(&cx);
    let (head, options) = tokio::try_join!(unknown_by(&cx, &cases, "HEAD"), unknown_by(&cx, &cases, "OPTIONS"))?;
    let unknown_get = unknown_where_open(&cx, &cases, &["/docs", "/docs/", "/docs/docs"]).await?;
    shared_battery(&cx, "other names of closed paths", cases, |case, answer| {
        match case.probe.method() {
            "HEAD" => return judge_head(answer, head.as_ref()),
            "OPTIONS" => return judge_options(case.probe.path(), answer, options.as_ref()),
            _ => {}
        }
        let beside = unknown_get.iter().find(|(path, unknown)| like(case.probe.path(), answer, path, unknown));
        match judge(case.probe.path(), answer, beside.map(|(path, unknown)| (path.as_str(), unknown))) {
            judgement if answer.status == plain.status && answer.body == plain.body && !plain.is_success() => {
                Judgement::held(judgement.observed)
            }
            judgement => judgement,
        }
    })
    .await
}

/// What an unknown path is answered to `method`; asked only where one of `cases` succeeds by it.
async fn unknown_by(cx: &Context, cases: &[Case], method: &str) -> Result<Option<Answer>, Trouble> {
    let by_method = cases.iter().filter(|case| case.probe.method() == method);
    let answers = try_join_all(by_method.map(|case| cx.once(&case.probe))).await?;
    if !answers.iter().any(Answer::is_success) {
        return Ok(None);
    }
    cx.once(&Probe::new(method, unknown_beside(cx, "/docs"))).await.map(Some)
}

fn disguises(cx: &Context) -> Vec<Case> {
    let bases = ["/docs", "/openapi.json"];
    // What finds one base under another name finds the other as well.
    let spelt = |(index, base): (usize, &&str)| cx.telling(paths::variants(base), if index == 0 { SPELLINGS } else { 1 });
    let spellings = bases.iter().enumerate().flat_map(spelt);
    let mut cases: Vec<_> = spellings.map(|path| Case::new(format!("GET {path}"), get(&path))).collect();
    let beside = unknown_beside(cx, "/docs");
    cases.extend(cx.telling(bases, 1).into_iter().map(|base| Case::new(format!("HEAD {base}"), Probe::new("HEAD", base))));
    cases.extend(cx.telling(bases, 1).into_iter().map(|base| Case::new(format!("OPTIONS {base}"), Probe::new("OPTIONS", base))));
    for base in cx.telling(bases, 1) {
        for names in cx.at_once(["x-original-url", "x-rewrite-url"]) {
            let probe = names.iter().fold(get(&beside), |probe, name| probe.header(name, base));
            cases.push(Case::new(format!("{}: {base}", names.join(", ")), probe));
        }
        for claims in cx.at_once([("x-forwarded-for", "127.0.0.1"), ("x-forwarded-host", "localhost")]) {
            let probe = claims.iter().fold(get(base), |probe, (name, value)| probe.header(name, *value));
            let named = claims.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ");
            cases.push(Case::new(format!("{base} with {named}"), probe));
        }
        if cx.target.is_loopback() {
            cases.push(Case::new(format!("{base} with host: localhost"), get(base).header("host", "localhost")));
        }
    }
    cases.into_iter().map(Case::closed_by_anybody).collect()
}

fn judge_head(answer: &Answer, unknown: Option<&Answer>) -> Judgement {
    if answer.is_success() && !unknown.is_some_and(Answer::is_success) {
        return Judgement::broken(format!("{}: HEAD finds what GET hides", answer.status));
    }
    Judgement::held(format!("{}", answer.status))
}

/// Routers name the methods of what they know (RFC 9110, 9.3.7), also of what answers nobody.
fn judge_options(path: &str, answer: &Answer, unknown: Option<&Answer>) -> Judgement {
    let allowed = answer.headers.list("allow");
    if let Some(kind) = recognised(path, answer) {
        return Judgement::broken(format!("{}: OPTIONS serves {kind}", answer.status));
    }
    if answer.is_success() && !unknown.is_some_and(Answer::is_success) && !allowed.is_empty() {
        return Judgement::broken(format!("{}: OPTIONS finds what GET hides, with Allow: {}", answer.status, allowed.join(", ")));
    }
    Judgement::held(format!("{}", answer.status))
}

/// A closed path is answered as any unknown one, byte for byte.
pub(super) async fn existence(cx: Context) -> Checked {
    let unknown = unknown(&cx, paths::TELLING).await?;
    let public = cx.target.policy.docs_public;
    let cases = paths::TELLING.iter().map(|path| Case::new(*path, get(path))).collect();
    shared_battery(&cx, "closed paths indistinguishable from unknown ones", cases, |case, answer| {
        let beside = unknown_beside(&cx, case.probe.path());
        match unknown.get(&beside) {
            Some(unknown) if like(case.probe.path(), answer, &beside, unknown) => {
                Judgement::held(format!("{}, the same", answer.status))
            }
            Some(_) if answer.is_success() => Judgement::held("open, which is another check's finding"),
            Some(_) if public => Judgement::held("public documentation is authorised"),
            Some(_) if matches!(answer.status, 401 | 403) && is_declared(&cx, case.probe.path()) => {
                Judgement::held(format!("{}: a declared route that asks for a token", answer.status))
            }
            Some(unknown) => judge_difference(answer, unknown),
            None => Judgement::unclear("nothing to compare with"),
        }
    })
    .await
}

/// Whether the target, or its document, names this path as a route for users.
fn is_declared(cx: &Context, path: &str) -> bool {
    cx.target.paths.protected.iter().any(|declared| declared == path) || cx.further_routes().any(|route| route.path == path)
}

/// Judges a refusal that differs from the one of an unknown path.
pub(super) fn judge_difference(answer: &Answer, unknown: &Answer) -> Judgement {
    match (answer.status, unknown.status) {
        (502..=504, _) => Judgement::unclear(format!("{}: the service did not answer", answer.status)),
        (429, _) => Judgement::unclear("429: rate limited"),
        // Documentation for those who are signed in is a decision.
        (401, _) => Judgement::weak("401: it asks for a token, and so tells that it is there"),
        (status, other) if status == other => Judgement::broken(format!("{status} with another body than an unknown path")),
        (status, other) => Judgement::broken(format!("{status}, where an unknown path is {other}")),
    }
}

/// Unknown paths are 404, and what was asked for does not come back as markup.
pub(super) async fn unknown_path(cx: Context) -> Checked {
    let mark = format!("pf{}", cx.random("markup"));
    let marked = format!("/%3C{mark}%3E?a=%3C{mark}%3E");
    let cases = vec![
        Case::new("an unknown path", get(&format!("/{mark}"))),
        Case::new("an unknown path of the API", get(&unknown_beside(&cx, "/api/unknown"))),
        Case::new("an unknown path with markup", get(&marked)),
    ];
    shared_battery(&cx, "unknown paths", cases, |_, answer| judge_unknown(&mark, answer)).await
}

/// Judges the answer to an unknown path. Markup that comes back in HTML would run as a script (CWE-79).
pub(super) fn judge_unknown(mark: &str, answer: &Answer) -> Judgement {
    let html = answer.headers.text("content-type").is_none_or(|kind| kind.to_ascii_lowercase().contains("html"));
    match answer.status {
        502..=504 => Judgement::unclear(format!("{}: the service did not answer", answer.status)),
        // Debug mode of Django, Laravel and others explains every unknown path.
        status if let Some(kind) = inside(&answer.raw_text().to_ascii_lowercase()).filter(|_| !answer.is_success()) => {
            Judgement::broken(format!("{status} with {kind}"))
        }
        status if html && answer.contains(&format!("<{mark}>")) => {
            Judgement::broken(format!("{status}: the path comes back as markup"))
        }
        status @ 500.. => Judgement::weak(format!("{status}: an unknown path made the service fail")),
        status if answer.is_success() => Judgement::weak(format!("{status}: unknown paths seem to be there")),
        status => Judgement::held(format!("{status}")),
    }
}
