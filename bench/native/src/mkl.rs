//! Intel's MKL, loaded at run time.

use std::ffi::c_int;
use std::path::Path;

use libloading::Library;

use crate::shape::Shape;

/// Parts of MKL look for symbols among all that is loaded.
///
/// # Safety
/// As [`Library::new`].
#[cfg(unix)]
unsafe fn open(path: &Path) -> Result<Library, libloading::Error> {
    use libloading::os::unix;
    // SAFETY: the caller's.
    unsafe { unix::Library::open(Some(path), unix::RTLD_NOW | unix::RTLD_GLOBAL) }.map(Library::from)
}

/// # Safety
/// As [`Library::new`].
#[cfg(not(unix))]
unsafe fn open(path: &Path) -> Result<Library, libloading::Error> {
    // SAFETY: the caller's.
    unsafe { Library::new(path) }
}

type Sgemm = unsafe extern "C" fn(
    layout: c_int,
    transpose_a: c_int,
    transpose_b: c_int,
    m: c_int,
    n: c_int,
    k: c_int,
    alpha: f32,
    a: *const f32,
    lda: c_int,
    b: *const f32,
    ldb: c_int,
    beta: f32,
    c: *mut f32,
    ldc: c_int,
);

/// The constants of cblas.h.
const ROW_MAJOR: c_int = 101;
const NO_TRANSPOSE: c_int = 111;
const TRANSPOSE: c_int = 112;

#[derive(Clone, Copy)]
pub struct Mkl {
    sgemm: Sgemm,
}

impl Mkl {
    /// Loads `libmkl_rt.so` of some version, and the OpenMP runtime that lies beside it. MKL_THREADING_LAYER and MKL_NUM_THREADS, in
    /// the environment, say how it uses threads.
    pub fn load(path: &Path) -> Result<Self, libloading::Error> {
        let threading = path.with_file_name("libiomp5.so");
        // SAFETY: libraries whose initialisation is harmless, functions of the declared types; all stays loaded for good.
        unsafe {
            if threading.exists() {
                std::mem::forget(open(&threading)?);
            }
            let library = open(path)?;
            let mkl = Mkl { sgemm: *library.get(b"cblas_sgemm")? };
            std::mem::forget(library);
            Ok(mkl)
        }
    }

    /// C = A · B.
    pub fn multiply(&self, shape: &Shape, a: &[f32], b: &[f32], c: &mut [f32]) {
        shape.check(a, b, c);
        let &Shape { m, n, k, transpose_a, transpose_b } = shape;
        let form = |transposed| if transposed { TRANSPOSE } else { NO_TRANSPOSE };
        let columns = |transposed, rows, columns| if transposed { rows } else { columns } as c_int;
        // SAFETY: the matrices have the sizes of the shape, as checked.
        unsafe {
            (self.sgemm)(
                ROW_MAJOR,
                form(transpose_a),
                form(transpose_b),
                m as c_int,
                n as c_int,
                k as c_int,
                1.0,
                a.as_ptr(),
                columns(transpose_a, m, k),
                b.as_ptr(),
                columns(transpose_b, k, n),
                0.0,
                c.as_mut_ptr(),
                n as c_int,
            );
        }
    }
}
