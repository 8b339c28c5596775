extension Matrix {
    /// self ← α·op(A)·B + β·self over some columns of A and B (`dgemm`, or `dgemv` for one column).
    ///
    /// - Parameters:
    ///   - a: the left factor.
    ///   - aColumns: the columns of A to use; nil for all.
    ///   - transposeA: whether A is transposed.
    ///   - b: the right factor.
    ///   - bColumns: the columns of B to use; nil for all.
    ///   - alpha: the factor α.
    ///   - beta: the factor β; with 0 the previous values of self do not matter.
    ///   - firstRows: whether self may have more rows than the product, which is then in its first rows; the others stay.
    /// - Complexity: O(m·n·k).
    public mutating func multiply(
        _ a: borrowing Matrix, columns aColumns: Range<Int>? = nil, transposed transposeA: Bool = false,
        by b: borrowing Matrix, columns bColumns: Range<Int>? = nil, alpha: Double = 1, beta: Double = 0, firstRows: Bool = false
    ) {
        let aRange = aColumns ?? 0..<a.columns
        let bRange = bColumns ?? 0..<b.columns
        precondition(aRange.upperBound <= a.columns && bRange.upperBound <= b.columns, "columns out of range")
        let (m, k) = transposeA ? (aRange.count, a.rows) : (a.rows, aRange.count)
        let n = bRange.count
        precondition(k == b.rows && (m == rows || firstRows && m < rows && k > 0) && n == columns, "shapes do not fit a product")
        guard m > 0, n > 0 else { return }
        guard k > 0 else {
            if beta == 0 { fill(0) } else if beta != 1 { scale(by: beta) }
            return
        }
        let left = a.base + aRange.lowerBound * a.rows
        let right = b.base + bRange.lowerBound * b.rows
        let code = transposeA ? BLAS.t : BLAS.n
        if n == 1 {
            BLAS.gemv(
                code, rows: a.rows, columns: aRange.count, alpha, left, lda: a.rows, right, beta, base)
        } else if m == 1, rows == 1 {
            // One row of scores, Bᵀa: `dgemm` would first copy B.
            let (target, height) = (base, b.rows)
            ComputeThreads.share(n, operations: 16 * Double(n) * Double(k)) { part in
                BLAS.gemv(
                    BLAS.t, rows: height, columns: part.count, alpha, right + part.lowerBound * height, lda: height, left, beta,
                    target + part.lowerBound)
            }
        } else {
            let (target, lda, ldb, ldc) = (base, a.rows, b.rows, rows)
            let operations = 2 * Double(m) * Double(n) * Double(k)
            // Cut along the longer side of the result.
            if n >= m {
                ComputeThreads.share(n, operations: operations) { part in
                    DirectProduct.gemm(
                        code, m: m, n: part.count, k: k, alpha, left, lda: lda, right + part.lowerBound * ldb, ldb: ldb, beta,
                        target + part.lowerBound * ldc, ldc: ldc)
                }
            } else {
                ComputeThreads.share(m, operations: operations) { part in
                    DirectProduct.gemm(
                        code, m: part.count, n: n, k: k, alpha, left + part.lowerBound * (transposeA ? lda : 1), lda: lda, right,
                        ldb: ldb, beta, target + part.lowerBound, ldc: ldc)
                }
            }
        }
    }

    /// self ← AᵀB on and below the diagonal, for a symmetric product; elements above the diagonal are undefined.
    ///
    /// - Complexity: O(n²·k), of which little more than half is done.
    public mutating func multiplyLower(_ a: borrowing Matrix, transposedBy b: borrowing Matrix) {
        precondition(a.rows == b.rows && a.columns == rows && b.columns == columns && rows == columns, "shapes do not fit a product")
        guard rows > 0 else { return }
        guard a.rows > 0 else { return fill(0) }
        guard rows > 1 else { return multiply(a, transposed: true, by: b) }
        let (left, right, target, n, k) = (UnsafePointer(a.base), UnsafePointer(b.base), base, rows, a.rows)
        let width = DirectProduct.isFaster(m: n, n: n, k: k) ? DirectProduct.tile : KernelCosts.symmetricStripe
        let stripes = (n + width - 1) / width
        let shares = ComputeThreads.shares(of: stripes, operations: Double(n) * Double(n) * Double(k))
        // The first stripe is the tallest: threads that finish early take the shorter ones.
        ComputeThreads.concurrently(shares > 1 ? stripes : 1, threads: shares) { stripe in
            for start in stride(from: stripe * width, to: n, by: shares > 1 ? n : width) {
                DirectProduct.gemm(
                    BLAS.t, m: n - start, n: min(width, n - start), k: k, 1, left + start * k, lda: k, right + start * k, ldb: k, 0,
                    target + start * (n + 1), ldc: n)
            }
        }
    }

    /// Multiplies every element by a factor.
    public mutating func scale(by factor: Double) {
        let elements = base
        for index in 0..<(rows * columns) { elements[index] *= factor }
    }

    /// Adds a multiple of another matrix of the same shape.
    public mutating func add(_ other: borrowing Matrix, times factor: Double = 1) {
        precondition(rows == other.rows && columns == other.columns, "matrices of different shape")
        let (elements, others) = (base, other.base)
        for index in 0..<(rows * columns) { elements[index] += factor * others[index] }
    }

    /// Multiplies the elements of one column by a factor.
    public mutating func scaleColumn(_ column: Int, by factor: Double) {
        withMutableColumn(column) { elements in
            for index in elements.indices { elements[index] *= factor }
        }
    }

    /// Overwrites the lower triangle of this square matrix with its Cholesky factor L (`dpotrf`); the strict upper triangle is left as it
    /// is.
    ///
    /// - Throws: `LinearAlgebraError.notPositiveDefinite`.
    /// - Complexity: O(n³/3).
    public mutating func factorCholesky() throws(LinearAlgebraError) {
        precondition(rows == columns, "only a square matrix has a Cholesky factor")
        guard rows > 0 else { return }
        let (target, order) = (base, rows)
        try ComputeThreads.lendToLibrary(order: order) { () throws(LinearAlgebraError) in
            try BLAS.potrf(BLAS.lower, n: order, target, lda: order)
        }
    }

    /// self ← L⁻¹·self for the lower triangular L (`dtrsm`).
    public mutating func solveLeft(lower l: borrowing Matrix) {
        precondition(l.rows == l.columns && l.rows == rows, "shapes do not fit a triangular solve")
        guard rows > 0, columns > 0 else { return }
        solveLeft(BLAS.n, l)
    }

    /// self ← A⁻¹·self; the lower triangle of `l` holds A's Cholesky factor (`dpotrs`).
    package mutating func solve(cholesky l: borrowing Matrix) {
        precondition(l.rows == l.columns && l.rows == rows, "shapes do not fit a solve")
        guard rows > 0 else { return }
        BLAS.potrs(BLAS.lower, n: rows, columns: columns, l.base, lda: rows, base, ldb: rows)
    }

    /// self ← L⁻ᵀ·self for the lower triangular L (`dtrsm`): after `solveLeft(lower:)`, a solve with L·Lᵀ.
    public mutating func solveLeftTransposed(lower l: borrowing Matrix) {
        precondition(l.rows == l.columns && l.rows == rows, "shapes do not fit a triangular solve")
        guard rows > 0, columns > 0 else { return }
        solveLeft(BLAS.t, l)
    }

    private mutating func solveLeft(_ transposed: CChar, _ l: borrowing Matrix) {
        let (target, factor, m) = (base, UnsafePointer(l.base), rows)
        ComputeThreads.share(columns, operations: Double(m) * Double(m) * Double(columns)) { part in
            BLAS.trsm(
                side: BLAS.left, uplo: BLAS.lower, trans: transposed, m: m, n: part.count, factor, lda: m, target + part.lowerBound * m,
                ldb: m)
        }
    }

    /// Adds A·Aᵀ to the lower triangle of this square matrix by one plain `dsyrk`, as a yardstick.
    package mutating func addLowerProduct(_ a: borrowing Matrix) {
        precondition(rows == columns && a.rows == rows, "shapes do not fit a rank update")
        guard rows > 0, a.columns > 0 else { return }
        BLAS.syrk(uplo: BLAS.lower, n: rows, k: a.columns, 1, a.base, lda: rows, 1, base, ldc: rows)
    }

    /// Sets the columns to those of one matrix followed by those of another.
    public mutating func set(_ first: borrowing Matrix, _ second: borrowing Matrix) {
        precondition(columns == first.columns + second.columns, "shapes do not fit")
        setColumns(from: 0, to: first, columns: 0..<first.columns)
        setColumns(from: first.columns, to: second, columns: 0..<second.columns)
    }

    /// Copies some columns of another matrix to a place in this one.
    public mutating func setColumns(from target: Int, to other: borrowing Matrix, columns range: Range<Int>) {
        precondition(rows == other.rows && range.upperBound <= other.columns, "shapes do not fit")
        precondition(target >= 0 && target + range.count <= columns, "columns out of range")
        (base + target * rows).update(from: other.base + range.lowerBound * rows, count: rows * range.count)
    }
}

