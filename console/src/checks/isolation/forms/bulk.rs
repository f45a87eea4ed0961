//! Routes and queries that read several objects at once.

use super::versions::flat;
use crate::checks::isolation::listing::{leak_free, shown_to_a};
use crate::checks::isolation::page::Page;
use crate::checks::isolation::plain::{Detours, To};
use crate::checks::isolation::stage::{Victim, join};
use crate::checks::paging::asking;
use crate::checks::{Case, Checked, Context, User, at_once_or_each};
use crate::http::Probe;

pub(in crate::checks::isolation) async fn bulk(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let own = cx.objects.witness(cx.b()?).await?;
    let page = Page::showing(&cx, victim.canary()).await?;
    let b = cx.b()?;
    let (foreign, own) = (victim.object.id.as_str(), own.id.as_str());
    let list = cx.list_path(b);
    let base = list.trim_end_matches('/');
    let routes = ["export", "all", "search", "shared", "stats", "trash", "count", "recent", "export.csv", "batch", "bulk", "feed"];
    let by_route = cx.telling(routes, 4).into_iter().map(|route| asked(b, &format!("{base}/{route}")));
    // Where the paths name their user, a route for everybody's stands beside them.
    let of_all = flat(&cx.target.paths.list).map(|path| asked(b, &format!("{}/all", path.trim_end_matches('/'))));
    let beside = base.rsplit_once('/').map(|(parent, _)| asked(b, &format!("{parent}/export")));
    let by_id = [
        format!("ids={own}&ids={foreign}"),
        format!("ids={own},{foreign}"),
        format!("id={foreign}"),
        format!("ids[]={own}&ids[]={foreign}"),
        format!("id__in={own},{foreign}"),
        format!("filter[id]={foreign}"),
    ];
    let alone = |query: &String| asked(b, &asking(&list, query));
    // The first gives a name twice that another one gives once.
    let (twice, once) = by_id.split_at(1);
    let by_id = at_once_or_each(&cx, alone(&once.join("&")), cx.telling(once, 2).into_iter().map(alone).collect()).await?;
    let several = [format!("{base}/{own},{foreign}"), format!("{base}/{own};{foreign}")];
    let several = cx.telling(several, 1).into_iter().map(|path| asked(b, &path));
    let cases = by_route.chain(of_all).chain(beside).chain(twice.iter().map(alone)).chain(by_id).chain(several).collect();
    let detours = Detours { cx: &cx, victim: &victim, query: &page.query, to: To::List };
    let outcome = detours.ask("bulk reads by B", cases, |_, answer| leak_free(&victim, answer)).await?;
    Ok(join(outcome, [shown_to_a(&page)]))
}

fn asked(b: &User, path: &str) -> Case {
    Case::new(format!("B: GET {path}"), Probe::get(path).bearer(&b.token))
}
