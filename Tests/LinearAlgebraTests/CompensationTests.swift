import Testing

@testable import LinearAlgebra

/// What sums keep of their rounding errors, and residuals beyond working precision.
@Suite struct CompensationTests {
    @Test func aSumOfManyTerms_isOneRoundingOff() {
        var generator = SplitMix64(state: 1)
        var (sum, rest, plain) = (0.0, 0.0, 0.0)
        var exact = DoubleDouble()
        for _ in 0..<100_000 {
            let term = Double.random(in: 0...1, using: &generator)
            CompensatedKernel.add(term, to: &sum, &rest)
            plain += term
            exact.add(term)
            #expect(abs(rest) <= sum.ulp / 2)
        }
        #expect(sum == exact.value)
        #expect(plain != exact.value, "the terms lose nothing: the test shows nothing")
    }

    @Test(arguments: [1, 2, 127, 128, 129, 255, 256, 257, 300, 600])
    func gram_isThatOfExactSums_andNothingAboveTheDiagonalChanges(dimension: Int) throws {
        var generator = SplitMix64(state: UInt64(dimension))
        for threads in [1, 2] {
            try ComputeThreads.$countInTask.withValue(threads) {
                var pair = try SymmetricPair(dimension: dimension)
                pair.resetInverse(ridge: 0.25)
                var exact = [DoubleDouble](repeating: DoubleDouble(), count: dimension * dimension)
                for (columns, sign) in [(20, 1.0), (3, 1), (1, 1), (17, 1), (2, -1)] {
                    let block = try randomMatrix(dimension, columns, &generator)
                    pair.addToGram(block, times: sign)
                    for i in 0..<dimension where i % 7 == 0 || i > dimension - 4 {
                        for j in 0...i {
                            for column in 0..<columns {
                                exact[i * dimension + j].add(sign * block[i, column], times: block[j, column])
                            }
                        }
                    }
                }
                for i in 0..<dimension where i % 7 == 0 || i > dimension - 4 {
                    for j in 0...i {
                        // Within a block dgemm rounds products and their sums: 20 terms of at most 1.
                        let (value, sum) = (pair.gramElement(i, j), exact[i * dimension + j].value)
                        #expect(abs(value - sum) <= 200 * 0x1p-53, "\(i), \(j)")
                    }
                    for j in (i + 1)..<dimension { #expect(pair.inverseElement(i, j) == 0) }
                    #expect(pair.inverseElement(i, i) == 4)
                }
            }
        }
    }

    /// More components than are handled at once, and only a part of them.
    @Test(arguments: [1, 2, 3, 4, 5, 9], [1.0, -1.0]) func rowsOfAClass_areAddedWithWhatTheyLose(count: Int, factor: Double) throws {
        let (width, components) = (1100, 16..<1050)
        var generator = SplitMix64(state: UInt64(count))
        let values = (0..<(12 * width)).map { _ in Double.random(in: -1...1, using: &generator) }
        let rows = (0..<12).shuffled(using: &generator)[1..<(1 + count)]
        var sums = [Double](repeating: 1e6, count: 3 * width)
        var rests = [Double](repeating: 0, count: 3 * width)
        values.withUnsafeBufferPointer { values in
            sums.withUnsafeMutableBufferPointer { sums in
                rests.withUnsafeMutableBufferPointer { rests in
                    CompensatedKernel.add(
                        rows: rows, of: values, width: width, components: components, times: factor, to: sums, rests, at: width)
                }
            }
        }
        for index in sums.indices {
            let component = index - width
            guard components.contains(component) else {
                #expect(sums[index] == 1e6 && rests[index] == 0)
                continue
            }
            var exact = DoubleDouble()
            exact.add(1e6)
            for row in rows { exact.add(factor * values[row * width + component]) }
            #expect(abs(sums[index] - exact.value) <= exact.value.ulp)
            // Sum and rest together are exact up to what four rows lose among themselves.
            exact.add(-sums[index])
            exact.add(-rests[index])
            #expect(abs(exact.value) < 1e-14)
        }
    }

    @Test func gramOfManyBlocks_isOneRoundingOff() throws {
        let dimension = 70
        var generator = SplitMix64(state: 5)
        var pair = try SymmetricPair(dimension: dimension)
        var plain = try Matrix(rows: dimension, columns: dimension)
        var exact = [DoubleDouble](repeating: DoubleDouble(), count: dimension * dimension)
        for _ in 0..<2000 {
            // Few bits, so that products and their sums within a block are exact.
            var block = try randomMatrix(dimension, 3, &generator)
            block.withMutableElements { for i in $0.indices { $0[i] = ($0[i] * 0x1p24).rounded() * 0x1p-24 } }
            pair.addToGram(block)
            plain.addLowerProduct(block)
            for i in 0..<dimension {
                for j in 0...i {
                    exact[i * dimension + j].add(block[i, 0] * block[j, 0] + block[i, 1] * block[j, 1] + block[i, 2] * block[j, 2])
                }
            }
        }
        var plainDiffers = false
        for i in 0..<dimension {
            for j in 0...i {
                #expect(pair.gramElement(i, j) == exact[i * dimension + j].value)
                plainDiffers = plainDiffers || plain[i, j] != exact[i * dimension + j].value
            }
        }
        #expect(plainDiffers, "plain sums lose nothing: the test shows nothing")
    }

    @Test func settingGram_forgetsWhatItsSumsHadLost() throws {
        var generator = SplitMix64(state: 6)
        var pair = try SymmetricPair(dimension: 5)
        var large = try randomMatrix(5, 8, &generator)
        large.scale(by: 1e8)
        pair.addToGram(large)
        pair.addToGram(try randomMatrix(5, 8, &generator))
        let zeros = [Double](repeating: 0, count: 15)
        zeros.withUnsafeBufferPointer { pair.setGram(packedLower: $0) }
        let small = try randomMatrix(5, 1, &generator)
        pair.addToGram(small)
        for i in 0..<5 { for j in 0...i { #expect(pair.gramElement(i, j) == small[i, 0] * small[j, 0]) } }
    }

    @Test(arguments: [1, 5, 100, 128, 129, 300, 1100]) func residual_hasDigitsThatWorkingPrecisionLacks(dimension: Int) throws {
        var generator = SplitMix64(state: UInt64(dimension))
        // Features of a third of the rank, and a ridge far below: the residual of weights that solve this is only rounding.
        let rank = max(1, dimension / 3)
        let mixing = try randomMatrix(dimension, rank, &generator)
        var rows = try Matrix(rows: dimension, columns: 2 * dimension + 2)
        rows.multiply(mixing, by: try randomMatrix(rank, 2 * dimension + 2, &generator))
        rows.scale(by: 1000)
        var pair = try SymmetricPair(dimension: dimension)
        pair.addToGram(rows)
        let classes = 3
        var crossMoment = try Matrix(rows: dimension, columns: classes)
        crossMoment.multiply(rows, columns: 0..<classes, by: try randomMatrix(classes, classes, &generator))
        var rest = try randomMatrix(dimension, classes, &generator)
        rest.scale(by: 1e-14)
        let ridge = 1e-3
        var weights = try crossMoment.copied()
        do { try pair.solve(ridge: ridge, weights: &weights) } catch {
            try weights.copy(from: crossMoment)
            try pair.solveBySpectrum(ridge: ridge, weights: &weights)
        }
        let residual = try pair.residual(of: weights, ridge: ridge, crossMoment: crossMoment, rest: rest)
        var largestSum = 0.0
        for i in stride(from: 0, to: dimension, by: max(1, dimension / 40)) {
            for column in 0..<classes {
                var exact = DoubleDouble()
                var size = 0.0
                exact.add(crossMoment[i, column])
                exact.add(rest[i, column])
                exact.add(-ridge, times: weights[i, column])
                for k in 0..<dimension {
                    exact.add(-pair.gramElement(i, k), times: weights[k, column])
                    if dimension <= 1024 { exact.add(-pair.gramRest(max(i, k), min(i, k)), times: weights[k, column]) }
                    size += abs(pair.gramElement(i, k) * weights[k, column])
                }
                largestSum = max(largestSum, size)
                // A hundred-thousandth of a rounding of what was summed.
                #expect(abs(residual[i, column] - exact.value) <= 1e-5 * Double.ulpOfOne * max(size, largestSum))
            }
        }
    }
}

extension SymmetricPair {
    /// What the sum in G(row, column), row ≥ column, has lost.
    func gramRest(_ row: Int, _ column: Int) -> Double {
        gramRest.withElements { $0[row + FoldedTriangle.origin(ofColumn: column, order: dimension)] }
    }
}
