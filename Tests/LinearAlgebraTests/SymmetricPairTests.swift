import Testing

@testable import LinearAlgebra

/// A small generator with a fixed seed, so that failures are reproducible.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

func randomMatrix(_ rows: Int, _ columns: Int, _ generator: inout SplitMix64) throws -> Matrix {
    var matrix = try Matrix(rows: rows, columns: columns)
    for column in 0..<columns { for row in 0..<rows { matrix[row, column] = Double.random(in: -1...1, using: &generator) } }
    return matrix
}

@Suite struct SymmetricPairTests {
    @Test(arguments: [1, 2, 3, 31, 32, 33, 64, 65, 100]) func solve_leavesGramAlone_andInvertsIt(dimension: Int) throws {
        var generator = SplitMix64(state: UInt64(dimension))
        let rows = try randomMatrix(dimension, 3 * dimension, &generator)
        var pair = try SymmetricPair(dimension: dimension)
        pair.addToGram(rows)
        let rightHandSide = try randomMatrix(dimension, 4, &generator)
        var weights = try Matrix(rows: dimension, columns: 4)
        try weights.copy(from: rightHandSide)
        try pair.solve(ridge: 0.5, weights: &weights)
        // Against sums written out here.
        for i in 0..<dimension {
            for j in 0..<dimension {
                var gram = 0.0
                for row in 0..<(3 * dimension) { gram += rows[i, row] * rows[j, row] }
                #expect(abs(pair.gramElement(i, j) - gram) < 1e-12 * Double(dimension))
                var identity = 0.5 * pair.inverseElement(i, j)
                for k in 0..<dimension { identity += pair.gramElement(i, k) * pair.inverseElement(k, j) }
                #expect(abs(identity - (i == j ? 1 : 0)) < 1e-9)
            }
            for column in 0..<4 {
                var product = 0.5 * weights[i, column]
                for k in 0..<dimension { product += pair.gramElement(i, k) * weights[k, column] }
                #expect(abs(product - rightHandSide[i, column]) < 1e-9)
            }
        }
    }

    @Test func spectralSolve_agreesWithCholesky_whereBothWork() throws {
        var generator = SplitMix64(state: 7)
        var pair = try SymmetricPair(dimension: 40)
        pair.addToGram(try randomMatrix(40, 90, &generator))
        let rightHandSide = try randomMatrix(40, 3, &generator)
        var first = try Matrix(rows: 40, columns: 3)
        try first.copy(from: rightHandSide)
        try pair.solve(ridge: 0.1, weights: &first)
        let corner = pair.inverseElement(0, 39)
        var second = try Matrix(rows: 40, columns: 3)
        try second.copy(from: rightHandSide)
        try pair.solveBySpectrum(ridge: 0.1, weights: &second)
        second.add(first, times: -1)
        #expect(second.frobeniusNorm < 1e-10 * first.frobeniusNorm)
        #expect(abs(pair.inverseElement(0, 39) - corner) < 1e-10)
    }

    @Test func spectralSolve_dropsWhatCannotBeInverted() throws {
        var pair = try SymmetricPair(dimension: 3)
        var row = try Matrix(rows: 3, columns: 1)
        row[0, 0] = 1e8
        pair.addToGram(row)
        var weights = try Matrix(rows: 3, columns: 1)
        weights[0, 0] = 1e8
        try pair.solveBySpectrum(ridge: 1e-9, weights: &weights)
        #expect(abs(weights[0, 0] - 1e-8) < 1e-20)
        #expect(weights[1, 0] == 0 && weights[2, 0] == 0)
        #expect(pair.inverseElement(1, 1) == 0)
    }

    @Test func solve_ofAnIndefiniteMatrix_throws() throws {
        var pair = try SymmetricPair(dimension: 4)
        var row = try Matrix(rows: 4, columns: 1)
        row[0, 0] = 2
        pair.addToGram(row, times: -1)
        var weights = try Matrix(rows: 4, columns: 1)
        #expect(throws: LinearAlgebraError.notPositiveDefinite) { try pair.solve(ridge: 1, weights: &weights) }
    }

