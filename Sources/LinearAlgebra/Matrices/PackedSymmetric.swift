/// A symmetric n×n matrix in n(n+1)/2 doubles that takes rank updates at the speed of `dsyrk`.
///
/// The format is LAPACK's rectangular full packed one (Gustavson, Waśniewski, Dongarra, Langou, "Rectangular full packed format for
/// Cholesky's algorithm", ACM TOMS 37(2), 2010): the first half of the lower triangle's columns as they are, and above them the rest of the
/// triangle, transposed. All three parts are blocks that BLAS can address, which a packed triangle is not.
public struct PackedSymmetric: ~Copyable {
    /// n, the order.
    public let dimension: Int
    private let bytes: Int
    private let storage: UnsafeMutablePointer<Double>

    /// Columns of the lower triangle that are stored as they are.
    private var left: Int { (dimension + 1) / 2 }
    private var right: Int { dimension / 2 }
    private var lead: Int { dimension % 2 == 0 ? dimension + 1 : dimension }
    /// A(0,0); A(i,j) for j < left is i + j·lead further on.
    private var lower: UnsafeMutablePointer<Double> { dimension % 2 == 0 ? storage + 1 : storage }
    /// A(left,left); A(i,j) for j ≥ left is (j−left) + (i−left)·lead further on.
    private var upper: UnsafeMutablePointer<Double> { dimension % 2 == 0 ? storage : storage + lead }

    /// A matrix of zeros.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    public init(dimension: Int) throws(LinearAlgebraError) {
        precondition(dimension > 0, "a symmetric matrix has a positive order")
        guard let bytes = Self.bytes(dimension: dimension) else { throw .outOfMemory(bytes: .max) }
        let memory = try AlignedMemory.allocate(bytes: bytes)
        self.dimension = dimension
        self.bytes = bytes
        storage = memory.assumingMemoryBound(to: Double.self)
    }

    deinit {
        AlignedMemory.deallocate(storage, bytes: bytes)
    }

    /// n(n+1)/2·8, or nil on overflow.
    public static func bytes(dimension: Int) -> Int? {
        let (columns, overflow) = dimension.addingReportingOverflow(1)
        return overflow ? nil : Matrix.bytes(rows: dimension, columns: columns).map { $0 / 2 }
    }

    /// The number of elements: n(n+1)/2.
    public var count: Int { dimension * (dimension + 1) / 2 }

    /// A(row, column), in either triangle.
    public subscript(row: Int, column: Int) -> Double {
        precondition(row >= 0 && row < dimension && column >= 0 && column < dimension, "matrix index out of range")
        return address(max(row, column), min(row, column)).pointee
    }

    private func address(_ row: Int, _ column: Int) -> UnsafeMutablePointer<Double> {
        column < left ? lower + row + column * lead : upper + (column - left) + (row - left) * lead
    }

    /// A ← A + α·HHᵀ over some columns of an n×k matrix (two `dsyrk` and a `dgemm`).
    ///
    /// - Complexity: n²k/2 multiply-adds.
    public mutating func add(_ h: borrowing Matrix, columns: Range<Int>? = nil, times alpha: Double = 1) {
        let range = columns ?? 0..<h.columns
        precondition(h.rows == dimension && range.upperBound <= h.columns, "shapes do not fit a rank update")
        guard !range.isEmpty else { return }
        let top = h.base + range.lowerBound * h.rows
        let bottom = top + left
        BLAS.syrk(uplo: BLAS.lower, n: left, k: range.count, alpha, top, lda: dimension, 1, lower, ldc: lead)
        guard right > 0 else { return }
        BLAS.gemm(
            BLAS.n, BLAS.t, m: right, n: left, k: range.count, alpha, bottom, lda: dimension, top, ldb: dimension, 1, lower + left,
            ldc: lead)
        BLAS.syrk(uplo: BLAS.upper, n: right, k: range.count, alpha, bottom, lda: dimension, 1, upper, ldc: lead)
    }

    /// Sets every element to 0.
    public mutating func clear() {
        storage.update(repeating: 0, count: count)
    }

    /// A ← A + B, for a matrix of the same order.
    public mutating func add(_ other: borrowing PackedSymmetric) {
        precondition(other.dimension == dimension, "matrices of different order")
        // Local pointers, as everywhere: Swift 6.3 crashes on `storage[i] += x` under the thread sanitizer.
        let (sums, values) = (storage, other.storage)
        for index in 0..<count { sums[index] += values[index] }
    }

    /// Adds an element-wise sum: A ← A + B, with B as `forEachPacked` passes it.
    ///
    /// - Precondition: the buffer holds `count` elements.
    public mutating func add(packedLower elements: UnsafeBufferPointer<Double>) {
        precondition(elements.count == count, "a packed triangle of another size")
        for row in 0..<dimension {
            let offset = SymmetricPair.packedOffset(row)
            for column in 0...row { address(row, column).pointee += elements[offset + column] }
        }
    }

    /// Passes the lower triangle to `body`, packed row after row, some rows at a time.
    ///
    /// - Parameter body: called with consecutive pieces, which are valid during the call only.
    /// - Complexity: O(n²), with memory for `rowsAtATime` rows.
    public func forEachPacked<E: Error>(
        rowsAtATime: Int = 64, _ body: (UnsafeBufferPointer<Double>) throws(E) -> Void
    ) throws(E) {
        let height = max(1, rowsAtATime)
        var piece = [Double](repeating: 0, count: height * dimension)
        for first in stride(from: 0, to: dimension, by: height) {
            let end = min(first + height, dimension)
            for row in first..<end {
                let offset = SymmetricPair.packedOffset(row) - SymmetricPair.packedOffset(first)
                for column in 0...row { piece[offset + column] = address(row, column).pointee }
            }
            let count = SymmetricPair.packedOffset(end) - SymmetricPair.packedOffset(first)
            try piece.withUnsafeBufferPointer { (buffer) throws(E) in
                try body(UnsafeBufferPointer(rebasing: buffer[0..<count]))
            }
        }
    }

    /// Adds α·A to the lower triangle of a column-major matrix of the same order.
    func add(to target: UnsafeMutablePointer<Double>, lead targetLead: Int, times alpha: Double) {
        for column in 0..<left {
            let (source, sum) = (lower + column * lead, target + column * targetLead)
            for row in column..<dimension { sum[row] += alpha * source[row] }
        }
        // The other half is stored transposed.
        Tiles.forEach(.upper, of: left..<dimension) { row, columns in
            let source = upper + (row - left) * lead - left
            for column in columns { target[row + column * targetLead] += alpha * source[column] }
        }
    }
}
