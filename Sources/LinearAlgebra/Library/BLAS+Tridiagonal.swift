internal import CLAPACK

/// LAPACK's routines for symmetric matrices in tridiagonal form.
extension BLAS {
    /// Doubles of workspace for each row in `sytrd`, and for each column of B in `ormtr`: the widest block that LAPACK uses.
    static let tridiagonalBlock = 64

    /// A = U T Uᵀ: overwrites A's lower triangle with the reflectors that make up U.
    ///
    /// - Parameters:
    ///   - d: T's diagonal; n elements.
    ///   - e: T's other diagonal; n − 1 elements, at least 1.
    ///   - tau: the reflectors' factors; n − 1 elements, at least 1.
    ///   - work: at least one element for each row; `tridiagonalBlock` for each is faster.
    static func sytrd(
        n: Int, _ a: UnsafeMutablePointer<Double>, lda: Int, d: UnsafeMutablePointer<Double>, e: UnsafeMutablePointer<Double>,
        tau: UnsafeMutablePointer<Double>, work: UnsafeMutableBufferPointer<Double>
    ) throws(LinearAlgebraError) {
        var (uplo, order, lead, size, info) = (lower, Int32(n), Int32(lda), Int32(clamping: work.count), Int32(0))
        dsytrd_(&uplo, &order, a, &lead, d, e, tau, work.baseAddress!, &size, &info, 1)
        guard info == 0 else { throw .eigensolverFailed }
    }

    /// B ← UᵀB or UB, with the U of `sytrd`.
    static func ormtr(
        transposed: Bool, n: Int, columns: Int, _ a: UnsafePointer<Double>, lda: Int, tau: UnsafePointer<Double>,
        _ b: UnsafeMutablePointer<Double>,
        ldb: Int, work: UnsafeMutableBufferPointer<Double>
    ) throws(LinearAlgebraError) {
        guard columns > 0 else { return }
        var (side, uplo, transposed) = (CChar(UInt8(ascii: "L")), lower, transposed ? t : Self.n)
        var (order, columns, lda, ldb, size, info) = (
            Int32(n), Int32(columns), Int32(lda), Int32(ldb), Int32(clamping: work.count), Int32(0)
        )
        dormtr_(&side, &uplo, &transposed, &order, &columns, a, &lda, tau, b, &ldb, work.baseAddress!, &size, &info, 1, 1, 1)
        guard info == 0 else { throw .eigensolverFailed }
    }

    /// Overwrites T's diagonal with its eigenvalues in ascending order, and `e` with anything.
    static func sterf(n: Int, d: UnsafeMutablePointer<Double>, e: UnsafeMutablePointer<Double>) throws(LinearAlgebraError) {
        var (order, info) = (Int32(n), Int32(0))
        dsterf_(&order, d, e, &info)
        guard info == 0 else { throw .eigensolverFailed }
    }

    /// T = LDLᵀ, in place.
    static func pttrf(n: Int, d: UnsafeMutablePointer<Double>, e: UnsafeMutablePointer<Double>) throws(LinearAlgebraError) {
        var (order, info) = (Int32(n), Int32(0))
        dpttrf_(&order, d, e, &info)
        guard info == 0 else { throw .notPositiveDefinite }
    }

    /// B ← T⁻¹B, with the factors of `pttrf`.
    static func pttrs(
        n: Int, columns: Int, d: UnsafePointer<Double>, e: UnsafePointer<Double>, _ b: UnsafeMutablePointer<Double>, ldb: Int
    ) {
        guard columns > 0 else { return }
        var (order, columns, lead, info) = (Int32(n), Int32(columns), Int32(ldb), Int32(0))
        dpttrs_(&order, &columns, d, e, b, &lead, &info)
        precondition(info == 0, "dpttrs refused its arguments")
    }
}
