//! The real terminal: entered once, restored however the program ends.

use std::io::{Stdout, stdout};
use std::ops::{Deref, DerefMut};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

/// The terminal in raw mode on the alternate screen; dropping it restores what was there.
pub(super) struct Entered(Terminal<CrosstermBackend<Stdout>>);

/// Enters raw mode and the alternate screen. A panic restores the terminal before its message is printed.
pub(super) fn enter() -> std::io::Result<Entered> {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        ratatui::restore();
        before(panic);
    }));
    crossterm::terminal::enable_raw_mode()?;
    crossterm::execute!(stdout(), crossterm::terminal::EnterAlternateScreen)?;
    Ok(Entered(Terminal::new(CrosstermBackend::new(stdout()))?))
}

impl Drop for Entered {
    fn drop(&mut self) {
        ratatui::restore();
        let _ = self.0.show_cursor();
    }
}

impl Deref for Entered {
    type Target = Terminal<CrosstermBackend<Stdout>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Entered {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
