//! What outlives a bridge that is killed in the simulated world.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

/// The place where a simulated bridge keeps what a real one keeps on a disk.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<Option<Arc<dyn Any + Send + Sync>>>>);

impl Disk {
    /// What was put there at the first start, or what `make` makes now. A disk
    /// holds one thing; one of another type is replaced.
    pub fn keep<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        // Nothing panics while the place is held.
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = place.clone().and_then(|kept| kept.downcast::<T>().ok()) {
            return kept;
        }
        let made = Arc::new(make());
        *place = Some(made.clone());
        made
    }
}
