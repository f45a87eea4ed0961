//! Paths that lead elsewhere once they are normalised: to files, or around the door. An HTTP client would take the dot segments out before
//! sending (URL standard, "path state"), so they go over the raw wire.

use super::super::specimens;
use super::super::wire::{at, begun};
use super::super::{Checked, Context, Judgement};
use super::ask::{RawCase, failed, volley};
use crate::http::Reply;
use crate::run::Source;

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

/// No path climbs out of the service.
pub(super) async fn files(cx: Context) -> Checked {
    let cases = CLIMBS.iter().map(|path| RawCase::new(*path, begun(&cx, "GET", at(&cx, path)).end())).collect();
    volley(&cx, "climbing paths", cases, |_, reply| judge_file(reply)).await
}

/// Judges by the form of a password file (passwd(5)): its first line is root's.
pub(super) fn judge_file(reply: &Reply) -> Judgement {
    let served =
        reply.answer.as_ref().is_some_and(|answer| answer.is_success() && answer.contains("root:") && answer.contains(":0:0:"));
    match &reply.answer {
        Some(_) if served => Judgement::broken(format!("{}: serves a file of the machine", reply.words())),
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
        let listed = reply.answer.as_ref().and_then(crate::http::Answer::json);
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
