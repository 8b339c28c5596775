/// Products of Float32 arrays, for predictions.
public enum SinglePrecision {
    /// C ← op(A)·B for column-major arrays (`sgemm`).
    ///
    /// - Parameters:
    ///   - a: A, k×m if transposed and m×k otherwise, with leading dimension `lda`.
    ///   - b: B, k×n with leading dimension `ldb`.
    ///   - c: C, m×n with leading dimension `ldc`; overwritten.
    /// - Precondition: the arrays are as large as the shapes require.
    /// - Complexity: O(m·n·k). Large calls use BLAS's threads, so they belong on a compute thread.
    public static func multiply(
        m: Int, n: Int, k: Int, _ a: UnsafeBufferPointer<Float>, transposed: Bool, lda: Int, _ b: UnsafeBufferPointer<Float>, ldb: Int,
        into c: UnsafeMutableBufferPointer<Float>, ldc: Int
    ) {
        guard m > 0, n > 0 else { return }
        precondition(k > 0 && lda >= (transposed ? k : m) && ldb >= k && ldc >= m, "leading dimensions are too small")
        precondition(a.count >= lda * ((transposed ? m : k) - 1) + (transposed ? k : m), "A is too short")
        precondition(b.count >= ldb * (n - 1) + k && c.count >= ldc * (n - 1) + m, "B or C is too short")
        BLAS.sgemm(
            transposed ? BLAS.t : BLAS.n, BLAS.n, m: m, n: n, k: k, a.baseAddress!, lda: lda, b.baseAddress!, ldb: ldb,
            c.baseAddress!, ldc: ldc)
    }
}