    @Test func rankUpdates_touchOnlyTheirOwnTriangle() throws {
        var generator = SplitMix64(state: 3)
        let a = try randomMatrix(37, 5, &generator)
        var pair = try SymmetricPair(dimension: 37)
        pair.resetInverse(ridge: 0.25)
        pair.addToGram(a, columns: 1..<4)
        for i in 0..<37 { for j in 0...i { #expect(pair.inverseElement(i, j) == (i == j ? 4 : 0)) } }
        let gram = pair.gramElement(36, 2)
        let nothing = try Matrix(rows: 37, columns: 5)
        pair.learn(a, nothing, columns: 0..<5)
        #expect(pair.gramElement(36, 2) == gram)
        var expected = 4.0
        for k in 0..<5 { expected -= a[9, k] * a[9, k] }
        #expect(abs(pair.inverseElement(9, 9) - expected) < 1e-14)
        pair.unlearn(a, nothing)
        #expect(pair.gramElement(36, 2) == gram)
        #expect(abs(pair.inverseElement(9, 9) - 4) < 1e-14)
    }

    /// On both sides of the largest order with compensated sums; threads take whole matrices or shares of both.
    @Test(arguments: [1, 2, 3, 4, 5], [90, 700, 1060]) func updatesOfBoth_areThoseOfEach(threads: Int, dimension: Int) throws {
        var generator = SplitMix64(state: UInt64(dimension))
        let t = try randomMatrix(dimension, 40, &generator)
        let h = try randomMatrix(dimension, 40, &generator)
        var pair = try SymmetricPair(dimension: dimension)
        pair.resetInverse(ridge: 0.25)
        var calls = [0, 0, 0]
        func part(of matrix: borrowing Matrix, _ range: Range<Int>) throws -> Matrix {
            var part = try Matrix(rows: dimension, columns: range.count)
            for (column, source) in range.enumerated() {
                for row in 0..<dimension { part[row, column] = matrix[row, source] }
            }
            return part
        }
        let alone = try part(of: h, 0..<5)
        let beside = try part(of: h, 5..<12)
        let further = try part(of: t, 38..<40)
        ComputeThreads.$countInTask.withValue(threads) {
            pair.learn(t, h, columns: 12..<38)
            pair.addToGram(alone, besideChains: 1) { _ in calls[0] += 1 }
            calls.withUnsafeMutableBufferPointer { calls in
                // Proof: each chain has an element of its own.
                nonisolated(unsafe) let calls = calls
                pair.addToGram(beside, besideChains: 2) { calls[1 + $0] += 1 }
            }
            pair.subtractFromInverse(further)
        }
        #expect(calls == [1, 1, 1])
        // Some whole rows of the triangle, a tile's border among them.
        var worst = 0.0
        for row in [0, 1, 63, 64, 70, dimension / 2, dimension - 1] {
            for column in 0...row {
                var (inverse, gram) = (row == column ? 4.0 : 0, 0.0)
                for k in 0..<40 {
                    if k >= 12 { inverse -= t[row, k] * t[column, k] }
                    if k < 38 { gram += h[row, k] * h[column, k] }
                }
                worst = max(worst, abs(pair.inverseElement(row, column) - inverse), abs(pair.gramElement(row, column) - gram))
            }
        }
        #expect(worst < 1e-12)
    }

    /// Kernels load and store whole cache lines; a column that starts within one costs twice as many.
    @Test(arguments: [1, 7, 8, 9, 500, 504]) func columns_startWithALine(dimension: Int) throws {
        let pair = try SymmetricPair(dimension: dimension)
        for start in [pair.inverse, pair.inverse + pair.lead, pair.gram, pair.gram + pair.lead] {
            #expect(UInt(bitPattern: start) % 64 == 0)
        }
        #expect(SymmetricPair.bytes(dimension: dimension).map { $0 <= (dimension + 16) * dimension * 8 } == true)
    }

    @Test(arguments: [1, 2, 5, 63, 64, 65, 130]) func packedGram_roundTrips(dimension: Int) throws {
        var generator = SplitMix64(state: 11)
        var pair = try SymmetricPair(dimension: dimension)
        pair.addToGram(try randomMatrix(dimension, 7, &generator))
        var packed: [Double] = []
        pair.forEachPackedGram(rowsAtATime: 10) { packed.append(contentsOf: $0) }
        #expect(packed.count == pair.packedCount)
        var index = 0
        for row in 0..<dimension {
            for column in 0...row {
                #expect(packed[index] == pair.gramElement(row, column))
                index += 1
            }
        }
        var other = try SymmetricPair(dimension: dimension)
        packed.withUnsafeBufferPointer { other.setGram(packedLower: $0) }
        for row in 0..<dimension { for column in 0...row { #expect(other.gramElement(row, column) == pair.gramElement(row, column)) } }
    }
}

@Suite struct MatrixTests {
    @Test func view_readsElementsWhereTheyLie_andLeavesThemToTheirOwner() {
        let elements = [1.0, 2, 3, 4, 5, 6]
        elements.withUnsafeBufferPointer { elements in
            Matrix.withView(of: elements, rows: 2) { view in
                #expect(view.rows == 2 && view.columns == 3)
                #expect(view[1, 2] == 6 && view[0, 1] == 3)
                view.withElements { #expect($0.baseAddress == elements.baseAddress) }
            }
        }
        #expect(elements == [1, 2, 3, 4, 5, 6])
    }

    @Test func viewOfNothing_hasNoColumns() {
        Matrix.withView(of: UnsafeBufferPointer(start: nil, count: 0), rows: 3) { view in
            #expect(view.rows == 3 && view.columns == 0)
        }
    }

    @Test func growing_keepsValues_andZeroesNewColumns() throws {
        var generator = SplitMix64(state: 5)
        var matrix = try randomMatrix(6, 2, &generator)
        let corner = matrix[5, 1]
        for columns in 3...40 { try matrix.setColumns(columns) }
        #expect(matrix[5, 1] == corner)
        #expect(matrix[5, 39] == 0)
        try matrix.setColumns(1)
        try matrix.setColumns(2)
        #expect(matrix[5, 1] == 0)
    }

    @Test func product_ofColumnRanges_equalsSums() throws {
        var generator = SplitMix64(state: 6)
        let a = try randomMatrix(5, 7, &generator)
        let b = try randomMatrix(5, 3, &generator)
        var c = try Matrix(rows: 4, columns: 2)
        c.fill(1)
        c.multiply(a, columns: 2..<6, transposed: true, by: b, columns: 1..<3, alpha: 2, beta: 3)
        for i in 0..<4 {
            for j in 0..<2 {
                var sum = 0.0
                for k in 0..<5 { sum += a[k, i + 2] * b[k, j + 1] }
                #expect(abs(c[i, j] - (3 + 2 * sum)) < 1e-14)
            }
        }
    }

    @Test func cholesky_ofNaN_isRefused() throws {
        var matrix = try Matrix(rows: 2, columns: 2)
        matrix[0, 0] = .nan
        matrix[1, 1] = 1
        #expect(throws: LinearAlgebraError.notPositiveDefinite) { try matrix.factorCholesky() }
    }

    @Test func finiteness_isSeen() throws {
        var matrix = try Matrix(rows: 9, columns: 9)
        var finite = [matrix.isFinite]
        matrix[8, 8] = .infinity
        finite.append(matrix.isFinite)
        matrix[8, 8] = .nan
        finite.append(matrix.isFinite)
        #expect(finite == [true, false, false])
    }

    @Test func aSizeThatOverflows_isRefused() {
        #expect(Matrix.bytes(rows: .max, columns: 2) == nil)
        #expect(SymmetricPair.bytes(dimension: .max) == nil)
        #expect(throws: LinearAlgebraError.self) { _ = try SymmetricPair(dimension: 1 << 40) }
    }
}

@Suite struct BLASLibraryTests {
    @Test func theLoadedLibrary_saysWhoItIs() {
        let library = BLASLibrary.current
        #expect(!library.description.isEmpty)
        #expect(library.threadCount >= 1)
    }
}
