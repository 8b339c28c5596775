extension SymmetricPair {
    /// G(row, column), in either triangle.
    public func gramElement(_ row: Int, _ column: Int) -> Double {
        precondition(row >= 0 && row < dimension && column >= 0 && column < dimension, "matrix index out of range")
        return gram[max(row, column) + min(row, column) * lead]
    }

    /// R(row, column), in either triangle.
    public func inverseElement(_ row: Int, _ column: Int) -> Double {
        precondition(row >= 0 && row < dimension && column >= 0 && column < dimension, "matrix index out of range")
        return inverse[min(row, column) + max(row, column) * lead]
    }

    /// The sum of G's diagonal: an upper bound on its largest eigenvalue.
    public var gramTrace: Double {
        var sum = 0.0
        for index in 0..<dimension { sum += gram[index + index * lead] }
        return sum
    }

    /// Whether no element of G exceeds a bound in magnitude.
    ///
    /// - Complexity: O(D²).
    public func isGramWithin(_ bound: Double) -> Bool {
        for column in 0..<dimension {
            let source = gram + column * lead
            for row in column..<dimension where !(abs(source[row]) <= bound) { return false }
        }
        return true
    }

    /// Adds a value to an element of R: tests prove that damage is found.
    package mutating func disturbInverse(_ row: Int, _ column: Int, by value: Double) {
        let elements = inverse
        elements[min(row, column) + max(row, column) * lead] += value
    }

    /// Elements of a packed triangle: D(D+1)/2.
    public var packedCount: Int { dimension * (dimension + 1) / 2 }

    /// Passes G's lower triangle to `body`, packed row after row (G(0,0), G(1,0), G(1,1), G(2,0) …), some rows at a time.
    ///
    /// - Parameter body: called with consecutive pieces, which are valid during the call only.
    /// - Complexity: O(D²), with memory for `rowsAtATime` rows.
    public func forEachPackedGram<E: Error>(
        rowsAtATime: Int = 64, _ body: (UnsafeBufferPointer<Double>) throws(E) -> Void
    ) throws(E) {
        let height = max(1, rowsAtATime)
        var piece = [Double](repeating: 0, count: height * dimension)
        for first in stride(from: 0, to: dimension, by: height) {
            let end = min(first + height, dimension)
            // Column by column, as the triangle is stored; `offset` is where row `first` starts in the piece.
            for column in 0..<end {
                let source = gram + column * lead
                for row in max(first, column)..<end {
                    piece[Self.packedOffset(row) - Self.packedOffset(first) + column] = source[row]
                }
            }
            let count = Self.packedOffset(end) - Self.packedOffset(first)
            try piece.withUnsafeBufferPointer { (buffer) throws(E) in
                try body(UnsafeBufferPointer(rebasing: buffer[0..<count]))
            }
        }
    }

    /// Sets G from its packed lower triangle, in the order of `forEachPackedGram`.
    ///
    /// - Precondition: the buffer holds `packedCount` elements.
    public mutating func setGram(packedLower elements: UnsafeBufferPointer<Double>) {
        precondition(elements.count == packedCount, "a packed triangle of another size")
        clearGramRest()
        let height = 64
        for first in stride(from: 0, to: dimension, by: height) {
            let end = min(first + height, dimension)
            for column in 0..<end {
                let target = gram + column * lead
                for row in max(first, column)..<end {
                    target[row] = elements[Self.packedOffset(row) + column]
                }
            }
        }
    }

    /// Sets G's lower triangle element by element.
    ///
    /// - Parameter element: returns G(row, column) with row ≥ column.
    public mutating func setGram(_ element: (Int, Int) -> Double) {
        clearGramRest()
        for column in 0..<dimension {
            for row in column..<dimension { gram[row + column * lead] = element(row, column) }
        }
    }

    /// A pair with the same G and what its sums have lost; R is zero.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D²).
    public func copyOfGram() throws(LinearAlgebraError) -> SymmetricPair {
        var copy = try SymmetricPair(dimension: dimension)
        copy.addToGram(gramOf: self)
        return copy
    }

    /// G ← G + another pair's, including what its sums have lost.
    ///
    /// - Precondition: this pair's sums have lost nothing: they have been set, not added to.
    public mutating func addToGram(gramOf other: borrowing SymmetricPair) {
        precondition(other.dimension == dimension, "matrices of different order")
        takeGramRest(of: other)
        for column in 0..<dimension {
            let (source, target) = (other.gram + column * lead, gram + column * lead)
            for row in column..<dimension { target[row] += source[row] }
        }
    }

    /// G ← 0.
    public mutating func clearGram() {
        clearGramRest()
        for column in 0..<dimension { (gram + column * lead + column).update(repeating: 0, count: dimension - column) }
    }

    static func packedOffset(_ row: Int) -> Int { row * (row + 1) / 2 }
}
