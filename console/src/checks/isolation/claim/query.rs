//! Claims in the query: parameters that name A, nobody or everybody, and those that ask for more than one's own.

use crate::checks::paging::asking;
use crate::checks::{Case, Checked, Context, at_once_or_each};
use crate::http::Probe;

use super::Scene;
use crate::checks::isolation::owner::{WHOSE, described, encoded, named_by_path};
use crate::checks::isolation::page::list;

/// Queries that name A (`{}`), nobody or everybody, by the parameters that services use most. Each by itself: where a query is spread into
/// the condition (`find({ owner: me, ...req.query })`), one that names another field as well finds nothing.
const QUERIES: [&str; 10] = [
    "user_id={}",
    "userId={}",
    "user_id[]={}",
    "user_id[$ne]=0&userId[$ne]=0",
    "owner={}",
    "user={}",
    "filter[userId]={}&where[userId]={}&filter[user_id]={}&where[user_id]={}&filter[owner_id]={}&filter[ownerId]={}&filter[owner]={}",
    "user_id=*",
    "user_id=",
    "user_id={}&user_id=",
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
const FILTERS: [&str; 6] = ["status=all", "view=all", "show=all", "filter=all", "deleted=true", "trash=true"];

/// Parameters that are asked alone where a service objects to many at once.
const ALONE: usize = 3;

pub(in crate::checks::isolation) async fn query(cx: Context) -> Checked {
    let scene = Scene::new(&cx).await?;
    let b = cx.b()?;
    let item = cx.item_path(cx.a()?, &scene.victim.object.id);
    let mut cases = Vec::new();
    let subject = encoded(&scene.subject);
    let queries = QUERIES.map(|query| query.replace("{}", &subject));
    let listed = |query: &str| Case::new(format!("B: the list with ?{query}"), list(&cx, b, &scene.page.with(query)));
    let single = |query: &str| Case::new(format!("B: A's object with ?{query}"), Probe::get(asking(&item, query)).bearer(&b.token));
    cases.extend(cx.telling(&queries, 7).into_iter().map(|query| listed(query)));
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

/// Operators of a query in the fields of an object, which match every object (CWE-943).
fn operators(cx: &Context) -> String {
    let fields = &cx.target.resource.fields;
    let done = fields.done.iter().map(|done| format!("&{done}[$ne]=postflight"));
    format!("{}[$regex]=.{}", fields.title, done.collect::<String>())
}
