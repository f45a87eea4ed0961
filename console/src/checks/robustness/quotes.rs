//! A quote in what a request says (CWE-89). One that ends a text of SQL breaks its statement, and a doubled one is a part of a text again: what fails
//! at the first and not at the second puts what it was sent into a statement. Whose rows that would show is for isolation to say; here it shows
//! on routes that everybody may read as well. It only reads.

use futures::future::try_join_all;

use super::super::isolation::SEARCHES;
use super::super::specimens;
use super::super::{Case, Checked, Context, Judgement, concluded, shared_answers};
use crate::checks::paging::asking;
use crate::http::{Answer, Probe, Trouble};
use crate::run::Evidence;
use crate::target::Route;

/// Parameters of one route that are asked.
const PARAMETERS: usize = 4;
/// Routes that are asked.
const ROUTES: usize = 8;

/// One place for a text: the path with a quote there, and with two.
struct Place {
    name: String,
    paths: [String; 2],
}

impl Place {
    /// `path` is asked for the path with such a text in it.
    fn new(name: impl Into<String>, path: impl Fn(&str) -> String) -> Self {
        Self { name: name.into(), paths: ["%27", "%27%27"].map(path) }
    }
}

pub(super) async fn unbroken(cx: Context) -> Checked {
    let list = specimens::list_path(&cx);
    let named = |names: &[&str], text: &str| names.iter().map(|name| format!("{name}=pf{text}")).collect::<Vec<_>>().join("&");
    let searched =
        |names: &[&str]| Place::new(format!("{} of the list", names.join(", ")), |text| asking(&list, &named(names, text)));
    let mut places = documented(&cx, &list);
    places.push(Place::new("an id", |text| specimens::path_of(&cx, text)));
    // All at once: each ends a text of its own.
    let all = searched(&SEARCHES);
    if cx.once(&get(&cx, &all.paths[0])).await?.is_server_error() {
        places.extend(SEARCHES.map(|name| searched(&[name])));
    } else {
        places.push(all);
    }
    let cases: Vec<_> = places.iter().map(|place| Case::new(&place.name, get(&cx, &place.paths[0])).of_an_odd_form()).collect();
    let asked = shared_answers(&cx, &cases).await;
    let failing = |answer: &Result<Answer, Trouble>| answer.as_ref().is_ok_and(Answer::is_server_error);
    let doubled = places.iter().zip(&asked).map(async |(place, answer)| {
        let twice = if failing(answer) { Some(cx.send(&get(&cx, &place.paths[1])).await?) } else { None };
        Ok::<_, Trouble>(twice.map(|answer| answer.status))
    });
    let doubled = try_join_all(doubled).await?;
    let outcome = concluded("places for a text with a quote", &cases, asked, |case, answer| {
        let at = cases.iter().position(|other| other.name == case.name);
        judge(answer.status, at.and_then(|at| doubled.get(at).copied().flatten()))
    })?;
    Ok(outcome.joined(sorted(&cx, &list).await?))
}

/// Parameters that name an order.
const ORDERS: [&str; 6] = ["sort", "sort_by", "sortBy", "order_by", "orderBy", "ordering"];

/// The list in an order that nothing has, and where that is refused, in that of an expression. No text is to be closed in an `ORDER BY`: what takes
/// the one and refuses the other puts it into a statement as it is.
async fn sorted(cx: &Context, list: &str) -> Result<Evidence, Trouble> {
    let by = |text: &str| get(cx, &asking(list, &ORDERS.map(|name| format!("{name}={text}")).join("&")));
    let unknown = cx.once(&by("pfnone")).await?;
    let refused = (400..=500).contains(&unknown.status) && unknown.status != 429;
    let expression = if refused { Some(cx.once(&by("(select%201)")).await?) } else { None };
    let judgement = judge_order(unknown.status, expression.as_ref().map(|answer| answer.status));
    Ok(judgement.seen(expression.as_ref().unwrap_or(&unknown), "an order of the list"))
}

fn judge_order(unknown: u16, expression: Option<u16>) -> Judgement {
    match expression {
        Some(status @ 200..=299) => {
            Judgement::broken(format!("{status} for an expression, but {unknown} for an unknown name: it stands in a statement"))
        }
        Some(_) if unknown >= 500 => Judgement::weak(format!("{unknown} for an unknown name: the service falls over")),
        Some(status) => Judgement::held(format!("{unknown} for an unknown name, {status} for an expression")),
        None => Judgement::held(format!("{unknown} for an unknown name")),
    }
}

