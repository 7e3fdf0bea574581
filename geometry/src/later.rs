//! Meshes that are made once somebody needs them.

use std::sync::OnceLock;

use crate::mesh::Mesh;

/// A mesh that is there, or how to make it.
pub(crate) enum LaterMesh {
    Made(Mesh),
    Later {
        /// Makes the same mesh each time.
        make: Box<dyn Fn() -> Mesh + Send + Sync>,
        made: OnceLock<Mesh>,
    },
}

impl LaterMesh {
    /// A mesh that is made once it is needed, the same each time.
    pub(crate) fn new(make: impl Fn() -> Mesh + Send + Sync + 'static) -> Self {
        Self::Later { make: Box::new(make), made: OnceLock::new() }
    }

    pub(crate) fn get(&self) -> &Mesh {
        match self {
            Self::Made(mesh) => mesh,
            Self::Later { make, made } => once(made, make),
        }
    }
}

/// What is there, or is made now. Several threads may make it at once, and the first counts. None may wait for another: a
/// thread that makes something takes up other work while the kernel shares its loops, and that may ask for the very same.
pub(crate) fn once<T>(cell: &OnceLock<T>, make: impl FnOnce() -> T) -> &T {
    if let Some(there) = cell.get() {
        return there;
    }
    let made = make();
    cell.get_or_init(|| made)
}
