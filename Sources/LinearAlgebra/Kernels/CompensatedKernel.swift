/// Sums that keep what rounding takes from them.
///
/// A Float64 sum of n terms is off by about √n roundings. If the ridge is far below the largest eigenvalue of G, the solution magnifies
/// that error by the condition number: by 10⁹ and more after a million rows whose features do not span their space. TwoSum (Knuth, TAOCP
/// 2, 4.2.2, theorem B) yields the exact error of an addition. It is kept beside the sum and added to the next addend, so the sum is off by
/// one rounding, however many terms it has.
package enum CompensatedKernel {
    /// Rows and columns of a tile: its product fits a core's own cache.
    private static let tileRows = 256
    private static let tileColumns = 128

    /// sum ← sum + addend and updates the rest: |rest| is at most half a unit in the last place of the sum.
    ///
    /// Once the sum is not finite, the rest stays NaN.
    @inline(__always) package static func add(_ addend: Double, to sum: inout Double, _ rest: inout Double) {
        let rough = sum + addend
        let taken = rough - sum
        let lost = (sum - (rough - taken)) + (addend - taken) + rest
        let result = rough + lost
        rest = lost - (result - rough)
        sum = result
    }

    /// Tiles to share.
    static func tiles(order: Int) -> Int {
        let columns = (order + tileColumns - 1) / tileColumns
        return (0..<columns).reduce(0) { $0 + (order + tileRows - 1) / tileRows - $1 * tileColumns / tileRows }
    }

    /// Computes one share of C ← C + α·AAᵀ for the lower triangle of C of order D, with A [D×k]. Shares are about equally large and
    /// disjoint.
    ///
    /// - Parameters:
    ///   - a: A, with leading dimension D.
    ///   - c: C, with leading dimension `ldc`; the upper triangle is not touched.
    ///   - rest: what C's elements have lost, as a `FoldedTriangle`.
    /// - Complexity: D²k operations for all shares, and memory for one tile per share.
    static func update(
        share: Int, of shares: Int, order: Int, depth: Int, _ alpha: Double, _ a: UnsafePointer<Double>,
        _ c: UnsafeMutablePointer<Double>, ldc: Int, rest: UnsafeMutablePointer<Double>
    ) {
        guard depth > 0 else { return }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: tileRows * tileColumns) { tile in
            var turn = 0
            for firstColumn in stride(from: 0, to: order, by: tileColumns) {
                for firstRow in stride(from: firstColumn / tileRows * tileRows, to: order, by: tileRows) {
                    defer { turn += 1 }
                    guard turn % shares == share else { continue }
                    // Nothing is added above the diagonal.
                    let rows = max(firstRow, firstColumn)..<min(firstRow + tileRows, order)
                    let columns = firstColumn..<min(firstColumn + tileColumns, order)
                    guard !rows.isEmpty else { continue }
                    BLAS.gemm(
                        BLAS.n, BLAS.t, m: rows.count, n: columns.count, k: depth, alpha, a + rows.lowerBound, lda: order,
                        a + columns.lowerBound, ldb: order, 0, tile.baseAddress!, ldc: rows.count)
                    for column in columns {
                        let start = max(rows.lowerBound, column)
                        guard start < rows.upperBound else { break }
                        let addends = tile.baseAddress! + (column - columns.lowerBound) * rows.count + (start - rows.lowerBound)
                        add(
                            addends, count: rows.upperBound - start, to: c + start + column * ldc,
                            rest + (start + FoldedTriangle.origin(ofColumn: column, order: order)))
                    }
                }
            }
        }
    }

    /// Adds a multiple of the rows' components to the sums, one per component.
    ///
    /// First adds up to four rows to each other: their sum is as small as one row, and so is its rounding.
    ///
    /// - Parameters:
    ///   - rows: row numbers in `values`, whose rows are contiguous.
    ///   - components: of each row and of the sums.
    ///   - rests: what the sums have lost; empty if that is not kept.
    ///   - place: index of component 0 in the sums.
    package static func add(
        rows: ArraySlice<Int>, of values: UnsafeBufferPointer<Double>, width: Int, components: Range<Int>, times factor: Double,
        to sums: UnsafeMutableBufferPointer<Double>, _ rests: UnsafeMutableBufferPointer<Double>, at place: Int
    ) {
        precondition(place >= 0 && place + width <= sums.count, "sums of another length")
        precondition(rests.isEmpty || rests.count == sums.count, "sums of another length")
        precondition(components.lowerBound >= 0 && components.upperBound <= width, "components out of range")
        guard let sums = sums.baseAddress.map({ $0 + place }) else { return }
        let kept = rests.isEmpty ? nil : rests.baseAddress.map { $0 + place }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: RowQuartet.stretch) { addends in
            guard let addends = addends.baseAddress else { return }
            var left = rows
            while !left.isEmpty {
                let quartet = RowQuartet(left, of: values, width: width)
                left = left.dropFirst(quartet.count)
                for start in stride(from: components.lowerBound, to: components.upperBound, by: RowQuartet.stretch) {
                    let count = min(RowQuartet.stretch, components.upperBound - start)
                    quartet.sum(from: start, count: count, times: factor, into: addends)
                    if let kept {
                        add(addends, count: count, to: sums + start, kept + start)
                    } else {
                        for index in 0..<count { sums[start + index] += addends[index] }
                    }
                }
            }
        }
    }

    private static func add(
        _ addends: UnsafePointer<Double>, count: Int, to sums: UnsafeMutablePointer<Double>, _ rests: UnsafeMutablePointer<Double>
    ) {
        for index in 0..<count {
            var (sum, rest) = (sums[index], rests[index])
            add(addends[index], to: &sum, &rest)
            sums[index] = sum
            rests[index] = rest
        }
    }
}