fn get(cx: &Context, path: &str) -> Probe {
    cx.users.a.iter().fold(Probe::get(path), |probe, user| probe.bearer(&user.token))
}

/// What a document says that a query may hold, and what else stands in the paths of further routes.
fn documented(cx: &Context, list: &str) -> Vec<Place> {
    let of_list = cx.telling(cx.target.routes.of_list.iter().filter(|parameter| parameter.is_text), PARAMETERS);
    let of_list = of_list.into_iter().map(|parameter| {
        Place::new(format!("{} of the list", parameter.name), |text| asking(list, &format!("{}=pf{text}", parameter.name)))
    });
    let subject = cx.users.a.as_ref().and_then(|a| a.subject.as_deref()).unwrap_or("me");
    let routes = cx.target.routes.all.iter().filter(|route| route.reads() && !route.takes_id());
    let of_routes: Vec<_> = routes.map(|route| of_route(route, subject)).filter(|places| !places.is_empty()).collect();
    of_list.chain(cx.telling(of_routes, ROUTES).into_iter().flatten()).collect()
}

fn of_route(route: &Route, subject: &str) -> Vec<Place> {
    let of_query = route.parameters.iter().filter(|parameter| parameter.is_text).take(PARAMETERS).map(|parameter| {
        let path = |text: &str| route.asking((specimens::NO_ID, subject), &parameter.name, &format!("pf{text}"));
        Place::new(format!("{} of {}", parameter.name, route.path), path)
    });
    let of_path = route.placeholders().map(|name| {
        let path = |text: &str| route.with_sample(name, &format!("pf{text}")).filled(specimens::NO_ID, subject);
        Place::new(format!("{{{name}}} of {}", route.path), path)
    });
    let of_user = || Place::new(format!("the user of {}", route.path), |text| route.filled(specimens::NO_ID, &format!("pf{text}")));
    of_query.chain(of_path).chain(route.names_user().then(of_user)).collect()
}

/// Judges the answer to one quote by what two of them are answered, where the first is an error of the service.
fn judge(status: u16, doubled: Option<u16>) -> Judgement {
    match doubled {
        Some(doubled) if doubled < 500 => {
            Judgement::broken(format!("{status}, but {doubled} where the quote is doubled: it ends a text in a statement"))
        }
        Some(doubled) => Judgement::held(format!("{status}, and {doubled} where the quote is doubled: it is not the quote")),
        None => Judgement::held(status.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::run::Finding;
    use crate::target::{Parameter, Paths, RouteAuth};

    #[rstest]
    #[case::ends_the_text(500, Some(200), Finding::Broken)]
    #[case::ends_it_and_finds_nothing(500, Some(404), Finding::Broken)]
    #[case::fails_anyhow(500, Some(500), Finding::Held)]
    #[case::refused(422, None, Finding::Held)]
    #[case::searched(200, None, Finding::Held)]
    fn what_fails_at_one_quote_and_not_at_two_is_a_statement(#[case] one: u16, #[case] two: Option<u16>, #[case] finding: Finding) {
        assert_eq!(judge(one, two).finding, finding);
    }

    #[rstest]
    #[case::stands_in_a_statement(400, Some(200), Finding::Broken)]
    #[case::listed(422, Some(422), Finding::Held)]
    #[case::passed_over(200, None, Finding::Held)]
    fn an_expression_that_is_taken_where_a_name_is_not_is_in_a_statement(
        #[case] unknown: u16,
        #[case] expression: Option<u16>,
        #[case] finding: Finding,
    ) {
        assert_eq!(judge_order(unknown, expression).finding, finding);
    }

    #[test]
    fn texts_of_the_query_and_of_the_path_are_asked_and_numbers_are_not() {
        let parameter = |name: &str, is_text| Parameter { name: name.to_owned(), is_text, words: Vec::new() };
        let mut route = Route::by_hand("/profiles/{username}/{page}", vec!["GET".into()], RouteAuth::None, &Paths::default());
        route.parameters = vec![parameter("tag", true), parameter("year", false)];
        let paths: Vec<_> = of_route(&route, "me").into_iter().flat_map(|place| place.paths).collect();
        assert_eq!(
            paths,
            [
                "/profiles/me/1?tag=pf%27",
                "/profiles/me/1?tag=pf%27%27",
                "/profiles/me/pf%27",
                "/profiles/me/pf%27%27",
                "/profiles/pf%27/1",
                "/profiles/pf%27%27/1"
            ]
        );
    }
}
