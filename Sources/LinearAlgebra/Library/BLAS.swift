internal import CLAPACK

/// Raw calls: Swift integers in; Fortran's by-reference arguments and hidden string lengths out. Callers check the shapes.
///
/// LAPACK's integers have 32 bits; a matrix whose extent does not fit cannot have been allocated.
enum BLAS {
    static let n = CChar(UInt8(ascii: "N"))
    static let t = CChar(UInt8(ascii: "T"))
    static let upper = CChar(UInt8(ascii: "U"))
    static let lower = CChar(UInt8(ascii: "L"))
    static let left = CChar(UInt8(ascii: "L"))
    static let right = CChar(UInt8(ascii: "R"))

    static func gemm(
        _ transA: CChar, _ transB: CChar, m: Int, n: Int, k: Int, _ alpha: Double, _ a: UnsafePointer<Double>, lda: Int,
        _ b: UnsafePointer<Double>, ldb: Int, _ beta: Double, _ c: UnsafeMutablePointer<Double>, ldc: Int
    ) {
        var (ta, tb, m, n, k, alpha, beta) = (transA, transB, Int32(m), Int32(n), Int32(k), alpha, beta)
        var (lda, ldb, ldc) = (Int32(lda), Int32(ldb), Int32(ldc))
        dgemm_(&ta, &tb, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc, 1, 1)
    }

    static func sgemm(
        _ transA: CChar, _ transB: CChar, m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>,
        ldb: Int, _ c: UnsafeMutablePointer<Float>, ldc: Int
    ) {
        var (ta, tb, m, n, k, alpha, beta) = (transA, transB, Int32(m), Int32(n), Int32(k), Float(1), Float(0))
        var (lda, ldb, ldc) = (Int32(lda), Int32(ldb), Int32(ldc))
        sgemm_(&ta, &tb, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc, 1, 1)
    }

    static func gemv(
        _ trans: CChar, rows: Int, columns: Int, _ alpha: Double, _ a: UnsafePointer<Double>, lda: Int, _ x: UnsafePointer<Double>,
        _ beta: Double, _ y: UnsafeMutablePointer<Double>
    ) {
        var (trans, m, n, alpha, beta, lda, one) = (trans, Int32(rows), Int32(columns), alpha, beta, Int32(lda), Int32(1))
        var stride = one
        dgemv_(&trans, &m, &n, &alpha, a, &lda, x, &one, &beta, y, &stride, 1)
    }

    static func symm(
        uplo: CChar, m: Int, n: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>, ldb: Int, _ beta: Double,
        _ c: UnsafeMutablePointer<Double>, ldc: Int
    ) {
        var (side, uplo, m, n, alpha, beta) = (left, uplo, Int32(m), Int32(n), 1.0, beta)
        var (lda, ldb, ldc) = (Int32(lda), Int32(ldb), Int32(ldc))
        dsymm_(&side, &uplo, &m, &n, &alpha, a, &lda, b, &ldb, &beta, c, &ldc, 1, 1)
    }

    static func symv(
        uplo: CChar, n: Int, _ a: UnsafePointer<Double>, lda: Int, _ x: UnsafePointer<Double>, _ beta: Double,
        _ y: UnsafeMutablePointer<Double>
    ) {
        var (uplo, n, alpha, beta, lda, one) = (uplo, Int32(n), 1.0, beta, Int32(lda), Int32(1))
        var stride = one
        dsymv_(&uplo, &n, &alpha, a, &lda, x, &one, &beta, y, &stride, 1)
    }

    static func syrk(
        uplo: CChar, trans: CChar = Self.n, n: Int, k: Int, _ alpha: Double, _ a: UnsafePointer<Double>, lda: Int, _ beta: Double,
        _ c: UnsafeMutablePointer<Double>, ldc: Int
    ) {
        var (uplo, trans, n, k, alpha, beta) = (uplo, trans, Int32(n), Int32(k), alpha, beta)
        var (lda, ldc) = (Int32(lda), Int32(ldc))
        dsyrk_(&uplo, &trans, &n, &k, &alpha, a, &lda, &beta, c, &ldc, 1, 1)
    }

    static func trsm(
        side: CChar, uplo: CChar, trans: CChar, m: Int, n: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafeMutablePointer<Double>,
        ldb: Int
    ) {
        var (side, uplo, trans, diagonal, m, n, alpha) = (side, uplo, trans, Self.n, Int32(m), Int32(n), 1.0)
        var (lda, ldb) = (Int32(lda), Int32(ldb))
        dtrsm_(&side, &uplo, &trans, &diagonal, &m, &n, &alpha, a, &lda, b, &ldb, 1, 1, 1, 1)
    }

    static func trmm(
        side: CChar, uplo: CChar, trans: CChar, m: Int, n: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafeMutablePointer<Double>,
        ldb: Int
    ) {
        var (side, uplo, trans, diagonal, m, n, alpha) = (side, uplo, trans, Self.n, Int32(m), Int32(n), 1.0)
        var (lda, ldb) = (Int32(lda), Int32(ldb))
        dtrmm_(&side, &uplo, &trans, &diagonal, &m, &n, &alpha, a, &lda, b, &ldb, 1, 1, 1, 1)
    }

    /// - Returns: false if an element of the diagonal is zero.
    static func trtri(_ uplo: CChar, n: Int, _ a: UnsafeMutablePointer<Double>, lda: Int) -> Bool {
        var (uplo, diagonal, order, lead, info) = (uplo, Self.n, Int32(n), Int32(lda), Int32(0))
        dtrtri_(&uplo, &diagonal, &order, a, &lead, &info, 1, 1)
        return info == 0
    }

