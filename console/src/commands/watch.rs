//! w
use super::Exit;
use crate::cli::WatchArgs;
/// w
pub(super) async fn run(_args: WatchArgs) -> anyhow::Result<Exit> {
    Ok(Exit::Pass)
}
