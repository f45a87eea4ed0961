//! Routes and queries that read several objects at once.

use crate::checks::isolation::listing::{leak_free, shown_to_a};
use crate::checks::isolation::page::Page;
use crate::checks::isolation::stage::{Victim, join};
use crate::checks::paging::asking;
use crate::checks::{Case, Checked, Context, battery};
use crate::http::Probe;

pub(in crate::checks::isolation) async fn bulk(cx: Context) -> Checked {
    let victim = Victim::shared(&cx).await?;
    let own = cx.objects.witness(cx.b()?).await?;
    let page = Page::showing(&cx, &victim.object).await?;
    let b = cx.b()?;
    let (foreign, own) = (victim.object.id.as_str(), own.id.as_str());
    let list = cx.list_path(b);
    let base = list.trim_end_matches('/');
    let routes = ["export", "all", "search", "shared", "stats", "trash", "count", "recent", "export.csv", "batch", "bulk", "feed"];
    let by_route = cx.telling(routes, 4).into_iter().map(|route| (format!("{base}/{route}"), String::new()));
    let by_id = [
        format!("ids={own},{foreign}"),
        format!("ids={own}&ids={foreign}"),
        format!("id={foreign}"),
        format!("ids[]={own}&ids[]={foreign}"),
        format!("id__in={own},{foreign}"),
        format!("filter[id]={foreign}"),
    ];
    let by_id = cx.telling(by_id, 3).into_iter().map(|query| (list.clone(), query));
    let several = [format!("{base}/{own},{foreign}"), format!("{base}/{own};{foreign}")];
    let several = cx.telling(several, 1).into_iter().map(|path| (path, String::new()));
    let cases = by_route.chain(by_id).chain(several).map(|(path, query)| {
        let path = asking(&path, &query);
        Case::new(format!("B: GET {path}"), Probe::get(path).bearer(&b.token))
    });
    let outcome = battery(&cx, "bulk reads by B", cases.collect(), |_, answer| leak_free(&victim, answer)).await?;
    Ok(join(outcome, [shown_to_a(&page)]))
}
