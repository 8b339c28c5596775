import Testing

@testable import LinearAlgebra

@Suite struct NormalEquationsTests {
    private func gram(of rows: borrowing Matrix) throws -> SymmetricPair {
        var pair = try SymmetricPair(dimension: rows.rows)
        pair.addToGram(rows)
        return pair
    }

    @Test(arguments: [1, 2, 31, 33, 70]) func solve_agreesWithTheModelsOwn(dimension: Int) throws {
        var generator = SplitMix64(state: UInt64(dimension))
        var pair = try gram(of: try randomMatrix(dimension, 2 * dimension, &generator))
        let extra = try randomMatrix(dimension, 5, &generator)
        let right = try randomMatrix(dimension, 3, &generator)
        var normal = try NormalEquations(gramOf: pair)
        normal.add(extra, columns: 1..<4, times: 0.5)
        pair.addToGram(extra, columns: 1..<4, times: 0.5)
        var mine = try right.copied()
        var theirs = try right.copied()
        let solution = try normal.solve(ridge: 0.3, &mine)
        try pair.solve(ridge: 0.3, weights: &theirs)
        #expect(!solution.isTruncated && solution.conditionEstimate >= 1)
        mine.add(theirs, times: -1)
        #expect(mine.frobeniusNorm < 1e-10 * theirs.frobeniusNorm)
        // The matrix can still be read, and copied back.
        #expect(abs(normal.trace - pair.gramTrace) < 1e-12 * pair.gramTrace)
        var copy = try SymmetricPair(dimension: dimension)
        copy.setGram(normal)
        for row in 0..<dimension {
            for column in 0..<dimension {
                #expect(copy.gramElement(row, column) == normal[row, column])
                #expect(abs(copy.gramElement(row, column) - pair.gramElement(row, column)) < 1e-12 * Double(dimension))
            }
        }
    }

    @Test func solve_ofASingularMatrix_dropsWhatCannotBeInverted() throws {
        var generator = SplitMix64(state: 5)
        let rows = try randomMatrix(30, 8, &generator)
        let pair = try gram(of: rows)
        var right = try Matrix(rows: 30, columns: 1)
        right.multiply(rows, by: try randomMatrix(8, 1, &generator))
        var normal = try NormalEquations(gramOf: pair)
        var solved = try right.copied()
        let solution = try normal.solve(ridge: 1e-300, &solved)
        #expect(solution.isTruncated && solution.conditionEstimate == .infinity && solution.curingRidge > 0)
        var product = try Matrix(rows: 30, columns: 1)
        try pair.multiplyGram(solved, into: &product)
        product.add(right, times: -1)
        #expect(product.frobeniusNorm < 1e-10 * right.frobeniusNorm)
    }

    @Test func solve_ofWhatIsNotFinite_throws() throws {
        var generator = SplitMix64(state: 6)
        let pair = try gram(of: try randomMatrix(9, 20, &generator))
        var normal = try NormalEquations(gramOf: pair)
        normal.scale(by: .infinity)
        var right = try randomMatrix(9, 2, &generator)
        #expect(throws: LinearAlgebraError.self) { try normal.solve(ridge: 1, &right) }
    }

    @Test func rowsThatWereNeverAdded_leaveNoGramMatrix() throws {
        var generator = SplitMix64(state: 7)
        let rows = try randomMatrix(20, 6, &generator)
        let pair = try gram(of: rows)
        var without = try NormalEquations(gramOf: pair)
        without.add(rows, columns: 0..<2, times: -1)
        let isStillOne = (try? without.factoredInverseNorm(shift: 0.01)) != nil
        #expect(isStillOne)
        var stranger = try NormalEquations(gramOf: pair)
        stranger.add(try randomMatrix(20, 1, &generator), times: -1)
        let isNone = (try? stranger.factoredInverseNorm(shift: 0.01)) == nil
        #expect(isNone)
    }

    @Test(arguments: [1, 2, 3, 4, 31, 64, 65]) func packedMatrix_sumsAndRoundTrips(dimension: Int) throws {
        var generator = SplitMix64(state: UInt64(dimension) + 100)
        let rows = try randomMatrix(dimension, 7, &generator)
        var packed = try PackedSymmetric(dimension: dimension)
        packed.add(rows)
        packed.add(rows, columns: 2..<3, times: -0.5)
        var reference = try SymmetricPair(dimension: dimension)
        reference.addToGram(rows)
        reference.addToGram(rows, columns: 2..<3, times: -0.5)
        for row in 0..<dimension {
            for column in 0..<dimension { #expect(abs(packed[row, column] - reference.gramElement(row, column)) < 1e-13) }
        }
        var normal = try NormalEquations(gramOf: reference)
        normal.add(packed, times: 2)
        for row in 0..<dimension {
            for column in 0...row { #expect(abs(normal[row, column] - 3 * packed[row, column]) < 1e-12) }
        }
        var elements: [Double] = []
        packed.forEachPacked(rowsAtATime: 5) { elements.append(contentsOf: $0) }
        #expect(elements.count == packed.count)
        var again = try PackedSymmetric(dimension: dimension)
        elements.withUnsafeBufferPointer { again.add(packedLower: $0) }
        var repeated: [Double] = []
        again.forEachPacked { repeated.append(contentsOf: $0) }
        #expect(repeated == elements)
        again.clear()
        #expect(again[dimension - 1, 0] == 0)
        // Packed like the model's own triangle.
        var other = try SymmetricPair(dimension: dimension)
        elements.withUnsafeBufferPointer { other.setGram(packedLower: $0) }
        #expect(other.gramElement(dimension - 1, 0) == packed[dimension - 1, 0])
    }

    @Test func eigensolver_takesAnyOrderUpToItsLargest() throws {
        var generator = SplitMix64(state: 8)
        var solver = try SymmetricEigensolver(largestOrder: 40)
        for order in [1, 2, 7, 26, 40] {
            let rows = try randomMatrix(order, 50, &generator)
            let gram = try NormalEquations(gramOf: try gram(of: rows))
            var vectors = try Matrix(rows: order, columns: order)
            for row in 0..<order { for column in 0..<order { vectors[row, column] = gram[row, column] } }
            try solver.decompose(&vectors)
            var product = try Matrix(rows: order, columns: order)
            try gram.multiply(vectors, into: &product)
            for column in 0..<order {
                if column > 0 { #expect(solver.values[column] >= solver.values[column - 1]) }
                for row in 0..<order { #expect(abs(product[row, column] - solver.values[column] * vectors[row, column]) < 1e-11) }
            }
        }
    }

    @Test func aCholeskyFactor_solvesBothWays() throws {
        var generator = SplitMix64(state: 9)
        let gram = try NormalEquations(gramOf: try gram(of: try randomMatrix(25, 60, &generator)))
        var factor = try Matrix(rows: 25, columns: 25)
        for row in 0..<25 { for column in 0..<25 { factor[row, column] = gram[row, column] } }
        try factor.factorCholesky()
        let right = try randomMatrix(25, 3, &generator)
        var solved = try right.copied()
        solved.solve(cholesky: factor)
        var product = try Matrix(rows: 25, columns: 3)
        try gram.multiply(solved, into: &product)
        product.add(right, times: -1)
        #expect(product.frobeniusNorm < 1e-10)
    }
}
