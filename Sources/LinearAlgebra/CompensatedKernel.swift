/// Sums that keep what rounding takes from them.
///
/// A sum of n terms in Float64 ends some √n roundings off. Where a ridge is far below the largest eigenvalue of G, the solution magnifies
/// that by the condition number: after a million rows whose features do not span their space, by 10⁹ and more. TwoSum (Knuth, TAOCP 2,
/// 4.2.2, theorem B) yields what an addition has lost exactly; it is kept beside the sum and added to the next one, so that a sum is one
/// rounding off, however many terms it has.
package enum CompensatedKernel {
    /// The rows and columns of a triangle that are summed up at once: what a tile's product takes fits a core's own cache.
    private static let tileRows = 256
    private static let tileColumns = 128

    /// sum ← sum + addend, the rest brought up to date: |rest| is at most half a unit in the last place of the sum.
    ///
    /// A sum that is not finite makes the rest not a number, and stays so.
    @inline(__always) package static func add(_ addend: Double, to sum: inout Double, _ rest: inout Double) {
        let rough = sum + addend
        let taken = rough - sum
        let lost = (sum - (rough - taken)) + (addend - taken) + rest
        let result = rough + lost
        rest = lost - (result - rough)
        sum = result
    }

    /// One of several shares of C ← C + α·AAᵀ for the lower triangle of C of order D, A [D×k]; they are about equally large and touch nothing
    /// of each other's.
    ///
    /// - Parameters:
    ///   - a: A, with leading dimension D.
    ///   - c: C, with leading dimension `ldc`; its upper triangle is not touched.
    ///   - rest: what C's elements have lost, with leading dimension D.
    /// - Complexity: D²k operations for all shares, and the memory of one tile for each.
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
                    // Above the diagonal there is nothing to add to.
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
                            addends, times: 1, count: rows.upperBound - start, to: c + start + column * ldc,
                            rest + start + column * order)
                    }
                }
            }
        }
    }

    /// Adds a multiple of a vector to as many sums from a place on.
    package static func add(
        _ addends: UnsafeBufferPointer<Double>, times factor: Double = 1, to sums: UnsafeMutableBufferPointer<Double>,
        _ rests: UnsafeMutableBufferPointer<Double>, at place: Int
    ) {
        precondition(place >= 0 && place + addends.count <= sums.count && sums.count == rests.count, "sums of another length")
        guard let values = addends.baseAddress, let sums = sums.baseAddress, let rests = rests.baseAddress else { return }
        add(values, times: factor, count: addends.count, to: sums + place, rests + place)
    }

    private static func add(
        _ addends: UnsafePointer<Double>, times factor: Double, count: Int, to sums: UnsafeMutablePointer<Double>,
        _ rests: UnsafeMutablePointer<Double>
    ) {
        for index in 0..<count {
            var (sum, rest) = (sums[index], rests[index])
            add(factor * addends[index], to: &sum, &rest)
            sums[index] = sum
            rests[index] = rest
        }
    }
}
