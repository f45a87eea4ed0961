//! Claims in the query: parameters that name A, nobody or everybody, and those that ask for more than one's own.

use crate::checks::paging::asking;
use crate::checks::{Case, Checked, Context, at_once_or_each};
use crate::http::{Probe, Trouble};

use super::Scene;
use crate::checks::isolation::owner::{WHOSE, described, encoded, named_by_path, naming, shown_owner};
use crate::checks::isolation::page::list;
use crate::checks::isolation::tenancy;

/// Queries that name A (`{}`), nobody or everybody, by the parameters that services use most. Each by itself: where a query is spread into
/// the condition (`find({ owner: me, ...req.query })`), one that names another field as well finds nothing.
const QUERIES: [&str; 10] = [
    "user_id={}",
    "userId={}",
    "user_id[]={}",
    "user_id[$ne]=0&userId[$ne]=0",
    "owner={}",
    "user={}",
    "filter[userId]={}&where[userId]={}&filter[user_id]={}&where[user_id]={}&filter[owner_id]={}&filter[ownerId]={}&filter[owner]={}&filter[user]={}&where[owner]={}",
    "user_id=*",
    "user_id=",
    "user_id={}&user_id=",
];

/// Parameters that ask for more than what is one's own, and narrow nothing where they mean something; the most usual first.
const MORE: [&str; 16] = [
    "scope=all",
    "all=true",
    "admin=true",
    "include_archived=true",
    "include_all=true",
    "since=2000-01-01",
    "from=2000-01-01",
    "updated_since=2000-01-01",
    "modified_since=2000-01-01",
    "is_admin=true",
    "includeDeleted=true",
    "include_deleted=true",
    "force=1",
    "debug=1",
    "internal=1",
    "mine=false",
];

/// The same as values of what may be a filter of the service: whoever looks for exactly that finds nothing, so they go by themselves.
const FILTERS: [&str; 8] =
    ["status=all", "view=all", "show=all", "filter=all", "visibility=shared", "owner=all", "deleted=true", "trash=true"];
/// The same for what is put away, and for what is shared with everybody: an own object is neither.
const PUT_AWAY: &str = "archived=true";
const OF_ALL: &str = "filter=shared&view=shared&status=shared&scope=shared&visibility=public&shared=true&public=true&team=true";

/// Parameters that are asked alone where a service objects to many at once.
const ALONE: usize = 3;

pub(in crate::checks::isolation) async fn query(cx: Context) -> Checked {
    let scene = Scene::new(&cx).await?;
    let (a, b) = (cx.a()?, cx.b()?);
    let item = cx.item_path(a, &scene.victim.object.id);
    let mut cases = Vec::new();
    let subject = encoded(&scene.subject);
    let queries = QUERIES.map(|query| query.replace("{}", &subject));
    let listed = |query: &str| Case::new(format!("B: the list with ?{query}"), list(&cx, b, &scene.page.with(query)));
    let single = |query: &str| Case::new(format!("B: A's object with ?{query}"), Probe::get(asking(&item, query)).bearer(&b.token));
    cases.extend(cx.telling(&queries, 7).into_iter().map(|query| listed(query)));
    cases.push(listed(&operators(&cx, &scene)));
    cases.extend(own_object(&cx, &scene).await?);
    cases.extend(cx.telling(&queries, 1).into_iter().map(|query| single(query)));
    let whose = WHOSE.map(|name| format!("{name}={subject}"));
    let whose: Vec<_> = named_by_path(&cx.target.paths.list).iter().map(|name| format!("{name}={subject}")).chain(whose).collect();
    let (more, filters) = (MORE.map(str::to_owned), FILTERS.map(str::to_owned));
    let each = |query: &String| listed(query);
    let shown = shown_owner(&cx, &scene.victim);
    cases.push(listed(&described(&scene.subject, &shown)));
    // What the object itself calls its owner, alone: beside another name it may find nothing.
    let alone = shown.iter().map(|name| format!("{name}={subject}")).filter(|query| !queries.contains(query));
    cases.extend(alone.map(|query| listed(&query)));
    cases.extend(b.subject.as_deref().map(|own| listed(&twice(&encoded(own), &subject, &shown))));
    cases.extend(
        at_once_or_each(&cx, listed(&filters.join("&")), cx.telling(&filters, ALONE).into_iter().map(each).collect()).await?,
    );
    cases.extend([PUT_AWAY, OF_ALL].map(listed));
    cases.extend(a.other_names().map(|name| listed(&naming(name))));
    cases.extend(tenancy::places(&cx, &scene.victim).await?.iter().map(|place| listed(&tenancy::query(place))));
    for several in [whose.as_slice(), more.as_slice()] {
        let each = |case: &dyn Fn(&str) -> Case| cx.telling(several, ALONE).into_iter().map(|query| case(query)).collect();
        let all = several.join("&");
        cases.extend(at_once_or_each(&cx, listed(&all), each(&listed)).await?);
        cases.extend(at_once_or_each(&cx, single(&all), each(&single)).await?);
    }
    scene.ask(&cx, "queries that claim to be A", cases).await
}

/// An own object of B's with the id of A's in the query: whoever looks for an id in both may find that one first.
async fn own_object(cx: &Context, scene: &Scene) -> Result<Option<Case>, Trouble> {
    if !cx.target.resource.offers.get {
        return Ok(None);
    }
    let b = cx.b()?;
    let (own, id) = (cx.objects.witness(b).await?, encoded(&scene.victim.object.id));
    let query = ["id", "task_id", "taskId"].map(|name| format!("{name}={id}")).join("&");
    Ok(Some(Case::new(format!("B: an own object with ?{query}"), Probe::get(asking(&own.path, &query)).bearer(&b.token))))
}

/// Operators of a query in the fields of an object, its owner's among them, which match every object (CWE-943).
fn operators(cx: &Context, scene: &Scene) -> String {
    let fields = &cx.target.resource.fields;
    let owner = shown_owner(cx, &scene.victim);
    let others = fields.done.iter().chain(&owner).map(|field| format!("&{field}[$ne]=postflight"));
    format!("{}[$regex]=.{}", fields.title, others.collect::<String>())
}

/// The owner by every name that is used twice, first B, then A: whoever checks one value may use the other (CWE-235).
fn twice(own: &str, subject: &str, shown: &[String]) -> String {
    let names = ["user_id", "userId", "owner_id"].map(str::to_owned);
    let names = names.iter().chain(shown.iter().filter(|name| !names.contains(name)));
    names.map(|name| format!("{name}={own}&{name}={subject}")).collect::<Vec<_>>().join("&")
}
