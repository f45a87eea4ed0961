//! Paths that lead elsewhere once they are normalised: to files, or around the door. An HTTP client would take the dot segments out before
//! sending (URL standard, "path state"), so they go over the raw wire.

use futures::future::join_all;

use super::super::specimens;
use super::super::wire::{at, begun};
use super::super::{Checked, Context, Judgement, Outcome};
use super::ask::{RawCase, as_a, failed, volley};
use crate::http::{Answer, Probe, Reply, Trouble, evidence};
use crate::run::Source;
use crate::target::Route;

/// Ways up to the root of the machine, for servers that serve files from the path they were given (CWE-22).
const CLIMBS: [&str; 8] = [
    "/../../../../../../../../etc/passwd",
    "/static/../../../../../../../../etc/passwd",
    "/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/..%252f..%252f..%252f..%252f..%252fetc/passwd",
    "/..\\..\\..\\..\\..\\..\\etc\\passwd",
    "/....//....//....//....//....//etc/passwd",
    "//etc/passwd",
];

/// Names of files that climb, where a document says that a route takes a name of a file.
const NAMED: [&str; 2] = ["..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd"];
/// Words in the names of such parameters.
const WORDS: [&str; 9] = ["file", "path", "filename", "document", "doc", "template", "attachment", "image", "download"];
/// Places that are asked at most.
const PLACES: usize = 6;

/// No path climbs out of the service, and no documented name of a file does.
pub(super) async fn files(cx: Context) -> Checked {
    let cases = CLIMBS.iter().map(|path| RawCase::new(*path, begun(&cx, "GET", at(&cx, path)).end())).collect();
    let outcome = volley(&cx, "climbing paths", cases, |_, reply| judge_file(reply)).await?;
    let paths: Vec<_> =
        cx.target.routes.all.iter().filter(|route| route.reads()).flat_map(by_name).take(PLACES * NAMED.len()).collect();
    let asked = paths.iter().map(async |path| cx.once(&as_a(&cx, Probe::get(path))).await);
    let answers = join_all(asked).await.into_iter().collect::<Result<Vec<_>, Trouble>>()?;
    let pieces = answers.iter().zip(&paths).map(|(answer, path)| {
        let words = format!("{}", answer.status);
        let judgement = if is_file(answer) { Judgement::broken(format!("{words}: {SERVED}")) } else { Judgement::held(words) };
        evidence(answer, format!("GET {path}"), judgement.finding, judgement.observed)
    });
    Ok(pieces.fold(outcome, Outcome::joined))
}

/// The paths of a route with a climbing name for each file that it takes, in its query or its path.
fn by_name(route: &Route) -> Vec<String> {
    let is_file = |name: &str| {
        WORDS.iter().any(|word| name.eq_ignore_ascii_case(word) || name.to_ascii_lowercase().ends_with(&format!("_{word}")))
    };
    let in_query = route.parameters.iter().filter(|parameter| parameter.is_text && is_file(&parameter.name));
    let in_query = in_query.flat_map(|parameter| NAMED.map(|named| route.asking(("1", "me"), &parameter.name, named)));
    let in_path = route.placeholders().filter(|name| is_file(name));
    let in_path = in_path.flat_map(|name| NAMED.map(|named| route.with_sample(name, named).filled("1", "me")));
    in_query.chain(in_path).collect()
}

const SERVED: &str = "serves a file of the machine";

/// Whether an answer has the form of a password file (passwd(5)): its first line is root's.
fn is_file(answer: &Answer) -> bool {
    answer.is_success() && answer.contains("root:") && answer.contains(":0:0:")
}

/// Judges whether a file was served.
pub(super) fn judge_file(reply: &Reply) -> Judgement {
    match &reply.answer {
        Some(answer) if is_file(answer) => Judgement::broken(format!("{}: {SERVED}", reply.words())),
        Some(answer) if failed(answer.status) && answer.source != Source::Edge => {
            Judgement::weak(format!("{}: the path made the service fail", reply.words()))
        }
        _ => Judgement::held(reply.words()),
    }
}

/// Ways to the list past a door that looks at the text of the path: through a public path, or in a form that is the same place only
/// after normalising (RFC 3986, 6.2.2.3).
fn detours(cx: &Context) -> Vec<String> {
    let list = specimens::read_path(cx);
    let open = cx.target.paths.live.as_deref().or(cx.target.paths.health.as_deref()).unwrap_or("/public");
    let below = |joint: &str| format!("{open}{joint}{list}");
    let absolute = format!("{}{}", cx.target.base.origin(), at(cx, &below("/..")));
    let relative: [String; 7] = [
        below("/.."),
        below("/..;"),
        below("/%2e%2e"),
        format!("/.{list}"),
        format!("/x/..{list}"),
        list.replace('/', "\\"),
        format!("{list}/../{}", list.rsplit('/').next().unwrap_or_default()),
    ];
    relative.iter().map(|path| at(cx, path)).chain([absolute]).collect()
}

/// Without a token, no form of the path brings the list.
pub(super) async fn door(cx: Context) -> Checked {
    let case = |target: String| RawCase::new(format!("{target} without a token"), begun(&cx, "GET", &target).end());
    volley(&cx, "detours to the list", detours(&cx).into_iter().map(case).collect(), |_, reply| {
        let listed = reply.answer.as_ref().and_then(Answer::json);
        let listed = listed.is_some_and(|body| !body.is_null() && cx.target.resource.items(&body).is_some());
        match &reply.answer {
            Some(answer) if answer.is_success() && listed => {
                Judgement::broken(format!("{}: the list, without a token", reply.words()))
            }
            Some(answer) if failed(answer.status) && answer.source != Source::Edge => {
                Judgement::weak(format!("{}: the path made the service fail", reply.words()))
            }
            _ => Judgement::held(reply.words()),
        }
    })
    .await
}