extension Matrix {
    /// self ← Y − self; row i of Y is one-hot at `columns[i]`.
    public mutating func subtract(fromOneHot columns: ArraySlice<Int>) {
        precondition(columns.count == rows, "one column a row")
        // A local pointer, as everywhere: Swift 6.3 crashes on `base[i] += x` under the thread sanitizer.
        let elements = base
        for index in 0..<(rows * self.columns) { elements[index] = -elements[index] }
        for (row, column) in columns.enumerated() {
            precondition(column >= 0 && column < self.columns, "matrix index out of range")
            elements[row + column * rows] += 1
        }
    }
}

extension Matrix {
    /// Adds one number to each element of a column; nothing if there are no numbers.
    public mutating func addToColumns(_ values: [Double]) {
        precondition(values.isEmpty || values.count == columns, "shapes do not fit")
        for (column, value) in values.enumerated() {
            let target = base + column * rows
            for row in 0..<rows { target[row] += value }
        }
    }

    /// Adds one column to another.
    public mutating func addColumn(_ source: Int, to target: Int) {
        precondition(source >= 0 && source < columns && target >= 0 && target < columns && source != target, "matrix index out of range")
        let (from, to) = (base + source * rows, base + target * rows)
        for row in 0..<rows { to[row] += from[row] }
    }

    /// Copies one column over another.
    public mutating func moveColumn(_ source: Int, to target: Int) {
        precondition(source >= 0 && source < columns && target >= 0 && target < columns, "matrix index out of range")
        if source != target { (base + target * rows).update(from: base + source * rows, count: rows) }
    }

    /// Copies this matrix.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    public func copied() throws(LinearAlgebraError) -> Matrix {
        var copy = try Matrix(rows: rows, columns: columns)
        copy.setColumns(from: 0, to: self, columns: 0..<columns)
        return copy
    }
}
