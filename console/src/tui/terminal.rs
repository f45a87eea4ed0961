//! The real terminal: entered once, restored however the program ends.

use std::io::{Stdout, stdout};
use std::ops::{Deref, DerefMut};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::thread;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

type Hook = dyn Fn(&PanicHookInfo<'_>) + Sync + Send;

/// The terminal in raw mode on the alternate screen; dropping it restores what was there.
pub(super) struct Entered {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    before: Arc<Hook>,
}

/// Enters raw mode and the alternate screen.
///
/// A panic of the thread that draws restores the terminal before its message is printed. Panics of other threads are silent while the
/// screen is shown: whoever awaits that work says what became of it, and a message would only tear the screen.
pub(super) fn enter() -> std::io::Result<Entered> {
    let before: Arc<Hook> = std::panic::take_hook().into();
    let (drawing, print) = (thread::current().id(), Arc::clone(&before));
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == drawing {
            leave();
            print(panic);
        }
    }));
    crossterm::terminal::enable_raw_mode()?;
    crossterm::execute!(stdout(), crossterm::terminal::EnterAlternateScreen)?;
    Ok(Entered { terminal: Terminal::new(CrosstermBackend::new(stdout()))?, before })
}

/// Errors are of no use here: a terminal that is gone needs no restoring.
fn leave() {
    let _ = crossterm::terminal::disable_raw_mode();
    let _ = crossterm::execute!(stdout(), crossterm::terminal::LeaveAlternateScreen, crossterm::cursor::Show);
}

impl Drop for Entered {
    fn drop(&mut self) {
        leave();
        if !thread::panicking() {
            let before = Arc::clone(&self.before);
            std::panic::set_hook(Box::new(move |panic| before(panic)));
        }
    }
}

impl Deref for Entered {
    type Target = Terminal<CrosstermBackend<Stdout>>;

    fn deref(&self) -> &Self::Target {
        &self.terminal
    }
}

impl DerefMut for Entered {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.terminal
    }
}