    static func potrf(_ uplo: CChar, n: Int, _ a: UnsafeMutablePointer<Double>, lda: Int) throws(LinearAlgebraError) {
        var (uplo, order, lead, info) = (uplo, Int32(n), Int32(lda), Int32(0))
        dpotrf_(&uplo, &order, a, &lead, &info, 1)
        guard info == 0 else { throw .notPositiveDefinite }
        // Some providers' dpotrf lets a NaN pass without an error.
        for index in 0..<n where !(a[index + index * lda] > 0 && a[index + index * lda].isFinite) {
            throw .notPositiveDefinite
        }
    }

    static func potri(_ uplo: CChar, n: Int, _ a: UnsafeMutablePointer<Double>, lda: Int) throws(LinearAlgebraError) {
        var (uplo, order, lead, info) = (uplo, Int32(n), Int32(lda), Int32(0))
        dpotri_(&uplo, &order, a, &lead, &info, 1)
        guard info == 0 else { throw .notPositiveDefinite }
    }

    static func potrs(
        _ uplo: CChar, n: Int, columns: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafeMutablePointer<Double>, ldb: Int
    ) {
        guard columns > 0 else { return }
        var (uplo, n, columns, lda, ldb, info) = (uplo, Int32(n), Int32(columns), Int32(lda), Int32(ldb), Int32(0))
        dpotrs_(&uplo, &n, &columns, a, &lda, b, &ldb, &info, 1)
        precondition(info == 0, "dpotrs refused its arguments")
    }

    /// The 1-norm of a symmetric matrix from one triangle.
    static func oneNorm(_ uplo: CChar, n: Int, _ a: UnsafePointer<Double>, lda: Int, work: UnsafeMutablePointer<Double>) -> Double {
        var (norm, uplo, order, lead) = (CChar(UInt8(ascii: "1")), uplo, Int32(n), Int32(lda))
        return dlansy_(&norm, &uplo, &order, a, &lead, work, 1, 1)
    }

    /// An estimate of the reciprocal condition number in the 1-norm, from the Cholesky factor of a matrix and its own 1-norm.
    static func pocon(
        _ uplo: CChar, n: Int, _ a: UnsafePointer<Double>, lda: Int, norm: Double, work: UnsafeMutablePointer<Double>,
        integerWork: UnsafeMutablePointer<Int32>
    ) -> Double {
        var (uplo, order, lead, norm, reciprocal, info) = (uplo, Int32(n), Int32(lda), norm, 0.0, Int32(0))
        dpocon_(&uplo, &order, a, &lead, &norm, &reciprocal, work, integerWork, &info, 1)
        return info == 0 ? reciprocal : 0
    }

    /// Workspace of `syevd` for eigenvectors of order n: doubles and integers.
    static func syevdWorkspace(n: Int) -> (doubles: Int, integers: Int) {
        // LAPACK's documented minimum, also for order 1.
        (1 + 6 * n + 2 * n * n, 3 + 5 * n)
    }

    /// `syevd` in the caller's workspace.
    static func syevd(
        _ uplo: CChar, n: Int, _ a: UnsafeMutablePointer<Double>, lda: Int, values: UnsafeMutablePointer<Double>,
        work: UnsafeMutableBufferPointer<Double>, integerWork: UnsafeMutableBufferPointer<Int32>
    ) throws(LinearAlgebraError) {
        var (job, uplo, order, lda, info) = (CChar(UInt8(ascii: "V")), uplo, Int32(n), Int32(lda), Int32(0))
        var (size, integerSize) = (Int32(clamping: work.count), Int32(clamping: integerWork.count))
        dsyevd_(
            &job, &uplo, &order, a, &lda, values, work.baseAddress!, &size, integerWork.baseAddress!, &integerSize, &info, 1, 1)
        guard info == 0 else { throw .eigensolverFailed }
    }

    /// Overwrites a symmetric matrix with its eigenvectors and fills `values` in ascending order.
    static func syevd(
        _ uplo: CChar, n: Int, _ a: UnsafeMutablePointer<Double>, lda: Int, values: UnsafeMutablePointer<Double>
    ) throws(LinearAlgebraError) {
        var (job, uplo, order, lda, info) = (CChar(UInt8(ascii: "V")), uplo, Int32(n), Int32(lda), Int32(0))
        var (workSize, integerWorkSize) = (Int32(-1), Int32(-1))
        var (workQuery, integerQuery) = (0.0, Int32(0))
        dsyevd_(&job, &uplo, &order, a, &lda, values, &workQuery, &workSize, &integerQuery, &integerWorkSize, &info, 1, 1)
        guard info == 0, workQuery < Double(Int32.max) else { throw .eigensolverFailed }
        (workSize, integerWorkSize) = (Int32(workQuery), integerQuery)
        let bytes = Int(workSize) * MemoryLayout<Double>.stride
        let work = try AlignedMemory.allocate(bytes: bytes)
        defer { AlignedMemory.deallocate(work, bytes: bytes) }
        let integerBytes = Int(integerWorkSize) * MemoryLayout<Int32>.stride
        let integerWork = try AlignedMemory.allocate(bytes: integerBytes)
        defer { AlignedMemory.deallocate(integerWork, bytes: integerBytes) }
        dsyevd_(
            &job, &uplo, &order, a, &lda, values, work.assumingMemoryBound(to: Double.self), &workSize,
            integerWork.assumingMemoryBound(to: Int32.self), &integerWorkSize, &info, 1, 1)
        guard info == 0 else { throw .eigensolverFailed }
    }
}
